"""From where people may come: every credential is asked, and nobody locks themselves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from appliance.db.address_lists import AddressList
from appliance.db.credentials import AccessToken
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import OrganisationRole, Role, Scope, Visibility
from appliance.errors import (
    ElevationRequiredError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import (
    address_lists,
    credentials,
    identify,
    organisations,
    repositories,
    ssh_keys,
)
from tests.services.factor_kit import at_console, first_step, kit_of, second, set_up
from tests.web.test_account_pages import public_key
from tests.world import NOON, PASSWORD

INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.7"
OFFICE = ["192.0.2.0/24"]


@pytest.fixture
def kit(world):
    world.administrator()
    world.user("writer", password=PASSWORD)
    world.organisation("lab")
    world.join("writer", "lab", OrganisationRole.OWNER)
    world.repository("lab/notes")
    return kit_of(world)


def change(world, organisation="", networks=OFFICE, name="administrator"):
    with world.begin(at_console(world, name)) as work:
        return address_lists.change(work, organisation, networks)


def at(address, method=Method.NONE):
    return Origin(address=address, user_agent="a browser", request_id="r1", method=method)


def by_token(world, token, address):
    with world.reading(stranger(at(address))) as work:
        key = world.wiring.sign_in.fingerprint_key
        return identify.by_token(work, token, origin=at(address), fingerprint_key=key, now=NOON)


def known(world, kit, secret, address):
    with world.reading(stranger(at(address))) as work:
        key = kit.sign_in.fingerprint_key
        return identify.by_session(work, secret, origin=at(address), fingerprint_key=key, now=NOON)


@pytest.mark.promise("P43")
def test_outside_the_appliances_list_no_token_and_no_key_lets_anybody_in(world, kit):
    token = world.token("writer", Scope.REPOSITORY_READ)
    with world.begin(at_console(world)) as work:
        key = ssh_keys.add(work, text=public_key(), title="laptop", now=NOON)
        deploy = ssh_keys.add_deploy_key(
            work, "lab/notes", text=public_key(b"d"), title="host", now=NOON
        )
    change(world)
    assert by_token(world, token, INSIDE).label == "writer"
    with pytest.raises(UnauthenticatedError, match="from this address"):
        by_token(world, token, OUTSIDE)
    for each in (key, deploy):
        for address in (INSIDE, OUTSIDE):
            with world.reading(stranger(at(address))) as work:
                if address == INSIDE:
                    assert identify.by_ssh_key(work, each.id, origin=at(address), now=NOON)
                    continue
                with pytest.raises(UnauthenticatedError):
                    identify.by_ssh_key(work, each.id, origin=at(address), now=NOON)
    told = world.recorded("session.address_refused")[0]
    assert told.body["scope"] == "instance"


@pytest.mark.promise("P43")
def test_outside_it_nobody_signs_in_and_sessions_count_for_nothing(world, kit):
    opened = first_step(world, kit)
    change(world, networks=["198.51.100.0/24"])
    assert known(world, kit, opened.secret, INSIDE) is None
    assert known(world, kit, opened.secret, OUTSIDE).user.name == "writer"
    with pytest.raises(UnauthenticatedError, match="from this address"):
        first_step(world, kit)


@pytest.mark.promise("P43")
def test_the_second_step_is_asked_as_well(world, kit):
    _secret, codes = set_up(world, kit, at_console(world))
    waiting = first_step(world, kit)
    change(world, networks=["198.51.100.0/24"])
    with pytest.raises(UnauthenticatedError, match="from this address"):
        second(world, kit, waiting, codes[0])


@pytest.mark.promise("P43")
def test_a_transfer_under_way_is_asked_again(world, kit):
    actor = at_console(world)
    change(world)
    for address in (INSIDE, OUTSIDE):
        with world.reading(actor) as work:
            origin = at(address, Method.PASSWORD)
            if address == INSIDE:
                assert identify.again(work, actor.id, None, origin=origin, now=NOON)
                continue
            with pytest.raises(UnauthenticatedError):
                identify.again(work, actor.id, None, origin=origin, now=NOON)


def looks(world, actor, *, organisation=True):
    """What an actor meets who asks for the organisation, or for its repository."""
    with world.reading(actor) as work:
        if organisation:
            return organisations.show(work, "lab")
        return repositories.show(work, "lab/notes")


@pytest.mark.promise("P43")
@pytest.mark.parametrize("is_about_organisation", [True, False])
def test_outside_its_list_an_organisation_is_closed_with_all_that_it_owns(
    world, kit, is_about_organisation
):
    change(world, "lab", name="writer")
    token = world.token("writer", Scope.REPOSITORY_READ, Scope.ORGANISATION_READ)
    looks(world, by_token(world, token, INSIDE), organisation=is_about_organisation)
    outside = by_token(world, token, OUTSIDE)
    with pytest.raises(RefusedError, match="cannot be reached from your IP address"):
        looks(world, outside, organisation=is_about_organisation)


@pytest.mark.promise("P43")
def test_lists_leave_out_what_is_closed_and_nothing_else(world, kit):
    change(world, "lab", name="writer")
    world.repository("works/open", visibility=Visibility.INTERNAL)
    world.repository("lab/shared", visibility=Visibility.INTERNAL)
    token = world.token("writer", Scope.REPOSITORY_READ)
    for address, seen in (
        (INSIDE, ["lab/notes", "lab/shared", "works/open"]),
        (OUTSIDE, ["works/open"]),
    ):
        with world.reading(by_token(world, token, address)) as work:
            found = repositories.listed(work).items
            assert sorted(each.path for each in found) == seen


def test_who_may_not_see_an_organisation_learns_nothing_of_its_list(world, kit):
    change(world, "lab", name="writer")
    world.user("nobody")
    token = world.token("nobody", Scope.REPOSITORY_READ, Scope.ORGANISATION_READ)
    outside = by_token(world, token, OUTSIDE)
    with pytest.raises(Exception, match="There is no repository lab/notes"):
        looks(world, outside, organisation=False)


@pytest.mark.promise("P43")
def test_a_token_is_used_from_where_it_was_made_for(world, kit):
    with world.begin(at_console(world)) as work:
        made = credentials.create_token(
            work,
            name="ci",
            scopes=["user"],
            expires_at=NOON.replace(month=12),
            networks=OFFICE,
            tools=kit.sign_in,
            now=NOON,
        )
    actor = by_token(world, made.secret, INSIDE)
    with pytest.raises(UnauthenticatedError, match="token may not be used from this address"):
        by_token(world, made.secret, OUTSIDE)
    assert world.recorded("session.address_refused")[0].body["scope"] == "token"
    for networks, kept in (((), OFFICE), (["192.0.2.128/25"], ["192.0.2.128/25"])):
        with world.begin(actor) as work:
            narrower = credentials.create_token(
                work,
                name="narrow",
                scopes=["user"],
                expires_at=NOON.replace(month=12),
                networks=networks,
                tools=kit.sign_in,
                now=NOON,
            )
            assert narrower.token.networks == kept
    with pytest.raises(RefusedError), world.begin(actor) as work:
        credentials.create_token(
            work,
            name="wide",
            scopes=["user"],
            expires_at=NOON.replace(month=12),
            networks=["0.0.0.0/0"],
            tools=kit.sign_in,
            now=NOON,
        )
    assert world.one(sa.select(AccessToken.id).where(AccessToken.name == "wide")) is None


@pytest.mark.promise("P43")
@pytest.mark.parametrize(("name", "organisation"), [("administrator", ""), ("writer", "lab")])
def test_nobody_keeps_themselves_out_and_the_console_always_clears(world, kit, name, organisation):
    actor = replace(world.actor(name, method=Method.SESSION), is_elevated=True)
    browser = replace(actor, origin=at(OUTSIDE, Method.SESSION))
    kept_out = pytest.raises(InvalidError, match=f"address {OUTSIDE} is not in this list")
    with kept_out, world.begin(browser) as work:
        address_lists.change(work, organisation, OFFICE)
    assert world.one(sa.select(AddressList)) is None
    with world.begin(browser) as work:
        address_lists.change(work, organisation, [*OFFICE, f"{OUTSIDE}/32"])
    change(world, organisation, OFFICE, name)
    assert change(world, organisation, [], name) == []
    assert world.one(sa.select(AddressList)) is None
    assert world.events()[-1] == "auth.address_list_changed"


@pytest.mark.parametrize(("name", "organisation"), [("administrator", ""), ("writer", "lab")])
def test_a_list_is_changed_by_who_has_confirmed_lately(world, kit, name, organisation):
    browser = world.actor(name, method=Method.SESSION)
    with world.begin(browser) as work, pytest.raises(ElevationRequiredError):
        address_lists.change(work, organisation, [])


@pytest.mark.parametrize("organisation", ["", "lab"])
def test_others_change_no_list(world, kit, organisation):
    member = world.user("member", member=OrganisationRole.MEMBER, of="lab")
    world.grant("member", Role.OWNER, "lab/notes")
    with world.begin(member) as work, pytest.raises(RefusedError):
        address_lists.change(work, organisation, [])
