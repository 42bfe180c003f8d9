"""Organisations: who may do what, who belongs, and that an owner always remains."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace

import pytest
import sqlalchemy as sa

from appliance.db.organisations import Membership, Organisation, Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.domain.identity import Method, stranger
from appliance.domain.permissions import (
    InstanceRole,
    OrganisationRole,
    Permission,
    Role,
    Visibility,
)
from appliance.errors import (
    ApplianceError,
    ConflictError,
    ElevationRequiredError,
    HiddenError,
    InvalidError,
    MovedError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import organisation_members, organisations, users
from tests.world import NOON

MEMBER, OWNER = OrganisationRole.MEMBER, OrganisationRole.OWNER

VERBS = {
    "change": lambda work: organisations.change(work, "lab", {"display_name": "The Lab"}),
    "rename": lambda work: organisations.rename(work, "lab", "workshop"),
    "delete": lambda work: organisations.delete(work, "lab", now=NOON),
    "add": lambda work: organisation_members.set_role(work, "lab", "newcomer", MEMBER, now=NOON),
    "promote": lambda work: organisation_members.set_role(work, "lab", "other", OWNER, now=NOON),
    "remove": lambda work: organisation_members.remove(work, "lab", "other"),
}
EVENTS = {
    "change": "org.changed",
    "rename": "org.renamed",
    "delete": "org.deleted",
    "add": "org.member_added",
    "promote": "org.member_role_changed",
    "remove": "org.member_removed",
}


def member(world, role, name="somebody"):
    return world.user(name, member=role, of="lab")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "who",
    ["owner", "administrator", "member", "security_officer", "auditor", "outsider", "stranger"],
)
def test_who_may_do_what_to_an_organisation(world, verb, who):
    world.organisation("lab")
    member(world, MEMBER, "other")
    world.user("newcomer")
    actor = {
        "administrator": world.administrator,
        "outsider": world.user,
        "stranger": stranger,
    }.get(who, lambda: member(world, OrganisationRole(who)))()
    refusal = {
        "owner": None,
        "administrator": None,
        "outsider": HiddenError,
        "stranger": HiddenError,
    }.get(who, RefusedError)
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        VERBS[verb](work)
    remembered = [] if who == "stranger" else ["access.refused"]
    assert world.events() == (remembered if refusal else [EVENTS[verb]])


@pytest.mark.parametrize("verb", ["rename", "delete"])
def test_a_browser_confirms_before_what_cannot_be_undone(world, verb):
    world.organisation("lab")
    actor = member(world, OWNER)
    actor = replace(actor, origin=replace(actor.origin, method=Method.SESSION))
    with pytest.raises(ElevationRequiredError), world.begin(actor) as work:
        VERBS[verb](work)
    with world.begin(replace(actor, is_elevated=True)) as work:
        VERBS[verb](work)


@pytest.mark.parametrize(
    ("who", "is_open", "refusal"),
    [
        ("user", True, None),
        ("user", False, RefusedError),
        ("administrator", False, None),
        ("stranger", True, UnauthenticatedError),
    ],
)
def test_who_creates_an_organisation_owns_it(world, who, is_open, refusal):
    make = {"user": world.user, "administrator": world.administrator, "stranger": stranger}
    actor = make[who]()
    world.configure(CODARA_ACCESS__USERS_CREATE_ORGANISATIONS=str(is_open).lower())
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        organisations.create(work, name="lab", description="Where we try things.", now=NOON)
    if refusal:
        assert world.one(sa.select(Organisation)) is None
        return
    owner = world.one(sa.select(Membership))
    assert (owner.user_id, owner.role) == (actor.id, OWNER)
    assert world.events() == ["org.created"]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "writer"}, ConflictError),
        ({"name": "LAB"}, ConflictError),
        ({"name": "a/b"}, InvalidError),
        ({"name": "settings"}, InvalidError),
        ({"name": "new-lab", "description": "x" * 501}, InvalidError),
    ],
)
def test_names_are_shared_with_users(world, fields, refusal):
    writer = world.user("writer")
    world.organisation("lab")
    with pytest.raises(refusal), world.begin(writer) as work:
        organisations.create(work, **fields, now=NOON)
    assert world.events() == []


@pytest.mark.parametrize(
    ("changes", "stored"),
    [
        ({"base_role": Role.READER}, {"base_role": Role.READER}),
        ({"base_role": None}, {"base_role": None}),
        ({"members_create_repositories": False}, {"members_create_repositories": False}),
        ({"display_name": " The  Lab "}, {"display_name": "The Lab"}),
        ({"description": "Things."}, {"description": "Things."}),
    ],
)
def test_an_owner_changes_what_is_named_and_nothing_else(world, changes, stored):
    world.organisation("lab", base_role=Role.WRITER)
    before = world.one(sa.select(Organisation))
    with world.begin(member(world, OWNER)) as work:
        organisations.change(work, "lab", changes)
    after = world.one(sa.select(Organisation))
    for field in ("base_role", "members_create_repositories", "display_name", "description"):
        assert getattr(after, field) == stored.get(field, getattr(before, field))


def test_only_an_administrator_sets_a_quota(world):
    world.organisation("lab")
    owner, administrator = member(world, OWNER), world.administrator()
    with pytest.raises(RefusedError), world.begin(owner) as work:
        organisations.change(work, "lab", {"quota_bytes": 0})
    with pytest.raises(InvalidError), world.begin(administrator) as work:
        organisations.change(work, "lab", {"quota_bytes": -1})
    with world.begin(administrator) as work:
        assert organisations.change(work, "lab", {"quota_bytes": 10**12}).quota_bytes == 10**12


def test_an_old_name_redirects_whoever_may_see_the_organisation(world):
    world.repository("lab/notes")
    owner, outsider = member(world, OWNER), world.user("outsider")
    with world.begin(owner) as work:
        organisations.rename(work, "lab", "workshop")
    assert world.one(sa.select(Repository)).path == "workshop/notes"
    with pytest.raises(MovedError) as moved, world.reading(owner) as work:
        organisations.show(work, "LAB")
    assert moved.value.path == "workshop"
    with pytest.raises(MovedError), world.reading(owner) as work:
        users.show_owner(work, "lab")
    with pytest.raises(HiddenError) as hidden, world.reading(outsider) as work:
        organisations.show(work, "lab")
    assert not isinstance(hidden.value, MovedError)


def test_an_organisation_with_repositories_is_not_deleted(world):
    repository = world.repository("lab/notes")
    owner = member(world, OWNER)
    world.team("lab/outer", "somebody")
    world.team("lab/inner", parent="outer")
    world.grant("lab/inner", Role.WRITER, "lab/notes")
    with pytest.raises(ConflictError, match="has repositories"), world.begin(owner) as work:
        organisations.delete(work, "lab", now=NOON)
    with world.wiring.database.engine.begin() as connection:
        binned = sa.update(Repository).where(Repository.id == repository.id)
        connection.execute(binned.values(deleted_at=NOON))
    with world.begin(owner) as work:
        organisations.delete(work, "lab", now=NOON)
    for table in (Membership, Team, TeamMembership, Grant):
        assert world.one(sa.select(table)) is None
    with pytest.raises(HiddenError), world.reading(world.administrator()) as work:
        organisations.show(work, "lab")
    with world.begin(world.user("next")) as work:
        organisations.create(work, name="lab", now=NOON)


@pytest.mark.parametrize(
    ("who", "sees", "sees_members"),
    [
        ("member", True, True),
        ("administrator", True, True),
        ("instance auditor", True, True),
        ("reader of a repository", True, False),
        ("outsider", False, False),
    ],
)
def test_who_sees_an_organisation_and_its_members(world, who, sees, sees_members):
    world.repository("lab/notes")
    world.organisation("elsewhere")
    member(world, OWNER, "owner")
    actor = {
        "member": lambda: member(world, MEMBER),
        "administrator": world.administrator,
        "instance auditor": lambda: world.user(instance=InstanceRole.AUDITOR),
        "reader of a repository": lambda: world.user(role=Role.READER, on="lab/notes"),
        "outsider": world.user,
    }[who]()
    with nullcontext() if sees else pytest.raises(HiddenError), world.reading(actor) as work:
        assert organisations.show(work, "lab").name == "lab"
    with world.reading(actor) as work:
        listed = [each.name for each in organisations.list_organisations(work).items]
    assert ("lab" in listed) == sees
    refusal = None if sees_members else (RefusedError if sees else HiddenError)
    with pytest.raises(refusal) if refusal else nullcontext(), world.reading(actor) as work:
        assert "owner" in [
            each.user.name for each in organisation_members.listed(work, "lab").items
        ]


def test_a_users_organisations_are_those_the_asker_sees(world):
    world.repository("lab/notes", visibility=Visibility.INTERNAL)
    world.organisation("secret")
    world.user("writer", member=MEMBER, of="lab")
    world.join("writer", "secret")
    for actor, names in ((world.actor("writer"), ["lab", "secret"]), (world.user(), ["lab"])):
        with world.reading(actor) as work:
            page = organisations.list_of_user(work, "writer")
        assert [each.name for each in page.items] == names


def test_what_one_may_do_is_told_for_the_buttons(world):
    world.organisation("lab")
    with world.reading(member(world, MEMBER)) as work:
        assert Permission.ORGANISATION_MEMBERS not in organisations.allowed(work, "lab")
    with world.reading(member(world, OWNER, "owner")) as work:
        assert Permission.ORGANISATION_MEMBERS in organisations.allowed(work, "lab")


def test_a_member_is_added_once_and_nobody_suspended(world):
    world.organisation("lab")
    owner = member(world, OWNER)
    world.user("writer")
    for _ in range(2):
        with world.begin(owner) as work:
            organisation_members.set_role(work, "lab", "writer", MEMBER, now=NOON)
    assert world.events() == ["org.member_added"]
    world.user("former")
    with world.begin(world.administrator()) as work:
        users.suspend(work, "former", now=NOON)
    with pytest.raises(ConflictError), world.begin(owner) as work:
        organisation_members.set_role(work, "lab", "former", MEMBER, now=NOON)
    with pytest.raises(HiddenError), world.begin(owner) as work:
        organisation_members.set_role(work, "lab", "nobody", MEMBER, now=NOON)


def test_who_leaves_loses_teams_and_roles_there(world):
    world.repository("lab/notes")
    world.repository("elsewhere/notes")
    member(world, OWNER, "owner")
    writer = member(world, MEMBER, "writer")
    world.team("lab/authors", "writer")
    world.grant("writer", Role.WRITER, "lab/notes")
    world.grant("writer", Role.WRITER, "elsewhere/notes")
    with world.begin(writer) as work:
        organisation_members.remove(work, "lab", "writer")
    assert world.one(sa.select(TeamMembership)) is None
    assert world.one(sa.select(sa.func.count()).select_from(Grant)) == 1
    assert world.events() == ["repo.role_withdrawn", "org.member_removed"]
    with pytest.raises(HiddenError), world.begin(world.actor("owner")) as work:
        organisation_members.remove(work, "lab", "writer")


@pytest.mark.parametrize("verb", ["remove", "demote"])
def test_the_last_owner_remains(world, verb):
    world.organisation("lab")
    owner = member(world, OWNER)

    def go(actor):
        with world.begin(actor) as work:
            if verb == "remove":
                organisation_members.remove(work, "lab", "somebody")
            else:
                organisation_members.set_role(work, "lab", "somebody", MEMBER, now=NOON)

    for actor in (owner, world.administrator()):
        with pytest.raises(ConflictError, match="needs an owner"):
            go(actor)
    member(world, OWNER, "second")
    go(owner)


def test_two_owners_cannot_remove_each_other_at_once(world):
    world.organisation("lab")
    member(world, OWNER, "first")
    member(world, OWNER, "second")
    start, outcomes = threading.Barrier(2), []

    def remove(actor, name):
        start.wait()
        try:
            with world.begin(actor) as work:
                organisation_members.remove(work, "lab", name)
            outcomes.append("done")
        except ApplianceError as error:
            outcomes.append(error.code)

    pairs = (("first", "second"), ("second", "first"))
    threads = [
        threading.Thread(target=remove, args=(world.actor(actor), name)) for actor, name in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["conflict", "done"], ["done", "not_found"])
    assert world.one(sa.select(sa.func.count()).select_from(Membership)) == 1


def test_members_are_paged_by_name(world):
    world.organisation("lab")
    for name in ("writer", "Auditor", "maintainer"):
        member(world, OWNER, name)
    names, after = [], None
    while True:
        with world.reading(world.actor("maintainer")) as work:
            page = organisation_members.listed(work, "lab", after=after, limit=2)
        names.append([each.user.name for each in page.items])
        after = page.next
        if after is None:
            break
    assert names == [["Auditor", "maintainer"], ["writer"]]


@pytest.mark.promise("P10")
def test_a_hidden_organisation_and_nobody_are_told_in_the_same_words(world):
    world.organisation("lab")
    said = []
    for name in ("lab", "unheard-of"):
        with pytest.raises(HiddenError) as raised, world.reading(world.user()) as work:
            users.show_owner(work, name)
        said.append(str(raised.value).replace(name, "NAME"))
    assert said[0] == said[1]
    with world.reading(member(world, MEMBER)) as work:
        assert users.show_owner(work, "lab").name == "lab"
        assert users.show_owner(work, "somebody").name == "somebody"


def test_to_change_nothing_is_no_event(world):
    world.organisation("lab")
    actor = member(world, OWNER)
    with world.begin(actor) as work:
        organisations.change(work, "lab", {})
        users.change(work, None, {})
    assert world.events() == []
