"""Signed commits and tags: each way to be verified, and each way not to be, with real programs."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.credentials import SshKey
from appliance.db.signing_keys import OpenPgpKey
from appliance.db.users import EmailAddress
from appliance.domain.identity import stranger
from appliance.domain.permissions import Role
from appliance.domain.signatures import Finding, KeyUse, SignatureForm
from appliance.git import commits, refs
from appliance.git.signed import SIGNATURE_BYTES
from appliance.services import openpgp_keys, signatures, ssh_keys, users
from tests.signing import SPAN, Signer
from tests.world import NOON

DAY = timedelta(days=1)
# What SQL there is does not differ; `test_openpgp_keys.py` asks both databases.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    world.administrator()
    actor = world.user("writer", role=Role.WRITER, on="lab/notes")
    vouch(world, "writer@codara.test")
    return actor


def vouch(world, address, *, by="administrator", user="writer"):
    with world.begin(world.actor(by)) as work:
        users.change(work, user, {"email": address})


def add_ssh(world, line, who="writer", **fields: Any):
    with world.begin(world.actor(who)) as work:
        return ssh_keys.add(work, text=line, now=NOON, **fields)


def add_pgp(world, text, who="writer"):
    with world.begin(world.actor(who)) as work:
        return openpgp_keys.add(work, text=text, now=NOON)


def checked(world, signer, oid):
    """What comes of the commit once it is in the repository."""
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    with world.reading(stranger()) as work:
        return signatures.of_commits(work, [commits.read(folder, oid)]).get(oid)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("ed25519", ()), ("ecdsa", ("-b", "521")), ("ecdsa", ("-b", "256")), ("rsa", ("-b", "3072"))],
)
def test_a_commit_signed_with_a_registered_ssh_key_is_verified(world, writer, signer, kind, words):
    key = add_ssh(world, signer.ssh_key("key", kind, *words))

    found = checked(world, signer, signer.commit())

    assert found.finding is Finding.VERIFIED
    assert (found.form, found.key) == (SignatureForm.SSH, key.fingerprint)
    assert (found.owner, found.owner_id) == ("writer", writer.id)


@pytest.mark.parametrize("kind", ["ed25519", "rsa3072"])
def test_a_commit_signed_with_a_registered_openpgp_key_is_verified(world, writer, signer, kind):
    add_pgp(world, signer.pgp_key(kind))

    found = checked(world, signer, signer.commit())

    assert found.finding is Finding.VERIFIED
    assert (found.form, found.owner) == (SignatureForm.OPENPGP, "writer")
    assert found.key.upper() == signer.fingerprint
    assert found.signed_at is not None


def test_a_signing_subkey_counts_once_the_key_was_brought_with_it(world, writer, signer):
    add_pgp(world, signer.pgp_key())
    signer.pgp_subkey()
    oid = signer.commit()
    assert checked(world, signer, oid).finding is Finding.UNKNOWN_KEY

    _key, is_new = add_pgp(world, signer.public())

    assert not is_new
    assert checked(world, signer, oid).finding is Finding.VERIFIED
    assert world.events()[-1] == "gpg_key.changed"


def test_a_commit_without_a_signature_claims_nothing(world, writer, signer):
    signer.ssh_key()

    assert checked(world, signer, signer.commit("notes.txt", "--no-gpg-sign")) is None


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_a_key_that_nobody_registered_is_unknown(world, writer, signer, form):
    make = signer.ssh_key if form == "ssh" else signer.pgp_key
    make()

    found = checked(world, signer, signer.commit())

    assert (found.finding, found.form, found.owner) == (Finding.UNKNOWN_KEY, form, "")


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_a_removed_key_counts_no_more_on_the_next_page(world, writer, signer, form):
    oid = sign_by(world, signer, form)
    assert checked(world, signer, oid).is_verified

    with world.begin(writer) as work:
        if form == "ssh":
            ssh_keys.remove(work, world.one(sa.select(SshKey.id)))
        else:
            openpgp_keys.remove(work, world.one(sa.select(OpenPgpKey.id)))

    assert checked(world, signer, oid).finding is Finding.UNKNOWN_KEY


@pytest.mark.promise("P63")
@pytest.mark.parametrize("form", ["ssh", "openpgp"])
@pytest.mark.parametrize(
    ("old", "new"), [(b"Write notes", b"Write other"), (b"author Writer", b"author Nobody")]
)
def test_what_was_changed_after_signing_is_bad(world, writer, signer, form, old, new):
    oid = signer.rewrite(sign_by(world, signer, form), old, new)

    assert checked(world, signer, oid).finding is Finding.BAD_SIGNATURE


@pytest.mark.promise("P63")
@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_the_committers_address_must_be_the_key_owners(world, writer, signer, form):
    oid = sign_by(world, signer, form)
    assert checked(world, signer, oid).is_verified

    vouch(world, "elsewhere@codara.test")

    assert checked(world, signer, oid).finding is Finding.OTHER_ADDRESS


def test_an_address_that_users_gave_themselves_does_not_count(world, writer, signer):
    oid = sign_by(world, signer, "ssh")
    vouch(world, "elsewhere@codara.test", by="writer")
    vouch(world, "writer@codara.test", by="writer")

    assert checked(world, signer, oid).finding is Finding.OTHER_ADDRESS


def test_case_does_not_matter_in_an_address(world, writer, signer):
    add_ssh(world, signer.ssh_key())
    signer.git("config", "user.email", "Writer@Codara.test", at=signer.copy)

    assert checked(world, signer, signer.commit()).is_verified


@pytest.mark.promise("P63")
def test_somebody_elses_key_does_not_make_a_commit_theirs(world, writer, signer):
    world.user("other")
    add_ssh(world, signer.ssh_key(), who="other")

    found = checked(world, signer, signer.commit())

    assert (found.finding, found.owner) == (Finding.OTHER_ADDRESS, "other")


def test_a_commit_from_before_an_ssh_key_expired_stays_verified(world, writer, signer):
    add_ssh(world, signer.ssh_key(), expires_at=NOON + DAY)
    before = signer.commit("before.txt", at="2026-11-20T12:00:00Z")
    after = signer.commit("after.txt", at="2026-11-21T12:00:00Z")

    assert checked(world, signer, before).finding is Finding.VERIFIED
    assert checked(world, signer, after).finding is Finding.EXPIRED_KEY


def test_an_openpgp_signature_names_its_own_time(world, writer, signer):
    add_pgp(world, signer.pgp_key(at=SPAN, life="10d"))
    program = signer.home / "in-the-past"
    program.write_text('#!/bin/sh\nexec gpg --faked-system-time 20260105T000000! "$@"\n')
    program.chmod(0o755)
    signer.git("config", "gpg.program", str(program), at=signer.copy)

    found = checked(world, signer, signer.commit())

    assert found.finding is Finding.VERIFIED
    assert found.signed_at == datetime(2026, 1, 5, tzinfo=UTC)


def test_an_openpgp_key_that_had_expired_when_it_signed_is_told_so(world, writer, signer):
    add_pgp(world, signer.pgp_key(at=SPAN))
    oid = signer.commit()
    assert checked(world, signer, oid).finding is Finding.VERIFIED

    signer.gpg("--quick-set-expire", signer.fingerprint, "10d", at="20260102T000000")
    add_pgp(world, signer.public())

    assert world.one(sa.select(OpenPgpKey)).expires_at < NOON
    assert checked(world, signer, oid).finding is Finding.EXPIRED_KEY


@pytest.mark.promise("P63")
def test_a_revoked_openpgp_key_makes_all_its_signatures_unverified(world, writer, signer):
    oid = sign_by(world, signer, "openpgp")
    assert checked(world, signer, oid).is_verified

    add_pgp(world, signer.revoke())

    assert checked(world, signer, oid).finding is Finding.REVOKED_KEY
    assert '"is_revoked":true' in world.recorded()[-1].text


def test_a_revocation_cannot_be_taken_back_by_bringing_the_old_key(world, writer, signer):
    unrevoked = signer.pgp_key()
    add_pgp(world, unrevoked)
    oid = signer.commit()
    add_pgp(world, signer.revoke())

    add_pgp(world, unrevoked)

    assert checked(world, signer, oid).finding is Finding.REVOKED_KEY


@pytest.mark.parametrize(
    ("usage", "finding"),
    [
        (KeyUse.BOTH, Finding.VERIFIED),
        (KeyUse.SIGNING, Finding.VERIFIED),
        (KeyUse.AUTHENTICATION, Finding.UNKNOWN_KEY),
    ],
)
def test_only_a_key_that_is_for_signing_signs(world, writer, signer, usage, finding):
    add_ssh(world, signer.ssh_key(), usage=usage)

    assert checked(world, signer, signer.commit()).finding is finding


def test_a_signature_for_another_purpose_counts_for_nothing(world, writer, signer):
    add_ssh(world, signer.ssh_key())
    oid = signer.commit()
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    commit = commits.read(folder, oid)
    payload = signer.home / "payload"
    payload.write_bytes(commit.signed.payload)
    signer._run(
        "ssh-keygen", "-Y", "sign", "-n", "file", "-f", str(signer.home / "key"), str(payload)
    )
    for_a_file = (signer.home / "payload.sig").read_bytes()
    other = dataclasses.replace(
        commit, signed=dataclasses.replace(commit.signed, signature=for_a_file)
    )

    with world.reading(stranger()) as work:
        assert signatures.of_commits(work, [commit])[oid].is_verified
        assert signatures.of_commits(work, [other])[oid].finding is Finding.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("signature", "finding"),
    [
        (b"-----BEGIN SSH SIGNATURE-----\nbm8=\n-----END SSH SIGNATURE-----\n", "malformed"),
        (b"-----BEGIN SSH SIGNATURE-----\n", "malformed"),
        (b"-----BEGIN PGP SIGNATURE-----\n\nbm8=\n-----END PGP SIGNATURE-----\n", "malformed"),
        (b"-----BEGIN SOMETHING ELSE-----\n", "unsupported"),
        (b"\xff\x00", "unsupported"),
        (b"-----BEGIN SSH SIGNATURE-----\n" + b"A" * SIGNATURE_BYTES, "too_large"),
    ],
)
def test_what_is_no_signature_is_told_apart(world, writer, signer, signature, finding):
    oid = sign_by(world, signer, "ssh")
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    commit = commits.read(folder, oid)
    forged = dataclasses.replace(
        commit, signed=dataclasses.replace(commit.signed, signature=signature)
    )

    with world.reading(stranger()) as work:
        assert signatures.of_commits(work, [forged])[oid].finding == finding


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_two_signatures_in_one_commit_are_none(world, writer, signer, form):
    oid = sign_by(world, signer, form)
    head = b"gpgsig -----BEGIN"
    raw = signer.git("cat-file", "commit", oid, at=signer.copy).encode()
    header = raw[raw.index(head) : raw.index(b"\n\n")]

    twice = signer.rewrite(oid, header, header + b"\n" + header)

    assert checked(world, signer, twice).finding is Finding.MALFORMED


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_signed_tags_are_checked_too(world, writer, signer, form):
    sign_by(world, signer, form)
    target = signer.tag("v1")
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)

    tag = refs.one(folder, b"refs/tags/v1")
    forged = dataclasses.replace(
        tag, signed=dataclasses.replace(tag.signed, payload=tag.signed.payload + b"more\n")
    )

    with world.reading(stranger()) as work:
        assert signatures.of_tags(work, [tag])[target].is_verified
        assert signatures.of_tags(work, [forged])[target].finding is Finding.BAD_SIGNATURE


def test_what_git_itself_verifies_is_what_is_verified_here(world, writer, signer):
    line = signer.ssh_key()
    add_ssh(world, line)
    oid = signer.commit()
    allowed = signer.home / "allowed"
    allowed.write_text(f"writer@codara.test {line}\n")
    signer.git("config", "gpg.ssh.allowedSignersFile", str(allowed), at=signer.copy)

    for forge in (False, True):
        each = signer.rewrite(oid, b"Write notes", b"Write other") if forge else oid
        says = signer.git.try_("verify-commit", each, at=signer.copy).status == 0
        assert says is not forge
        assert checked(world, signer, each).is_verified is says


def test_a_page_of_signed_commits_takes_three_questions(world, writer, signer):
    add_ssh(world, signer.ssh_key())
    oids = [signer.commit(f"{number}.txt") for number in range(20)]
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    asked = []

    def note(*words: Any):
        asked.append(words[2])

    engine = world.wiring.database.engine
    with world.reading(stranger()) as work:
        work.session.execute(sa.select(1))
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            found = signatures.of_commits(work, commits.read_many(folder, oids))
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    assert {each.finding for each in found.values()} == {Finding.VERIFIED}
    assert len(found) == len(oids)
    assert len(asked) <= 3


def test_a_deleted_users_keys_and_addresses_count_no_more(world, writer, signer):
    oid = sign_by(world, signer, "openpgp")
    with world.begin(world.actor("administrator")) as work:
        users.delete(work, "writer", now=NOON)

    assert checked(world, signer, oid).finding is Finding.UNKNOWN_KEY
    assert world.one(sa.select(EmailAddress).where(EmailAddress.user_id == writer.id)) is None


def sign_by(world, signer, form):
    """A signed commit by a registered key of that form."""
    if form == "ssh":
        add_ssh(world, signer.ssh_key())
    else:
        add_pgp(world, signer.pgp_key())
    return signer.commit()
