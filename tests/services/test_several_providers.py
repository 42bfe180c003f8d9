"""People whom several identity providers know: none of them lets in whom another keeps out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import Identity
from appliance.db.users import User
from appliance.domain.identity_providers import LinkedBy
from appliance.errors import RefusedError
from appliance.services import identities, identity_links, users
from tests.services.arrivals import arrive, claims, provider
from tests.world import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def by(world):
    """Two providers that know the same writer."""
    one = provider(world, "one")
    other = provider(world, "other", administrator=world.actor("administrator-one"))
    arrive(world, one, claims("s-1"))
    link(world, "writer", "other", "o-1")
    return {"one": one, "other": other}


def link(world, name, by_name, subject):
    with world.begin(world.actor("administrator-one")) as work:
        return identity_links.link(work, name, by_name, subject, now=NOON)


def say(world, name, *, is_active):
    """Let a provider say whether the writer may enter."""
    subject = {"one": "s-1", "other": "o-1"}[name]
    identity_id = world.one(sa.select(Identity.id).where(Identity.subject == subject))
    with world.begin(world.actor("administrator-one")) as work:
        identities.follow(work, identity_id, claims(subject, is_active=is_active), now=LATER)


def is_in(world):
    return world.one(sa.select(User).where(User.name == "writer")).is_active


@pytest.mark.promise("P45")
def test_whom_two_keep_out_the_first_alone_does_not_let_in(world, by):
    say(world, "one", is_active=False)
    say(world, "other", is_active=False)

    say(world, "one", is_active=True)

    assert not is_in(world)
    told = world.recorded("user.suspended")[-1]
    assert told.body["provider_id"] == str(by["other"].provider.id)
    say(world, "other", is_active=True)
    assert is_in(world)


@pytest.mark.promise("P45")
def test_whom_an_administrator_suspends_as_well_no_provider_lets_in(world, by):
    say(world, "one", is_active=False)
    with world.begin(world.actor("administrator-one")) as work:
        users.suspend(work, "writer", reason="leave", now=LATER)

    say(world, "one", is_active=True)

    assert not is_in(world)


@pytest.mark.promise("P44")
def test_nobody_takes_themselves_out_of_reach_of_what_made_them(world, by):
    identity_id = world.one(sa.select(Identity.id).where(Identity.subject == "s-1"))

    with pytest.raises(RefusedError, match="Ask an administrator"):
        unlink(world, "writer", identity_id)

    say(world, "one", is_active=False)
    assert not is_in(world)
    assert unlink(world, "administrator-one", identity_id) == "writer"


def test_what_a_person_linked_they_unlink(world, by):
    third = provider(world, "third", administrator=world.actor("administrator-one"))
    with world.begin(world.actor("writer")) as work:
        made = identity_links.link_own(work, third.provider.id, claims("t-1"), now=NOON)
    assert made.linked_by is LinkedBy.PERSON

    assert unlink(world, "writer", made.id) == "writer"


def unlink(world, name, identity_id):
    with world.begin(world.actor(name)) as work:
        return identity_links.unlink(work, identity_id, now=NOON)
