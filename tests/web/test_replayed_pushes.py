"""Certificates of pushes that somebody brings again, late or elsewhere, over the wire."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import time

import pytest
import requests
import sqlalchemy as sa

from appliance.db.pushes import Push
from appliance.domain.permissions import Role
from appliance.git import certificates
from appliance.services import protections, ssh_keys
from tests.signing import Signer
from tests.web.git_client import token
from tests.world import NOON

HERE, ELSEWHERE = "lab/notes", "lab/other"
NONE = "0" * 40
EMPTY_PACK = b"PACK" + (2).to_bytes(4, "big") + (0).to_bytes(4, "big")
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def remote(world, served, signer):
    """Where a writer pushes to; the same commit is in both repositories."""
    for path in (HERE, ELSEWHERE):
        world.repository(path)
    writer = world.user("writer", role=Role.WRITER, on=HERE)
    world.grant("writer", Role.WRITER, ELSEWHERE)
    world.user("owner", role=Role.OWNER, on=HERE)
    world.grant("owner", Role.OWNER, ELSEWHERE)
    with world.begin(world.actor("writer")) as work:
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
    signer.commit()
    secret = token(world, writer)
    for path in (HERE, ELSEWHERE):
        signer.git("push", "-q", served.remote(path, secret), "main", at=signer.copy)
    return lambda path: served.remote(path, secret)


def packet(line: bytes) -> bytes:
    return f"{len(line) + 4:04x}".encode() + line


def bring(url: str, text: bytes) -> bytes:
    """Push as a client would that has this certificate and no other; what the server says."""
    lines = [b"push-cert\0report-status\n", *text.splitlines(keepends=True), b"push-cert-end\n"]
    pack = EMPTY_PACK + hashlib.sha1(EMPTY_PACK, usedforsecurity=False).digest()
    answer = requests.post(
        f"{url}/git-receive-pack",
        data=b"".join(map(packet, lines)) + b"0000" + pack,
        headers={"Content-Type": "application/x-git-receive-pack-request"},
        timeout=60,
    )
    assert answer.status_code == 200
    return answer.content


def last(world) -> Push:
    return world.one(sa.select(Push).order_by(Push.id.desc()))


def stamped(world, signer, path: str, *, age: int) -> bytes:
    """A certificate for a new branch, with a nonce that the repository gave so many seconds ago."""
    seed = certificates.seed_of(world.wiring.git.nonce_key, world._repository(path).id)
    stamp = int(time.time()) - age
    mark = hmac.new(f".:{stamp}".encode(), seed.encode(), "sha1").hexdigest()
    head = signer.git("rev-parse", "HEAD", at=signer.copy).strip()
    text = (
        f"certificate version 0.1\npusher key {stamp} +0000\nnonce {stamp}-{mark}\n\n"
        f"{NONE} {head} refs/heads/topic\n"
    )
    file = signer.home / "certificate"
    file.write_text(text)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(signer.home / "key")]
    subprocess.run([*words, str(file)], check=True, capture_output=True)
    signature = file.with_suffix(".sig")
    whole = file.read_bytes() + signature.read_bytes()
    signature.unlink()
    return whole


def demand(world, path: str) -> None:
    with world.begin(world.actor("owner")) as work:
        protections.protect(
            work, path, protections.Rule("*", allow_delete=True, signed_push=True), now=NOON
        )


@pytest.mark.promise("P64")
@pytest.mark.parametrize(
    ("age", "of", "to", "finding"),
    [
        (0, HERE, HERE, "verified"),
        (certificates.SLOP_SECONDS + 60, HERE, HERE, "stale_nonce"),
        (0, ELSEWHERE, HERE, "stale_nonce"),
    ],
    ids=["fresh", "stale", "of another repository"],
)
def test_only_a_fresh_nonce_of_this_repository_counts(world, signer, remote, age, of, to, finding):
    text = stamped(world, signer, of, age=age)

    said = bring(remote(to), text)

    assert b"ok refs/heads/topic" in said
    assert last(world).certificate_finding == finding
    demand(world, to)
    signer.git("push", "-q", "--signed=true", remote(to), ":topic", at=signer.copy)
    again = bring(remote(to), stamped(world, signer, of, age=age + 30))
    assert (b"ok refs/heads/topic" in again) is (finding == "verified")


@pytest.mark.promise("P64")
def test_a_certificate_that_was_brought_before_counts_no_more(world, signer, remote):
    signer.git("push", "-q", "--signed=true", remote(HERE), "main:topic", at=signer.copy)
    first = last(world)
    assert first.certificate_finding == "verified"
    signer.git("push", "-q", remote(HERE), ":topic", at=signer.copy)

    assert b"ok refs/heads/topic" in bring(remote(HERE), first.certificate)
    assert last(world).certificate_finding == "stale_nonce"
    signer.git("push", "-q", remote(HERE), ":topic", at=signer.copy)
    demand(world, HERE)
    assert b"ng refs/heads/topic" in bring(remote(HERE), first.certificate)
