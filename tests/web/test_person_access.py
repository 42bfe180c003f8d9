"""Where each right of a person comes from: the whole for them, a part for owners, nothing else."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import Membership, TeamMembership
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.permissions import OrganisationRole, Role, Scope
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def lab(world):
    world.organisation("lab", base_role=Role.READER)
    world.administrator()
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("writer", member=OrganisationRole.MEMBER, of="lab")
    world.user("stranger")
    world.team("lab/core", "writer")
    world.team("lab/inner", "writer", parent="core")
    world.repository("lab/notes")
    world.repository("lab/code")
    world.repository("writer/own")
    world.grant("lab/core", Role.WRITER, "lab/code")
    world.grant("writer", Role.MAINTAINER, "lab/notes")
    provider = IdentityProvider(
        id=new_id(),
        name="corp",
        kind=ProviderKind.OIDC,
        label="Corp",
        domains=[],
        settings={},
        policy={},
        state={},
        created_at=NOON,
    )
    world.add(provider)
    team = world._team("lab/inner").id
    with world.wiring.database._writing() as session, session.begin():
        by_group = sa.update(TeamMembership).where(TeamMembership.team_id == team)
        session.execute(by_group.values(provider_id=provider.id))
        mine = sa.update(Membership).where(Membership.user_id == world._user("writer").id)
        session.execute(mine.values(provider_id=provider.id))
    return world


def rights(answer):
    return {
        (each["on"], each["name"], each["role"], each["source"], each["through"])
        for each in answer.json["rights"]
    }


IN_LAB = {
    ("organisation", "lab", "member", "provider", "Corp"),
    ("repositories", "lab", "reader", "base", ""),
    ("team", "lab/core", "member", "direct", ""),
    ("team", "lab/inner", "member", "provider", "Corp"),
    ("repository", "lab/code", "writer", "team", "lab/core"),
    ("repository", "lab/notes", "maintainer", "direct", ""),
}
OWN = {("repository", "writer/own", "owner", "owner", "")}


@pytest.mark.promise("P51")
def test_each_right_says_where_it_comes_from(lab):
    own = lab.client("writer", Scope.USER).get("/api/v1/users/writer/access")
    assert rights(own) == IN_LAB | OWN
    assert own.json["held"]["tokens"] == 1
    assert not own.json["cut"]
    admin = lab.client("administrator", Scope.ADMINISTRATION)
    assert rights(admin.get("/api/v1/users/writer/access")) == IN_LAB | OWN
    everything = rights(admin.get("/api/v1/users/administrator/access"))
    assert everything == {
        ("instance", "", "administrator", "direct", ""),
        ("repositories", "", "owner", "instance", "administrator"),
    }


@pytest.mark.promise("P51")
def test_an_owner_sees_what_concerns_the_organisation_and_nobody_else_anything(lab):
    owner = lab.client("owner")
    part = owner.get("/api/v1/orgs/lab/members/writer/access")
    assert rights(part) == IN_LAB
    assert part.json["held"] is None
    assert owner.get("/api/v1/orgs/lab/members/stranger/access").status_code == 404
    assert owner.get("/api/v1/users/writer/access").status_code == 403
    assert lab.client("writer").get("/api/v1/orgs/lab/members/owner/access").status_code == 403
    stranger = lab.client("stranger")
    assert stranger.get("/api/v1/orgs/lab/members/writer/access").status_code == 404
    assert stranger.get("/api/v1/users/writer/access").status_code == 403


def test_the_pages_say_the_same(lab):
    own = lab.browser("writer").get("/settings/access").get_data(as_text=True)
    assert "by the team lab/core" in own
    assert "given by a group of Corp" in own
    assert "owner" in own
    admin = lab.browser("administrator", elevated=True)
    page = admin.get("/administration/users/writer/access").get_data(as_text=True)
    assert "lab/notes" in page
    assert lab.browser("owner").get("/lab/-/members/writer/access").status_code == 200
    assert lab.browser("writer").get("/lab/-/members/owner/access").status_code == 403
    assert lab.browser("stranger").get("/lab/-/members/writer/access").status_code == 404
