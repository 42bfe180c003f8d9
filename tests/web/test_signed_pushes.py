"""Signed pushes with real clients: what is verified, kept and recorded, and what does not count."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
import sqlalchemy as sa

from appliance.db.pushes import Push
from appliance.domain.permissions import Role
from appliance.domain.signatures import Finding
from appliance.git import certificates
from appliance.services import openpgp_keys, push_certificates, ssh_keys
from tests.signing import Signer
from tests.web.git_client import token
from tests.world import NOON

REPOSITORY = "lab/notes"
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def writer(world):
    world.repository(REPOSITORY)
    return world.user("writer", role=Role.WRITER, on=REPOSITORY)


@pytest.fixture
def remote(served, writer):
    return served.remote(REPOSITORY, token(served.world, writer))


def register(world, signer, form, who="writer"):
    with world.begin(world.actor(who)) as work:
        if form == "ssh":
            ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
        else:
            openpgp_keys.add(work, text=signer.pgp_key(), now=NOON)


def push(signer, remote, *words: str):
    return signer.git.try_("push", "--signed=true", remote, "main", *words, at=signer.copy)


def last(world):
    """The last push, and the body of its event."""
    pushed = world.one(sa.select(Push).order_by(Push.id.desc()))
    return pushed, world.recorded("git.pushed")[-1].body


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_a_signed_push_is_verified_kept_and_put_into_its_event(
    world, served, remote, writer, signer, form
):
    register(world, signer, form)
    head = signer.commit()

    done = push(signer, remote)

    assert done.status == 0, done.said
    assert "error" not in done.said
    kept, body = last(world)
    assert kept.certificate_finding == Finding.VERIFIED
    assert f"{'0' * 40} {head} refs/heads/main".encode() in kept.certificate
    assert kept.certificate_owner_id == writer.id
    assert body["signature"] == "verified"
    assert body["signer_id"] == str(writer.id)
    assert body["certificate_digest"] == hashlib.sha256(kept.certificate).hexdigest()
    assert ["refs/heads/main", "0" * 40, head, "moved"] in body["refs"]


def test_who_may_read_the_repository_is_shown_the_certificate(
    world, served, remote, writer, signer
):
    register(world, signer, "ssh")
    signer.commit()
    push(signer, remote)
    kept, body = last(world)
    place = f"/api/v1/repos/{REPOSITORY}/pushes/{kept.id}/certificate"
    world.user("reader", role=Role.READER, on=REPOSITORY)
    world.user("nobody")

    shown = world.client("reader").get(place).json

    assert (shown["verified"], shown["owner"], shown["pushed_by"]) == (True, "writer", "writer")
    assert shown["certificate"].encode() == kept.certificate
    assert shown["digest"] == body["certificate_digest"]
    assert world.client("nobody").get(place).status_code == 404
    assert (
        world.client("reader").get(place.replace(str(kept.id), str(writer.id))).status_code == 404
    )


def test_a_push_that_is_not_signed_has_nothing_of_it(world, served, remote, signer):
    signer.ssh_key()
    signer.commit()
    signer.git("push", "-q", remote, "main", at=signer.copy)

    kept, body = last(world)
    assert kept.certificate is None
    assert body.get("signature") is None


def test_a_key_that_nobody_registered_is_said_to_be_unknown(world, served, remote, signer):
    signer.ssh_key()
    signer.commit()

    assert push(signer, remote).status == 0
    assert last(world)[1]["signature"] == "unknown_key"


def test_somebody_elses_key_does_not_sign_ones_push(world, served, remote, signer):
    world.user("other")
    register(world, signer, "ssh", who="other")
    signer.commit()

    assert push(signer, remote).status == 0
    assert last(world)[1]["signature"] == "other_person"


def test_options_and_signatures_go_together(world, served, remote, signer):
    register(world, signer, "ssh")
    signer.commit()

    done = push(signer, remote, "-o", "bypass-protection")

    assert done.status == 0, done.said
    assert last(world)[1]["signature"] == "verified"


def certificate(world, signer, nonce="OK"):
    """A certificate as it comes, signed by the writer's registered key."""
    text = b"certificate version 0.1\npusher x <x@codara.test> 1 +0000\nnonce 1-2\n\nline\n"
    file = signer.home / "certificate"
    file.write_bytes(text)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(signer.home / "key")]
    subprocess.run([*words, str(file)], check=True, capture_output=True)
    signature = (signer.home / "certificate.sig").read_bytes()
    (signer.home / "certificate.sig").unlink()
    return certificates.Certificate(text + signature, nonce)


def judged(world, writer, brought):
    repository = world._repository(REPOSITORY)
    with world.reading(writer) as work:
        return push_certificates.judged(work, repository, brought, now=NOON)


@pytest.mark.parametrize(
    ("nonce", "finding"),
    [("OK", "verified"), ("SLOP", "stale_nonce"), ("BAD", "stale_nonce"), ("", "stale_nonce")],
)
def test_only_a_fresh_nonce_of_this_repository_counts(world, writer, signer, nonce, finding):
    register(world, signer, "ssh")

    assert (
        judged(world, writer, certificate(world, signer, nonce))["certificate_finding"] == finding
    )


def test_a_certificate_that_was_changed_or_is_too_large_does_not_count(world, writer, signer):
    register(world, signer, "ssh")
    good = certificate(world, signer)
    changed = certificates.Certificate(good.text.replace(b"line", b"lime"), "OK")

    assert judged(world, writer, changed)["certificate_finding"] == "bad_signature"
    assert judged(world, writer, certificates.Certificate(b"", "OK"))["certificate_finding"] == (
        "too_large"
    )


def test_a_certificate_counts_once(world, served, remote, writer, signer):
    register(world, signer, "ssh")
    signer.commit()
    push(signer, remote)
    kept, _body = last(world)

    again = certificates.Certificate(kept.certificate, "OK")

    assert judged(world, writer, again)["certificate_finding"] == "stale_nonce"


def test_git_takes_the_nonce_that_is_written_without_it(tmp_path):
    configuration = certificates.configuration("seed")
    words = [word for each in configuration.items() for word in ("-c", "=".join(each))]
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "r"], check=True)
    receive = ["git", *words, "receive-pack", "--http-backend-info-refs", "."]
    # Git's second may be the one after ours.
    for _ in range(5):
        ours = certificates.capability("seed")
        gits = subprocess.run(receive, cwd=tmp_path / "r", capture_output=True, check=True).stdout
        if ours in gits:
            return
    pytest.fail(f"{ours!r} is not in {gits!r}")


def test_no_two_repositories_share_a_seed(world, writer):
    key = world.wiring.git.nonce_key
    one, other = world.repository("lab/one"), world.repository("lab/other")

    assert certificates.seed_of(key, one.id) != certificates.seed_of(key, other.id)
