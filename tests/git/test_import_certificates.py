"""Sources over TLS: whose certificates count, and what is said where one does not."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.errors import UnavailableError
from appliance.git import mirroring
from appliance.git.imports import ImportLimits, fetch_all
from appliance.git.lfs import LfsStore
from appliance.git.lfs_imports import LfsSource, fetch_objects
from appliance.security import outgoing
from tests.certificates import Holder, make, root
from tests.peers.git_source import POINTER, Source

LIMITS = ImportLimits(seconds=60)
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("code.example")
PAST = datetime.now(UTC) - timedelta(days=1)
AUTHORITY, STRANGER = root("Authority"), root("Stranger")


def certificate(name=HERE, **words: Any):
    names = x509.SubjectAlternativeName([name]), False
    purposes = (ExtendedKeyUsageOID.SERVER_AUTH,)
    return make("source", extensions=(names,), purposes=purposes, **words)


SELF_SIGNED = certificate()
SHOWN = {
    "good": certificate(above=AUTHORITY),
    "unknown": certificate(above=STRANGER),
    "self-signed": SELF_SIGNED,
    "expired": certificate(above=AUTHORITY, end=PAST),
    "early": certificate(
        above=AUTHORITY, start=PAST + timedelta(days=9), end=PAST + timedelta(days=20)
    ),
    "other name": certificate(ELSEWHERE, above=AUTHORITY),
}
SAID = {
    "unknown": "from an authority that is not trusted here.*outgoing.authorities_file",
    "self-signed": "is self-signed.*outgoing.authorities_file",
    "expired": "has expired",
    "early": "is not valid yet",
    "other name": "is for another name",
}


@pytest.fixture
def serving(store, git, working_copy, tmp_path):
    """Serves a repository with a certificate; gives the source."""
    folder = store.create(UUID(int=1))
    git("push", "-q", folder, "main", "v1", at=working_copy)
    sources = []

    def serve(shown):
        file = tmp_path / "shown.pem"
        file.write_bytes(shown.pem + shown.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        sources.append(Source(folder, context))
        return sources[-1]

    yield serve
    for each in sources:
        each.close()


def believing(tmp_path, *holders: Holder):
    """Judges addresses, where these are believed beside the system's authorities."""
    file = tmp_path / "authorities.pem"
    file.write_bytes(b"".join(each.pem for each in holders))
    return partial(
        outgoing.judge,
        schemes=("https",),
        private_allowed=True,
        authorities_file=str(file) if holders else "",
    )


def silent(_step, _done, _total):
    """Nobody watches."""


@pytest.mark.parametrize("holder", [AUTHORITY, SELF_SIGNED])
def test_whom_the_file_names_is_believed_with_all_that_belongs_to_it(
    holder, serving, store, tmp_path
):
    source = serving(SHOWN["good"] if holder is AUTHORITY else SELF_SIGNED)
    judge = believing(tmp_path, holder)
    target, place = store.create(UUID(int=2)), judge(source.url)

    fetch_all(target, place, limits=LIMITS, progress=silent)
    lfs = LfsStore(tmp_path / "lfs", reserve_bytes=0)
    large = fetch_objects(LfsSource(place, judge), [POINTER], lfs, silent)

    seen = mirroring.remote(place, target, None)
    assert sorted(seen) == [b"refs/heads/main", b"refs/tags/v1"]
    assert mirroring.present(target) == seen
    assert (large.count, large.missing) == (1, ())


@pytest.mark.promise("P89")
@pytest.mark.parametrize("what", SAID)
def test_it_is_said_what_is_wrong_with_a_certificate(what, serving, store, tmp_path):
    place = believing(tmp_path, AUTHORITY)(serving(SHOWN[what]).url)
    target = store.create(UUID(int=2))

    with pytest.raises(UnavailableError, match=SAID[what]):
        fetch_all(target, place, limits=LIMITS, progress=silent)
    with pytest.raises(UnavailableError, match=SAID[what]):
        mirroring.remote(place, target, None)


def test_without_a_file_the_system_alone_decides(serving, store, tmp_path):
    place = believing(tmp_path)(serving(SHOWN["good"]).url)

    with pytest.raises(UnavailableError, match=SAID["unknown"]):
        fetch_all(store.create(UUID(int=2)), place, limits=LIMITS, progress=silent)


def test_a_file_that_is_not_there_is_told(serving, store, tmp_path):
    judge = partial(believing(tmp_path), authorities_file=str(tmp_path / "nothing.pem"))
    place = judge(serving(SHOWN["good"]).url)

    with pytest.raises(UnavailableError, match="file of trusted authorities cannot be read"):
        fetch_all(store.create(UUID(int=2)), place, limits=LIMITS, progress=silent)
