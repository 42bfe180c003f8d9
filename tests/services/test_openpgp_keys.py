"""OpenPGP keys: who adds which, what is refused, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.signing_keys import OpenPgpKey, OpenPgpKeyPart
from appliance.domain.identity import stranger
from appliance.errors import ConflictError, HiddenError, InvalidError, UnauthenticatedError
from appliance.security.openpgp import LONGEST_TEXT
from appliance.services import openpgp_keys, users
from tests.signing import Signer
from tests.world import NOON


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def writer(world):
    world.administrator()
    return world.user("writer")


def add(world, text, who="writer", **fields: Any):
    with world.begin(world.actor(who)) as work:
        return openpgp_keys.add(work, text=text, now=NOON, **fields)


def test_a_key_is_added_listed_and_removed_with_its_parts(world, writer, signer):
    text = signer.pgp_key()
    signer.pgp_subkey()
    key, is_new = add(world, signer.public())

    assert is_new
    assert (key.fingerprint.upper(), key.user_ids) == (
        signer.fingerprint,
        ["Writer <writer@codara.test>"],
    )
    assert not add(world, text)[1]
    with world.reading(writer) as work:
        assert [each.id for each in openpgp_keys.list_keys(work, search="x").items] == []
        assert [each.id for each in openpgp_keys.list_keys(work).items] == [key.id]
    assert world.one(sa.select(sa.func.count()).select_from(OpenPgpKeyPart)) == 2

    with world.begin(writer) as work:
        openpgp_keys.remove(work, key.id)

    assert world.one(sa.select(OpenPgpKeyPart)) is None
    assert world.events() == ["gpg_key.added", "gpg_key.changed", "gpg_key.removed"]


def test_an_administrator_adds_a_key_for_somebody(world, writer, signer):
    key, _is_new = add(world, signer.pgp_key(), who="administrator", user="writer")

    assert key.user_id == writer.id


def test_a_stranger_adds_none(world, signer):
    text = signer.pgp_key()
    with pytest.raises(UnauthenticatedError), world.begin(stranger()) as work:
        openpgp_keys.add(work, text=text, now=NOON)


def test_deleting_a_user_takes_their_keys_along(world, writer, signer):
    add(world, signer.pgp_key())

    with world.begin(world.actor("administrator")) as work:
        users.delete(work, "writer", now=NOON)

    assert world.one(sa.select(OpenPgpKey)) is None


@pytest.mark.parametrize("kind", ["rsa2048", "dsa2048"])
def test_weak_openpgp_keys_are_refused(world, writer, signer, kind):
    text = signer.pgp_key(kind)

    with pytest.raises(InvalidError, match="too weak"):
        add(world, text)


def test_private_keys_several_keys_and_rubbish_are_refused(world, writer, signer):
    public = signer.pgp_key()
    private = signer.gpg("--armor", "--export-secret-keys", signer.fingerprint)

    for text in (private, public + public, "no key", "", "x" * (LONGEST_TEXT + 1)):
        with pytest.raises(InvalidError):
            add(world, text)
    assert world.one(sa.select(OpenPgpKey)) is None


def test_a_key_is_one_users_alone(world, writer, signer):
    world.user("other")
    text = signer.pgp_key()
    key, _is_new = add(world, text)

    with pytest.raises(ConflictError):
        add(world, text, who="other")
    with pytest.raises(HiddenError), world.begin(world.actor("other")) as work:
        openpgp_keys.remove(work, key.id)
