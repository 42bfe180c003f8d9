"""To a bucket of S3 or its like, each batch as an object that nobody may change for some time.

An object's name follows from its content, so a batch that is sent twice is one object (of two
versions, where the bucket keeps versions). Source: Amazon S3 API reference, PutObject.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.delivery import aws_signature
from appliance.delivery.exchange import Exchange
from appliance.delivery.target import Batch
from appliance.domain.destinations import Destination


@dataclass(frozen=True)
class Shelf:
    """Where in a bucket, and for how long it must stay."""

    keys: aws_signature.Keys
    prefix: str = ""
    lock_mode: str = ""
    """GOVERNANCE or COMPLIANCE; empty: the bucket's own rule counts."""
    lock_days: int = 0


class ObjectStore:
    """A bucket; the address of the exchange ends with its name."""

    def __init__(self, exchange: Exchange, shelf: Shelf, now: Callable[[], datetime]) -> None:
        self._exchange, self._shelf, self._now = exchange, shelf, now

    def send(self, batch: Batch) -> None:
        """Put it."""
        message = batch.message
        moment = self._now()
        headers = {
            "host": _host(self._exchange.place),
            "content-type": message.media_type,
            "content-md5": _base64(hashlib.md5(message.body, usedforsecurity=False).digest()),
            "x-amz-checksum-sha256": _base64(hashlib.sha256(message.body).digest()),
            **self._lock(moment),
        }
        path = self._exchange.place.path.rstrip("/") + aws_signature.path_of(
            f"/{_key(self._shelf.prefix, batch, message.suffix)}"
        )
        signed = aws_signature.sign(
            "PUT", path, headers, message.body, keys=self._shelf.keys, moment=moment
        )
        self._exchange.ask("PUT", path, headers=signed, body=message.body)

    def _lock(self, moment: datetime) -> dict[str, str]:
        if not self._shelf.lock_mode:
            return {}
        until = moment + timedelta(days=self._shelf.lock_days)
        return {
            "x-amz-object-lock-mode": self._shelf.lock_mode,
            "x-amz-object-lock-retain-until-date": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def beat(self) -> None:
        """Nothing: it hears of us when there is something."""

    def close(self) -> None:
        """Nothing: each batch has a connection of its own."""


def _key(prefix: str, batch: Batch, suffix: str) -> str:
    name = f"{batch.log}/{batch.first:012}-{batch.last:012}.{suffix}"
    return f"{prefix.strip('/')}/{name}" if prefix.strip("/") else name


def _host(place: Destination) -> str:
    shown = f"[{place.host}]" if ":" in place.host else place.host
    is_usual = (place.scheme, place.port) in {("https", 443), ("http", 80)}
    return shown if is_usual else f"{shown}:{place.port}"


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
