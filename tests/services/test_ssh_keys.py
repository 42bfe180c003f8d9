"""SSH and deploy keys: who adds them, what they open, and what a conflict does not tell."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.db.credentials import SshKey
from appliance.db.repositories import Repository
from appliance.db.users import User, UserState
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import Permission, Role
from appliance.errors import (
    ConflictError,
    ElevationRequiredError,
    HiddenError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import identify, ssh_keys
from tests.world import NOON

DAY = timedelta(days=1)


def public_key(comment="writer@laptop"):
    key = Ed25519PrivateKey.generate().public_key()
    return f"{key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {comment}"


def add(world, actor, text=None, **fields: Any):
    with world.begin(actor) as work:
        return ssh_keys.add(work, text=text or public_key(), now=NOON, **fields)


def find(world, fingerprint, now=NOON):
    with world.reading(stranger()) as work:
        return ssh_keys.find(work, fingerprint, now=now)


@pytest.mark.parametrize(
    ("who", "for_whom", "refusal"),
    [
        ("writer", None, None),
        ("administrator", "writer", None),
        ("browser", None, ElevationRequiredError),
        ("elevated", None, None),
        ("reader", "writer", RefusedError),
        ("stranger", None, UnauthenticatedError),
    ],
)
def test_who_adds_a_key_for_whom(world, who, for_whom, refusal):
    writer = world.user("writer")
    browser = replace(writer, origin=replace(writer.origin, method=Method.SESSION))
    actor = {
        "writer": lambda: writer,
        "administrator": world.administrator,
        "browser": lambda: browser,
        "elevated": lambda: replace(browser, is_elevated=True),
        "reader": lambda: world.user("reader"),
        "stranger": stranger,
    }[who]()
    with pytest.raises(refusal) if refusal else nullcontext():
        key = add(world, actor, user=for_whom)
        assert (key.user_id, key.title) == (writer.id, "writer@laptop")
        assert find(world, key.fingerprint).id == key.id
    remembered = [] if who == "stranger" else ["access.refused"]
    assert world.events() == (remembered if refusal else ["ssh_key.added"])


def test_a_key_in_use_anywhere_is_refused_without_telling_whose(world):
    world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    text = public_key()
    add(world, world.user("writer"), text)
    with pytest.raises(ConflictError) as by_user:
        add(world, owner, text)
    with pytest.raises(ConflictError) as by_repository, world.begin(owner) as work:
        ssh_keys.add_deploy_key(work, "lab/notes", text=text, now=NOON)
    assert str(by_user.value) == str(by_repository.value)
    assert "writer" not in str(by_user.value)
    assert world.events() == ["ssh_key.added"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("nonsense", {}),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", {}),
        (None, {"expires_at": NOON}),
        (None, {"title": "x" * 101}),
    ],
)
def test_what_is_no_good_key_is_refused(world, text, fields):
    with pytest.raises(InvalidError):
        add(world, world.user(), text, **fields)
    assert world.one(sa.select(SshKey)) is None


def test_keys_are_listed_and_removed_by_their_user_or_an_administrator(world):
    writer, administrator = world.user("writer"), world.administrator()
    keys = [add(world, writer, title=f"laptop {number}") for number in range(2)]
    with world.reading(writer) as work:
        listed = ssh_keys.list_keys(work).items
    assert [each.key.title for each in listed] == ["laptop 1", "laptop 0"]
    with pytest.raises(HiddenError), world.begin(world.user()) as work:
        ssh_keys.remove(work, keys[0].id)
    for actor, key in zip((writer, administrator), keys, strict=True):
        with world.begin(actor) as work:
            ssh_keys.remove(work, key.id)
        assert find(world, key.fingerprint) is None
    assert world.events()[2:] == ["access.refused", "ssh_key.removed", "ssh_key.removed"]


@pytest.mark.promise("P29")
def test_a_key_opens_nothing_when_expired_or_its_user_is_suspended(world):
    key = add(world, world.user("writer"), expires_at=NOON + DAY)
    assert find(world, key.fingerprint, NOON + DAY) is None
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(User).values(state=UserState.SUSPENDED))
    assert find(world, key.fingerprint) is None
    assert find(world, "SHA256:unknown") is None


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("verb", ["add", "list", "remove"])
def test_only_an_owner_keeps_deploy_keys(world, role, verb):
    world.repository("lab/notes")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    with world.begin(owner) as work:
        key = ssh_keys.add_deploy_key(work, "lab/notes", text=public_key(), now=NOON)
    actor = world.user("somebody", role=role, on="lab/notes")
    refusal = {None: HiddenError, Role.OWNER: None}.get(role, RefusedError)
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        {
            "add": lambda: ssh_keys.add_deploy_key(work, "lab/notes", text=public_key(), now=NOON),
            "list": lambda: ssh_keys.list_deploy_keys(work, "lab/notes"),
            "remove": lambda: ssh_keys.remove_deploy_key(work, "lab/notes", key.id),
        }[verb]()
    done = {"add": ["deploy_key.added"], "list": [], "remove": ["deploy_key.removed"]}[verb]
    assert world.events()[1:] == (["access.refused"] if refusal else done)


@pytest.mark.promise("P9")
def test_a_deploy_key_opens_its_repository_and_no_other(world):
    notes, other = world.repository("lab/notes"), world.repository("lab/other")
    owner = world.user("owner", role=Role.OWNER, on="lab/notes")
    world.grant("owner", Role.OWNER, "lab/other")
    with world.begin(owner) as work:
        key = ssh_keys.add_deploy_key(
            work, "lab/notes", text=public_key(), title="build", may_write=True, now=NOON
        )
    with world.reading(stranger()) as work:
        actor = identify.by_ssh_key(work, key.id, origin=Origin(), now=NOON)
    assert actor.only_repositories == {notes.id}
    assert actor.ceiling_allows(Permission.REPOSITORY_WRITE)
    with pytest.raises(HiddenError), world.begin(owner) as work:
        ssh_keys.remove_deploy_key(work, "lab/other", key.id)
    with world.wiring.database.engine.begin() as connection:
        connection.execute(
            sa.update(Repository).where(Repository.id == notes.id).values(deleted_at=NOON)
        )
    assert find(world, key.fingerprint) is None
    assert other.id not in actor.only_repositories
