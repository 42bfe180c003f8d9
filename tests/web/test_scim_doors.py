"""People and groups by SCIM: what a client says is done at once, recorded, and nobody else's."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.organisations import TeamMembership
from appliance.db.scim import ScimToken
from appliance.db.users import User, UserState
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.domain.permissions import InstanceRole, OrganisationRole, Scope
from appliance.services import identity_providers, scim_tokens, users
from tests.services.arrivals import rule
from tests.web.scim_clients import CORE, ENTERPRISE, Client, client, token
from tests.world import NOON

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOBODY = "00000000-0000-7000-8000-000000000000"
RESEARCH = GroupRule("research", Gives.TEAM, "lab/research")


@pytest.fixture
def asks(world):
    """A client whose provider is called entra."""
    return client(world)


@pytest.fixture
def lab(world, asks):
    """A team that the group `research` gives."""
    world.organisation("lab")
    world.user("founder", member=OrganisationRole.OWNER, of="lab")
    world.team("lab/research")
    rule(world, world.actor("administrator-entra"), "entra", RESEARCH)
    return asks


def user(world, name):
    return world.one(sa.select(User).where(User.name == name))


def in_team(world, name):
    of = sa.select(User.id).where(User.name == name).scalar_subquery()
    return world.one(sa.select(TeamMembership.id).where(TeamMembership.user_id == of)) is not None


def off(asks, made):
    return asks.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})


def test_somebody_is_created_read_changed_and_forgotten(world, asks):
    made = asks.user(
        "Writer@corp.local",
        externalId="e-1",
        displayName="A Writer",
        emails=[{"value": "writer@corp.local", "primary": True}],
        password="never kept",
        roles=[{"value": "left out"}],
        **{ENTERPRISE: {"department": "Research", "manager": "m-1"}},
    )
    place = f"/Users/{made['id']}"
    assert made["meta"]["location"].endswith(f"/scim/v2{place}")
    assert (made["meta"]["resourceType"], made[ENTERPRISE]["manager"]) == ("User", {"value": "m-1"})
    assert not {"password", "roles"} & set(made)
    found = user(world, "Writer")
    assert (found.display_name, found.state) == ("A Writer", UserState.ACTIVE)
    assert asks.get(place) == made

    sent = {"schemas": [f"{CORE}:User"], "userName": "Writer@corp.local", "title": "Lead"}
    replaced = asks("PUT", place, sent).json
    assert (replaced["title"], replaced.get("externalId"), ENTERPRISE in replaced) == (
        "Lead",
        None,
        False,
    )
    assert asks("DELETE", place).status_code == 204
    for method in ("GET", "DELETE"):
        assert asks(method, place).status_code == 404
    assert asks.names("userName pr") == []
    assert user(world, "Writer").state is UserState.SUSPENDED
    assert world.recorded("scim.user_deleted")[0].body["resource_id"] == made["id"]


@pytest.mark.promise("P45")
def test_who_is_deprovisioned_is_refused_at_every_door_at_once(world, asks):
    made = asks.user()
    world.repository("lab/notes")
    browser, api = world.browser("writer"), world.client("writer", Scope.USER)
    assert (browser.get("/settings/tokens").status_code, api.get("/api/v1/user").status_code) == (
        200,
        200,
    )

    assert off(asks, made).json["active"] is False

    assert browser.get("/settings/tokens").status_code == 303
    assert api.get("/api/v1/user").status_code == 401
    again = {"op": "Replace", "path": "active", "value": "True"}
    assert asks.patch(f"/Users/{made['id']}", again).json["active"] is True
    assert user(world, "writer").state is UserState.ACTIVE
    assert api.get("/api/v1/user").status_code == 200
    assert browser.get("/settings/tokens").status_code == 303, "the session has ended for good"
    assert asks("DELETE", f"/Users/{made['id']}").status_code == 204
    assert api.get("/api/v1/user").status_code == 401


def test_whom_an_administrator_suspended_a_client_does_not_let_in(world, asks):
    made = asks.user()
    with world.begin(world.actor("administrator-entra")) as work:
        users.suspend(work, "writer", now=NOON)

    asks.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": True}})

    assert user(world, "writer").state is UserState.SUSPENDED


def test_the_last_administrator_stays(world, asks):
    made = asks.user("chief")
    with world.begin(world.actor("administrator-entra")) as work:
        users.change_role(work, "chief", InstanceRole.ADMINISTRATOR)
    with world.begin(world.actor("chief")) as work:
        users.suspend(work, "administrator-entra", now=NOON)

    off(asks, made)

    assert user(world, "chief").state is UserState.ACTIVE


def test_somebody_may_be_created_suspended(world, asks):
    made = asks.user(active=False)
    assert (made["active"], user(world, "writer").state) == (False, UserState.SUSPENDED)

    asks.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": True})
    assert user(world, "writer").state is UserState.ACTIVE


def test_who_was_deleted_comes_back_as_themself_only_by_the_same_external_id(world, asks):
    first = asks.user(externalId="e-1")
    asks("DELETE", f"/Users/{first['id']}")
    again = asks.user("renamed", externalId="e-1")
    asks("DELETE", f"/Users/{again['id']}")
    other = asks.user("renamed", externalId="e-2")

    rows = [each["id"] for each in asks.get("/Users")["Resources"]]
    assert (again["id"] != first["id"], rows) == (True, [other["id"]])
    assert user(world, "writer").state is UserState.SUSPENDED
    assert user(world, "renamed").state is UserState.ACTIVE


def test_groups_give_and_take_what_rules_say(world, lab):
    one, other = lab.user("one"), lab.user("other")
    group = lab.group("research", one["id"], externalId="g-1")
    place = f"/Groups/{group['id']}"
    assert (in_team(world, "one"), in_team(world, "other")) == (True, False)
    assert group["members"][0]["$ref"].endswith(f"/Users/{one['id']}")
    assert lab.get(f"/Users/{one['id']}")["groups"][0]["display"] == "research"

    add = {"op": "add", "path": "members", "value": [{"value": other["id"]}]}
    assert lab.patch(place, add).status_code == 204
    assert in_team(world, "other")
    assert (
        lab.patch(place, {"op": "replace", "path": "displayName", "value": "x"}).status_code == 204
    )
    assert (in_team(world, "one"), in_team(world, "other")) == (False, False)
    named = {
        "schemas": [f"{CORE}:Group"],
        "displayName": "research",
        "members": [{"value": other["id"]}],
    }
    assert lab("PUT", place, named).json["members"][0]["value"] == other["id"]
    assert (in_team(world, "one"), in_team(world, "other")) == (False, True)
    off(lab, other)
    assert not in_team(world, "other")
    lab.patch(f"/Users/{other['id']}", {"op": "replace", "path": "active", "value": True})
    assert in_team(world, "other")
    assert lab("DELETE", place).status_code == 204
    assert not in_team(world, "other")
    assert lab("GET", place).status_code == 404


@pytest.mark.promise("P46")
def test_of_another_providers_people_and_groups_there_is_nothing(world, asks):
    theirs, group = asks.user(), asks.group("theirs")
    okta = client(world, "okta")
    mine = okta.user("writer")
    body = {"schemas": [f"{CORE}:User"], "userName": "mine"}

    for method, place, sent in (
        ("GET", f"/Users/{theirs['id']}", None),
        ("PUT", f"/Users/{theirs['id']}", body),
        ("DELETE", f"/Users/{theirs['id']}", None),
        ("GET", f"/Groups/{group['id']}", None),
        ("DELETE", f"/Groups/{group['id']}", None),
    ):
        there, nowhere = okta(method, place, sent), okta(method, _elsewhere(place), sent)
        assert (there.status_code, there.json) == (404, nowhere.json)
    assert (
        okta.patch(f"/Users/{theirs['id']}", {"op": "remove", "path": "title"}).status_code == 404
    )
    assert [each["id"] for each in okta.get("/Users")["Resources"]] == [mine["id"]]
    assert okta.names("displayName pr", "/Groups") == []
    members = [{"value": theirs["id"]}]
    refused = okta(
        "POST", "/Groups", {"schemas": [f"{CORE}:Group"], "displayName": "g", "members": members}
    )
    assert (refused.status_code, refused.json["scimType"]) == (400, "invalidValue")
    assert user(world, "writer-2").state is UserState.ACTIVE, "names are shared, people are not"


def _elsewhere(place):
    return re.sub(r"[0-9a-f-]{36}", NOBODY, place)


@pytest.mark.promise("P46")
def test_a_scim_token_opens_nothing_else_and_nothing_else_opens_this(world, asks):
    asks.user()
    world.administrator("chief")
    bearer = {"Authorization": f"Bearer {asks.token}"}
    http = world.app.test_client()
    assert http.get("/api/v1/user", headers=bearer).status_code == 401
    assert http.get("/api/v1/users", headers=bearer).status_code == 401
    assert world.browser("chief").get("/scim/v2/Users").status_code == 401
    for other in (world.token("chief", Scope.USER), "x", "", "cod_" + "0" * 36):
        answer = Client(world, other)("GET", "/Users")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_tokens_stand_side_by_side_and_end_when_revoked_or_too_old(world, asks):
    second = Client(world, token(world))
    assert second.get("/Users") == asks.get("/Users")
    administrator = world.actor("administrator-entra")
    with world.begin(administrator) as work:
        listed = scim_tokens.list_tokens(work, "entra")
    assert all(each.used_at for each in listed)
    with world.begin(administrator) as work:
        scim_tokens.revoke(work, "entra", listed[0].token.id, now=NOON)
    assert (asks("GET", "/Users").status_code, second("GET", "/Users").status_code) == (401, 200)
    with world.begin(administrator) as work:
        row = work.session.get_one(ScimToken, listed[1].token.id)
        row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        scim_tokens.make(
            work, "entra", name="n", expires_at=None, tools=world.wiring.sign_in, now=NOON
        )
    assert second("GET", "/Users").status_code == 401


def test_a_provider_that_is_off_answers_403(world, asks):
    with world.begin(world.actor("administrator-entra")) as work:
        identity_providers.switch(work, "entra", is_enabled=False, now=NOON)

    assert asks("GET", "/Users").status_code == 403


def test_names_are_unique_without_case_and_calls_may_be_repeated(world, asks):
    made = asks.user("writer")
    again = asks("POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": "WRITER"})
    asks.user("other")
    renamed = asks.patch(
        f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "Other"}
    )
    asks.group("g")
    group = asks("POST", "/Groups", {"schemas": [f"{CORE}:Group"], "displayName": "G"})
    for answer in (again, renamed, group):
        assert (answer.status_code, answer.json["scimType"]) == (409, "uniqueness")

    before = len(world.events())
    same = asks.patch(
        f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "writer"}
    )
    assert (same.json["meta"], len(world.events())) == (made["meta"], before)


def test_of_two_at_the_same_moment_one_is_made(world, asks):
    def make(number):
        body = {"schemas": [f"{CORE}:User"], "userName": "writer", "externalId": str(number)}
        return Client(world, asks.token)("POST", "/Users", body).status_code

    with ThreadPoolExecutor(4) as several:
        answers = sorted(several.map(make, range(4)))

    assert answers == [201, 409, 409, 409]
    assert asks.get("/Users")["totalResults"] == 1


def test_members_added_at_the_same_moment_are_all_there(world, lab):
    people = [lab.user(f"person{number}")["id"] for number in range(4)]
    group = lab.group("research")

    def add(identifier):
        asks = Client(world, lab.token)
        change = {"op": "add", "path": "members", "value": [{"value": identifier}]}
        return asks.patch(f"/Groups/{group['id']}", change).status_code

    with ThreadPoolExecutor(4) as several:
        assert list(several.map(add, people)) == [204] * 4

    found = {each["value"] for each in lab.get(f"/Groups/{group['id']}")["members"]}
    assert found == set(people)
    assert all(in_team(world, f"person{number}") for number in range(4))


def test_changes_are_recorded_with_what_they_are_about(world, lab):
    one = lab.user("one")
    lab.group("research", one["id"])
    found = {each.action for each in world.recorded()}
    told = world.recorded("scim.group_changed")[0].body

    assert {"scim.user_created", "user.created", "auth.identity_linked"} <= found
    assert {"scim.group_created", "team.member_added"} <= found
    assert told["added"] == [str(user(world, "one").id)]
    actor = world.recorded("scim.user_created")[0].header["actor"]
    assert actor["type"] == "scim_client"
