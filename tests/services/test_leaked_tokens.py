"""Tokens that leaked: whoever shows one ends it, and learns nothing by it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.credentials import AccessToken
from appliance.db.identity_providers import IdentityProvider
from appliance.db.scim import ScimToken
from appliance.domain.identity import stranger
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.permissions import Scope
from appliance.errors import InvalidError
from appliance.security import tokens
from appliance.services import inbox, leaked_tokens
from appliance.services.inbox import Topic
from tests.services.test_inbox import Memory
from tests.world import NOON


def show(world, *shown: str, actor=None, **said: str):
    with world.begin(actor or stranger()) as work:
        return leaked_tokens.revoke(work, shown, **said, tools=world.wiring.sign_in, now=NOON)


def told(world, actor):
    with world.reading(actor) as work:
        entries = inbox.waiting(work, memory=Memory(), now=NOON)
    return [(each.kind, each.name, each.detail) for each in entries
            if each.topic is Topic.CREDENTIAL_LEAKED]  # fmt: skip


@pytest.mark.promise("P56")
def test_whoever_shows_a_token_ends_it_and_its_owner_is_told(world):
    writer, other = world.user("writer"), world.user("other")
    secret, kept = world.token("writer", Scope.REPOSITORY_READ), world.token("writer")
    assert show(world, f" {secret}\n", "cod_nothing", place="a paste") is None
    row = world.one(sa.select(AccessToken).where(AccessToken.revoked_at.is_not(None)))
    assert row.shown_prefix == secret[:10] != kept[:10]
    (event,) = world.recorded("token.reported_leaked")
    assert secret not in event.text
    assert told(world, writer) == [("token", "test", "a paste")]
    assert told(world, other) == []
    assert show(world, secret) is None
    assert len(world.recorded("token.reported_leaked")) == 1


def test_what_is_no_token_here_is_answered_alike_and_leaves_nothing(world):
    world.user("writer")
    world.token("writer")
    assert show(world, tokens.mint(), "cod_" + "a" * 36, "", "\x00é", "a" * 10_000) is None
    assert world.events() == []
    with pytest.raises(InvalidError):
        show(world, *[tokens.mint()] * 1001)


def test_a_scim_token_that_leaked_is_told_to_administrators(world):
    administrator = world.administrator()
    provider = IdentityProvider(
        id=new_id(),
        name="people",
        kind=ProviderKind.SCIM,
        label="People",
        domains=[],
        settings={},
        policy={},
        state={},
        created_at=NOON,
    )
    secret = tokens.mint()
    key = world.wiring.sign_in.fingerprint_key
    row = ScimToken(
        id=new_id(), provider_id=provider.id, name="client", created_at=NOON,
        secret_hash=tokens.fingerprint(secret, key=key), shown_prefix=secret[:10],
    )  # fmt: skip
    world.add(provider, row)
    show(world, secret, found_by=leaked_tokens.SCANNED, place="lab/notes, config.py")
    assert world.one(sa.select(ScimToken.revoked_at)) == NOON
    assert told(world, administrator) == [("scim_token", "client", "lab/notes, config.py")]
    assert told(world, world.user("writer")) == []
