"""Requests to S3 are signed as Amazon's own example is, and as somebody else's check wants them."""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.delivery import aws_signature
from appliance.delivery.aws_signature import Keys
from appliance.delivery.exchange import Exchange, Trust
from appliance.delivery.object_store import ObjectStore, Shelf
from appliance.domain.destinations import Destination
from tests.peers.receivers import OK, Reply, Request, receiving, refuse

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", SECRET, "us-east-1")


def test_the_example_of_amazon_comes_out_as_printed():
    """Amazon S3 API reference, "Signature Calculations for the Authorization Header"."""
    headers = {
        "Date": "Fri, 24 May 2013 00:00:00 GMT",
        "Host": "examplebucket.s3.amazonaws.com",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    signed = aws_signature.sign(
        "PUT",
        aws_signature.path_of("/test$file.text"),
        headers,
        b"Welcome to Amazon S3.",
        keys=KEYS,
        moment=datetime(2013, 5, 24, tzinfo=UTC),
    )

    assert signed["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
        "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )


class Bucket:
    """A store that checks signatures and body by itself, from what came over the wire."""

    def __init__(self) -> None:
        self.objects: dict[str, Request] = {}

    def __call__(self, request: Request) -> Reply:
        if not self._is_signed(request) or not self._is_whole(request):
            return refuse(403)
        self.objects[urllib.parse.unquote(request.path)] = request
        return OK

    def _is_whole(self, request: Request) -> bool:
        return request.headers["x-amz-content-sha256"] == hashlib.sha256(request.body).hexdigest()

    def _is_signed(self, request: Request) -> bool:
        kind, _, rest = request.headers["authorization"].partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        access, day, region, service, end = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        must_be_signed = {"host", "x-amz-date", "x-amz-content-sha256"} | {
            name for name in request.headers if name.startswith("x-amz-")
        }
        if kind != "AWS4-HMAC-SHA256" or access != KEYS.access or names != sorted(names):
            return False
        if not must_be_signed <= set(names):
            return False
        canonical = [request.method, request.path, ""]
        canonical += [f"{name}:{request.headers[name].strip()}" for name in names]
        canonical += ["", ";".join(names), request.headers["x-amz-content-sha256"]]
        hashed = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        date = request.headers["x-amz-date"]
        text = f"{kind}\n{date}\n{day}/{region}/{service}/{end}\n{hashed}"
        key = ("AWS4" + SECRET).encode()
        for word in (day, region, service, end, text):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        return date.startswith(day) and key.hex() == parts["Signature"]


def batch(body: bytes = b"lines\n", **fields: Any) -> Any:
    message = SimpleNamespace(media_type="application/x-ndjson", suffix="jsonl", body=body)
    return SimpleNamespace(
        **{"log": "instance", "first": 0, "last": 41, "message": message} | fields
    )


def store(url: str, **shelf: Any) -> ObjectStore:
    parts = urllib.parse.urlsplit(url)
    place = Destination(url, parts.scheme, "127.0.0.1", parts.port or 80, ("127.0.0.1",))
    keys = shelf.pop("keys", KEYS)
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return ObjectStore(Exchange(place, Trust(), 5), Shelf(keys, **shelf), lambda: moment)


def test_a_batch_is_an_object_that_is_locked():
    bucket = Bucket()
    with receiving(bucket) as receiver:
        target = store(f"{receiver.url}/logs", lock_mode="COMPLIANCE", lock_days=365)
        target.send(batch())
        target.send(batch())

    assert list(bucket.objects) == ["/logs/instance/000000000000-000000000041.jsonl"]
    (request,) = bucket.objects.values()
    assert request.headers["x-amz-object-lock-mode"] == "COMPLIANCE"
    assert request.headers["x-amz-object-lock-retain-until-date"] == "2027-11-20T12:00:00Z"
    assert request.headers["content-md5"]
    assert request.body == b"lines\n"


@pytest.mark.parametrize("prefix", ["a b", "é/漢", "plus+and&=", "/slashes/"])
def test_any_prefix_is_signed_as_it_is_sent(prefix):
    bucket = Bucket()
    with receiving(bucket) as receiver:
        store(f"{receiver.url}/logs", prefix=prefix).send(batch())

    (path,) = bucket.objects
    assert path == f"/logs/{prefix.strip('/')}/instance/000000000000-000000000041.jsonl"
    (request,) = bucket.objects.values()
    assert not [name for name in request.headers if "lock" in name]


def test_with_another_key_nothing_is_taken():
    bucket = Bucket()
    other = Keys(KEYS.access, "another", KEYS.region)
    with receiving(bucket) as receiver, pytest.raises(Exception, match="403"):
        store(f"{receiver.url}/logs", keys=other).send(batch())

    assert bucket.objects == {}
