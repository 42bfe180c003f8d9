"""Who arrives by an identity provider: known again, linked, created or refused; never another."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db import email_addresses
from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity
from appliance.db.users import EmailAddress, User, UserState
from appliance.domain.claims import Address
from appliance.domain.identity import stranger
from appliance.domain.permissions import InstanceRole
from appliance.errors import InvalidError, UnauthenticatedError
from appliance.services import identities, identity_providers, sign_in, users
from tests.services.arrivals import ORIGIN, arrive, claims, provider
from tests.world import NOON, PASSWORD, World

BY_EMAIL = {"link_by": "verified_email", "link_domains": ["codara.test"]}


def vouch(world: World, name: str) -> None:
    """Let an administrator vouch for a user's address."""
    with world.begin(world.actor(name)) as work:
        query = sa.select(EmailAddress).where(EmailAddress.user_id == work.actor.id)
        work.session.scalars(query).one().is_verified = True
        users.change(work, None, {"theme": "dark"})


def user(world: World, name: str) -> User:
    return world.one(sa.select(User).where(User.name == name))


def test_somebody_who_came_before_is_the_same_user_whatever_they_are_called_now(world):
    by = provider(world)
    first = arrive(world, by, claims("s-1", "writer"))
    again = arrive(world, by, claims("s-1", "renamed"))

    assert (first.user_id, first.is_new) == (again.user_id, True)
    assert (again.is_new, again.name) == (False, "writer")


def test_the_same_subject_at_another_provider_is_somebody_else(world):
    one, other = provider(world, "one"), provider(world, "other")

    assert arrive(world, one, claims("s-1")).user_id != arrive(world, other, claims("s-1")).user_id


def test_without_leave_to_create_nobody_new_gets_in_and_the_log_knows_why(world):
    by = provider(world, creates_users=False)

    with pytest.raises(UnauthenticatedError, match="no account here"):
        arrive(world, by, claims("s-1"))

    refused = world.recorded("auth.assertion_refused")[0]
    assert (refused.body["reason"], refused.body["protocol"]) == ("not_known", "oidc")
    assert world.one(sa.select(Identity)) is None


def test_a_name_that_is_taken_gets_a_number_and_both_the_person_and_the_log_learn_it(world):
    world.user("writer", password=PASSWORD)
    by = provider(world)

    arrived = arrive(world, by, claims("s-1", "writer"))

    assert (arrived.name, arrived.wished_name) == ("writer-2", "writer")
    created = world.recorded("user.created")[-1]
    assert created.values["wished_name"].value == "writer"


@pytest.mark.parametrize(
    ("wished", "name"),
    [
        ("plain", "plain"),
        ("first.last@codara.test", "first-last"),
        ("Jörg Ä", "Jorg-A"),
        ("admin", "admin-2"),
        ("--", "person"),
        ("日本", "person-2"),
        ("x" * 60, "x" * 39),
    ],
)
def test_any_wish_becomes_a_name_that_a_user_may_have(world, wished, name):
    by = provider(world)
    world.user("person") if name == "person-2" else None

    assert arrive(world, by, claims("s-1", wished)).name == name


def test_a_verified_address_of_a_listed_domain_leads_to_the_user_whom_somebody_vouched_for(world):
    world.user("writer")
    vouch(world, "writer")
    by = provider(world, **BY_EMAIL)

    arrived = arrive(world, by, claims("s-1", "other", email="Writer@codara.test"))

    assert (arrived.name, arrived.is_new) == ("writer", False)
    linked = world.recorded("auth.identity_linked")[-1]
    assert linked.body["by_rule"] is True


@pytest.mark.parametrize(
    ("addresses", "vouched"),
    [
        ((Address("writer@codara.test", is_verified=False),), True),
        ((Address("writer@codara.test", is_verified=True),), False),
        ((Address("writer@codara.test.evil.example", is_verified=True),), True),
        ((), True),
    ],
    ids=["not verified there", "not verified here", "another domain", "no address"],
)
def test_no_other_address_leads_to_anybody(world, addresses, vouched):
    world.user("writer")
    if vouched:
        vouch(world, "writer")
    by = provider(world, **BY_EMAIL)

    arrived = arrive(world, by, claims("s-1", "other", addresses=addresses))

    assert arrived.is_new


@pytest.mark.parametrize("link", [BY_EMAIL, {"link_by": "name"}], ids=["email", "name"])
@pytest.mark.parametrize("guard", ["password", "administrator"])
def test_no_rule_ever_leads_to_an_administrator_or_past_a_password(world, link, guard):
    is_administrator = guard == "administrator"
    world.user(
        "writer",
        password=None if is_administrator else PASSWORD,
        instance=InstanceRole.ADMINISTRATOR if is_administrator else InstanceRole.USER,
    )
    vouch(world, "writer")
    by = provider(world, **link)

    with pytest.raises(UnauthenticatedError, match="its own sign-in"):
        arrive(world, by, claims("s-1", "writer", email="writer@codara.test"))

    assert world.recorded("auth.assertion_refused")[-1].body["reason"] == "account_protected"


def test_a_rule_by_name_leads_to_the_user_of_that_name_once(world):
    world.user("writer")
    by = provider(world, link_by="name")

    assert arrive(world, by, claims("s-1", "Writer")).name == "writer"
    with pytest.raises(UnauthenticatedError, match="belongs to another user"):
        arrive(world, by, claims("s-2", "writer"))


def test_nobody_arrives_by_a_provider_that_is_off(world):
    by = provider(world)
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.switch(work, "corp", is_enabled=False, now=NOON)

    with pytest.raises(UnauthenticatedError, match="with Corp is disabled"):
        arrive(world, by, claims())


@pytest.mark.parametrize("subject", ["", "  ", "x" * 513, "a\x00b"])
def test_a_subject_that_says_nothing_or_too_much_is_refused(world, subject):
    by = provider(world)

    with pytest.raises(InvalidError):
        arrive(world, by, claims(subject))


def test_the_profile_follows_what_the_provider_vouches_for(world):
    by = provider(world)
    arrive(world, by, claims(display_name="Somebody", email="one@codara.test"))
    arrived = arrive(world, by, claims(display_name="Somebody Else", email="two@codara.test"))

    with world.reading(stranger()) as work:
        found = work.session.get_one(User, arrived.user_id)
        assert found.display_name == "Somebody Else"
        assert email_addresses.primary(work.session, found.id) == "two@codara.test"


def test_an_address_that_another_user_has_stays_with_them(world):
    world.user("reader")
    by = provider(world)

    arrived = arrive(world, by, claims(email="reader@codara.test"))

    with world.reading(stranger()) as work:
        assert email_addresses.primary(work.session, arrived.user_id) == ""


def test_an_address_is_trusted_for_links_only_from_whoever_speaks_for_its_domain(world):
    partner = provider(world, "partner", link_by="verified_email", link_domains=["partner.test"])
    caught = arrive(world, partner, claims("p-1", "catcher", email="chief@codara.test"))
    ours = provider(world, "ours", **BY_EMAIL)

    chief = arrive(world, ours, claims("o-1", "chief", email="chief@codara.test"))

    assert chief.user_id != caught.user_id


def test_whom_their_provider_disables_is_out_at_once_and_back_when_it_says_so(world):
    by = provider(world)
    arrived = arrive(world, by, claims())
    with world.begin(stranger(ORIGIN)) as work:
        sign_in.by_provider(work, arrived, tools=world.wiring.sign_in, now=NOON)

    out = arrive(world, by, claims(is_active=False))

    assert not out.may_enter
    assert user(world, "writer").state is UserState.SUSPENDED
    assert world.one(sa.select(BrowserSession)).revoked_at == NOON
    with pytest.raises(UnauthenticatedError), world.begin(stranger(ORIGIN)) as work:
        sign_in.by_provider(work, out, tools=world.wiring.sign_in, now=NOON)
    assert arrive(world, by, claims()).may_enter
    assert user(world, "writer").state is UserState.ACTIVE


def test_whom_an_administrator_suspended_no_provider_lets_in(world):
    by = provider(world)
    arrive(world, by, claims())
    with world.begin(world.actor("administrator-corp")) as work:
        users.suspend(work, "writer", now=NOON)

    assert not arrive(world, by, claims()).may_enter
    assert user(world, "writer").state is UserState.SUSPENDED


def test_the_last_administrator_is_not_locked_out_by_a_provider(world):
    by = provider(world)
    arrived = arrive(world, by, claims())
    with world.begin(world.actor("administrator-corp")) as work:
        users.change_role(work, "writer", InstanceRole.ADMINISTRATOR)
    with world.begin(world.actor("writer")) as work:
        users.suspend(work, "administrator-corp", now=NOON)
        identities.gone(work, arrived.identity_id, now=NOON)

    assert user(world, "writer").state is UserState.ACTIVE


def test_who_is_gone_from_a_directory_is_kept_out_and_that_is_said_once(world):
    by = provider(world)
    arrived = arrive(world, by, claims())
    for expected in (True, False):
        with world.begin(world.actor("administrator-corp")) as work:
            if expected:
                assert identities.gone(work, arrived.identity_id, now=NOON)
            else:
                assert not identities.gone(work, arrived.identity_id, now=NOON)

    assert world.events().count("user.suspended") == 1


@pytest.mark.parametrize("link", [BY_EMAIL, {"link_by": "name"}], ids=["email", "name"])
def test_a_sign_that_only_looks_like_a_letter_leads_to_nobody(world, link):
    world.user("keeper")
    vouch(world, "keeper")
    by = provider(world, **link)

    arrived = arrive(world, by, claims("s-1", "\u212aeeper", email="\u212aeeper@codara.test"))

    assert (arrived.is_new, arrived.name) == (True, "Keeper-2")
