"""Teams: who keeps them, how they nest, and who is in them."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from appliance.db.organisations import Team
from appliance.db.repositories import Grant
from appliance.domain.identity import stranger
from appliance.domain.permissions import OrganisationRole, Role, Visibility
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import teams
from tests.world import NOON

MEMBER, OWNER = OrganisationRole.MEMBER, OrganisationRole.OWNER

VERBS = {
    "create": lambda work: teams.create(work, "lab", name="readers", now=NOON),
    "change": lambda work: teams.change(work, "lab/authors", {"description": "They write."}),
    "delete": lambda work: teams.delete(work, "lab/authors"),
    "add": lambda work: teams.add_member(work, "lab/authors", "other", now=NOON),
    "remove": lambda work: teams.remove_member(work, "lab/authors", "writer"),
}
EVENTS = {
    "create": "team.created",
    "change": "team.changed",
    "delete": "team.deleted",
    "add": "team.member_added",
    "remove": "team.member_removed",
}


@pytest.fixture
def lab(world):
    """An organisation with a team of one, an owner, and a member outside the team."""
    world.organisation("lab")
    for name, role in (("owner", OWNER), ("writer", MEMBER), ("other", MEMBER)):
        world.user(name, member=role, of="lab")
    world.team("lab/authors", "writer")
    return world


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["owner", "administrator", "member", "outsider", "stranger"])
def test_who_may_do_what_to_a_team(lab, verb, who):
    actor = {
        "owner": lambda: lab.actor("owner"),
        "administrator": lab.administrator,
        "member": lambda: lab.actor("other"),
        "outsider": lab.user,
        "stranger": stranger,
    }[who]()
    refusal = {"owner": None, "administrator": None, "member": RefusedError}.get(who, HiddenError)
    with pytest.raises(refusal) if refusal else nullcontext(), lab.begin(actor) as work:
        VERBS[verb](work)
    remembered = [] if who == "stranger" else ["access.refused"]
    assert lab.events() == (remembered if refusal else [EVENTS[verb]])


def test_teams_are_for_members_to_see(lab):
    lab.repository("lab/notes", visibility=Visibility.INTERNAL)
    for actor, names in ((lab.actor("other"), ["authors"]), (lab.user("outsider"), [])):
        with lab.reading(actor) as work:
            assert [each.team.name for each in teams.list_teams(work, "lab").items] == names
    with pytest.raises(HiddenError), lab.reading(lab.actor("outsider")) as work:
        teams.show(work, "lab/authors")
    with lab.reading(lab.actor("other")) as work:
        shown = teams.show(work, "LAB/Authors")
        assert (shown.team.name, shown.members, shown.parent) == ("authors", 1, None)
        assert [each.name for each in teams.list_members(work, "lab/authors").items] == ["writer"]
        mine = teams.list_of_user(work, "lab", "writer")
        assert [each.name for each in mine] == ["authors"]


def test_a_team_inside_another_says_so(lab):
    with lab.begin(lab.actor("owner")) as work:
        teams.create(work, "lab", name="poets", parent="authors", now=NOON)
    with lab.reading(lab.actor("owner")) as work:
        listed = teams.list_teams(work, "lab").items
    assert [(each.team.name, each.members, each.parent) for each in listed] == [
        ("authors", 1, None),
        ("poets", 0, "authors"),
    ]


@pytest.mark.parametrize(
    ("name", "parent", "refusal"),
    [
        ("AUTHORS", None, ConflictError),
        ("not a name", None, InvalidError),
        ("poets", "nobody", InvalidError),
    ],
)
def test_a_team_that_makes_no_sense_is_not_created(lab, name, parent, refusal):
    with pytest.raises(refusal), lab.begin(lab.actor("owner")) as work:
        teams.create(work, "lab", name=name, parent=parent, now=NOON)
    assert lab.events() == []


def test_a_team_changes_its_name_and_place(lab):
    lab.team("lab/outer")
    owner = lab.actor("owner")
    with lab.begin(owner) as work:
        teams.change(work, "lab/authors", {"name": "Writers", "parent": "outer"})
    with lab.reading(owner) as work:
        assert teams.show(work, "lab/writers").parent == "outer"
    with pytest.raises(ConflictError), lab.begin(owner) as work:
        teams.change(work, "lab/writers", {"name": "outer"})
    with lab.begin(owner) as work:
        teams.change(work, "lab/writers", {"parent": None, "name": "writers"})
    with lab.reading(owner) as work:
        assert teams.show(work, "lab/writers").parent is None


@pytest.mark.parametrize("outer", ["authors", "poets", "sonnets"])
def test_a_team_is_never_inside_itself(lab, outer):
    lab.team("lab/poets", parent="authors")
    lab.team("lab/sonnets", parent="poets")
    with pytest.raises(ConflictError, match="inside"), lab.begin(lab.actor("owner")) as work:
        teams.change(work, "lab/authors", {"parent": outer})


def test_teams_nest_only_so_deep(lab):
    owner = lab.actor("owner")
    parent = "authors"
    for number in range(2, teams.DEEPEST + 1):
        lab.team(f"lab/level-{number}", parent=parent)
        parent = f"level-{number}"
    with pytest.raises(InvalidError), lab.begin(owner) as work:
        teams.create(work, "lab", name="deeper", parent=parent, now=NOON)
    lab.team("lab/around")
    with pytest.raises(InvalidError), lab.begin(owner) as work:
        teams.change(work, "lab/authors", {"parent": "around"})


def test_a_team_with_teams_inside_is_not_deleted_and_its_roles_end_with_it(lab):
    lab.repository("lab/notes")
    lab.team("lab/poets", parent="authors")
    lab.grant("lab/authors", Role.WRITER, "lab/notes")
    owner = lab.actor("owner")
    with pytest.raises(ConflictError, match="poets"), lab.begin(owner) as work:
        teams.delete(work, "lab/authors")
    for path in ("lab/poets", "lab/authors"):
        with lab.begin(owner) as work:
            teams.delete(work, path)
    assert lab.one(sa.select(Team)) is None
    assert lab.one(sa.select(Grant)) is None


def test_only_members_of_the_organisation_join_and_only_once(lab):
    lab.user("outsider")
    for name in ("outsider", "writer"):
        with pytest.raises(ConflictError, match=name), lab.begin(lab.actor("owner")) as work:
            teams.add_member(work, "lab/authors", name, now=NOON)
    assert lab.events() == []


def test_anybody_may_leave(lab):
    with lab.begin(lab.actor("writer")) as work:
        teams.remove_member(work, "lab/authors", "writer")
    with pytest.raises(HiddenError), lab.begin(lab.actor("writer")) as work:
        teams.remove_member(work, "lab/authors", "writer")
    assert lab.events() == ["team.member_removed", "access.refused"]
