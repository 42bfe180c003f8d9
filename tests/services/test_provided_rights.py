"""What groups give is given and taken with them; what a person gave stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.organisations import Membership, TeamMembership
from appliance.db.users import User
from appliance.domain.identity import appliance
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.domain.permissions import InstanceRole, OrganisationRole, Role
from appliance.domain.provided_roles import Held, Provided, settled
from appliance.errors import ConflictError, InvalidError
from appliance.services import (
    group_rules,
    identity_links,
    identity_providers,
    organisation_members,
    provided_rights,
    teams,
    users,
)
from tests.services.arrivals import arrive, claims, provider, rule
from tests.world import NOON

OWNERS = GroupRule("owners", Gives.ORGANISATION, "lab", "owner")
AUDITORS = GroupRule("auditors", Gives.ORGANISATION, "lab", "auditor")
RESEARCH = GroupRule("research", Gives.TEAM, "lab/research")
ADMINS = GroupRule("admins", Gives.INSTANCE, "", "administrator")


@pytest.fixture
def lab(world):
    """An organisation with a team, a provider, and its administrator."""
    world.organisation("lab")
    world.user("founder", member=OrganisationRole.OWNER, of="lab")
    world.team("lab/research")
    by = provider(world)
    administrator = world.actor("administrator-corp")
    for each in (OWNERS, AUDITORS, RESEARCH, ADMINS):
        rule(world, administrator, "corp", each)
    return by


def in_groups(*groups: str):
    return claims(groups=frozenset(groups))


def memberships(world, name="writer"):
    of = sa.select(User.id).where(User.name == name).scalar_subquery()
    role = world.one(sa.select(Membership.role).where(Membership.user_id == of))
    team = world.one(sa.select(TeamMembership.id).where(TeamMembership.user_id == of))
    return role, team is not None


def test_groups_give_teams_and_roles_and_take_them_when_they_end(world, lab):
    arrive(world, lab, in_groups("research"))
    assert memberships(world) == (OrganisationRole.MEMBER, True)
    arrive(world, lab, in_groups("auditors", "owners"))
    assert memberships(world) == (OrganisationRole.OWNER, False)
    arrive(world, lab, in_groups())
    assert memberships(world) == (None, False)

    told = [each for each in world.recorded() if each.action.startswith(("org.m", "team.m"))]
    assert {each.body["provider_id"] for each in told} == {str(lab.provider.id)}


def test_of_whom_no_groups_are_said_nothing_changes(world, lab):
    arrive(world, lab, in_groups("research"))
    arrive(world, lab, claims(groups=None))

    assert memberships(world) == (OrganisationRole.MEMBER, True)


def test_what_a_person_gave_stays_when_the_group_ends(world, lab):
    arrive(world, lab, in_groups())
    world.join("writer", "lab", OrganisationRole.AUDITOR)
    founder = world.actor("founder")
    with world.begin(founder) as work:
        teams.add_member(work, "lab/research", "writer", now=NOON)
    arrive(world, lab, in_groups("owners", "research"))
    assert memberships(world) == (OrganisationRole.OWNER, True)

    arrive(world, lab, in_groups())

    assert memberships(world) == (OrganisationRole.AUDITOR, True)


def test_what_a_group_gave_no_person_takes_or_lowers(world, lab):
    arrive(world, lab, in_groups("owners", "research", "admins"))
    founder, administrator = world.actor("founder"), world.actor("administrator-corp")

    with pytest.raises(ConflictError, match="A group of Corp"), world.begin(founder) as work:
        organisation_members.set_role(work, "lab", "writer", OrganisationRole.MEMBER, now=NOON)
    with pytest.raises(ConflictError, match="A group of Corp"), world.begin(founder) as work:
        organisation_members.remove(work, "lab", "writer")
    with pytest.raises(ConflictError, match="identity provider"), world.begin(founder) as work:
        teams.remove_member(work, "lab/research", "writer")
    with (
        pytest.raises(ConflictError, match="identity provider"),
        world.begin(administrator) as work,
    ):
        users.change_role(work, "writer", InstanceRole.USER)


def test_a_person_may_give_more_than_a_group_and_that_stays(world, lab):
    arrive(world, lab, in_groups("auditors"))
    with world.begin(world.actor("founder")) as work:
        organisation_members.set_role(work, "lab", "writer", OrganisationRole.OWNER, now=NOON)

    arrive(world, lab, in_groups())

    assert memberships(world)[0] is OrganisationRole.OWNER


def test_who_leaves_an_organisation_by_their_groups_loses_all_that_they_had_there(world, lab):
    world.repository("lab/notes")
    arrive(world, lab, in_groups("auditors"))
    world.grant("writer", Role.WRITER, "lab/notes")
    with world.begin(world.actor("founder")) as work:
        teams.add_member(work, "lab/research", "writer", now=NOON)

    arrive(world, lab, in_groups())

    assert memberships(world) == (None, False)
    assert "repo.role_withdrawn" in world.events()


def test_the_appliance_keeps_an_administrator_whatever_the_groups_say(world, lab):
    arrive(world, lab, in_groups("admins"))
    assert world.actor("writer").instance_role is InstanceRole.ADMINISTRATOR
    with world.begin(world.actor("writer")) as work:
        users.suspend(work, "administrator-corp", now=NOON)

    arrive(world, lab, in_groups())

    assert world.actor("writer").instance_role is InstanceRole.ADMINISTRATOR


def test_two_providers_give_together_and_each_takes_only_its_own(world, lab):
    arrived = arrive(world, lab, in_groups("auditors"))
    administrator = world.actor("administrator-corp")
    other = provider(world, "other", administrator=administrator)
    rule(world, administrator, "other", OWNERS)
    with world.begin(administrator) as work:
        identity_links.link(work, "writer", "other", "o-1", now=NOON)
    theirs = claims("o-1", groups=frozenset({"owners"}))
    assert arrive(world, other, theirs).user_id == arrived.user_id
    assert memberships(world)[0] is OrganisationRole.OWNER

    arrive(world, other, claims("o-1", groups=frozenset()))

    assert memberships(world)[0] is OrganisationRole.AUDITOR


def test_a_new_rule_reaches_those_who_are_known_and_a_removed_one_leaves_them(world, lab):
    arrive(world, lab, in_groups("readers"))
    administrator = world.actor("administrator-corp")
    made = rule(
        world, administrator, "corp", GroupRule("readers", Gives.ORGANISATION, "lab", "member")
    )
    settle(world, lab)
    assert memberships(world)[0] is OrganisationRole.MEMBER

    with world.begin(administrator) as work:
        group_rules.remove(work, "corp", made.id)
    settle(world, lab)

    assert memberships(world)[0] is None


def test_settling_goes_on_where_it_stopped(world, lab):
    for number in range(5):
        arrive(world, lab, claims(f"s-{number}", f"person-{number}", groups=frozenset({"later"})))
    administrator = world.actor("administrator-corp")
    rule(world, administrator, "corp", GroupRule("later", Gives.TEAM, "lab/research"))

    assert settle(world, lab, limit=2) == 3

    assert [memberships(world, f"person-{number}")[1] for number in range(5)] == [True] * 5


def test_deleting_a_provider_takes_what_it_gave_and_says_before_what_that_is(world, lab):
    arrive(world, lab, in_groups("research", "owners"))
    administrator = world.actor("administrator-corp")
    with world.reading(administrator) as work:
        would = identity_providers.consequences(work, "corp")
    assert (would.identities, would.rules, would.left_without_a_way_in) == (1, 4, 1)
    with pytest.raises(ConflictError, match="Disable"), world.begin(administrator) as work:
        identity_providers.delete(work, "corp", now=NOON)
    with world.begin(administrator) as work:
        identity_providers.switch(work, "corp", is_enabled=False, now=NOON)
        identity_providers.delete(work, "corp", now=NOON)

    assert memberships(world) == (None, False)
    assert world.events()[-1] == "auth.provider_deleted"


def test_a_person_page_says_which_group_gives_what(world, lab):
    arrive(world, lab, in_groups("research", "owners", "unknown"))
    with world.reading(world.actor("administrator-corp")) as work:
        found = identity_links.of_user(work, "writer")

    assert [(each.group, each.target) for each in found[0].gives] == [
        ("owners", "lab"),
        ("research", "lab/research"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        GroupRule("", Gives.INSTANCE, "", "auditor"),
        GroupRule("g", Gives.TEAM, "lab"),
        GroupRule("g", Gives.TEAM, "lab/research", "owner"),
        GroupRule("g", Gives.ORGANISATION, "lab", "administrator"),
        GroupRule("g", Gives.ORGANISATION, "", "owner"),
        GroupRule("g", Gives.INSTANCE, "lab", "auditor"),
        GroupRule("g", Gives.INSTANCE, "", "user"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(world, lab, wrong):
    with pytest.raises(InvalidError):
        rule(world, world.actor("administrator-corp"), "corp", wrong)


def test_settled_roles_read_like_a_table():
    order = ("member", "auditor", "owner")
    corp = Provided("auditor", NOON)
    rows = [
        (None, None, None),
        (None, corp, Held("auditor", NOON)),
        (Held("member"), None, Held("member")),
        (Held("member"), corp, Held("auditor", NOON, "member")),
        (Held("owner"), corp, Held("owner")),
        (Held("auditor", NOON), None, None),
        (Held("auditor", NOON, "member"), None, Held("member")),
        (Held("auditor", NOON, "member"), corp, Held("auditor", NOON, "member")),
    ]
    assert [settled(held, said, order) for held, said, _ in rows] == [row[2] for row in rows]


def settle(world, by, *, limit=100):
    after, turns = None, 0
    while True:
        turns += 1
        with world.begin(appliance()) as work:
            after = provided_rights.settle_some(
                work,
                by.provider.id,
                after=after,
                limit=limit,
                now=NOON + timedelta(minutes=turns),
            )
        if after is None:
            return turns
