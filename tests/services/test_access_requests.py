"""Asking for access and answering: who may answer, what is given, and that it ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.access import grants
from appliance.db.access_requests import AccessRequest, TemporaryRight
from appliance.db.organisations import Membership, TeamMembership
from appliance.db.repositories import Grant
from appliance.domain.access_requests import (
    AccessRule,
    Approvers,
    RequestState,
    Thing,
    Wish,
)
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Permission, Role
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import (
    access_answers,
    access_requests,
    access_rules,
    organisation_members,
    organisations,
    repositories,
    repository_access,
    teams,
    temporary_rights,
)
from appliance.services.access_answers import Terms

DAY = 24


def present():
    return datetime.now(UTC)


@pytest.fixture
def lab(world):
    """An organisation with an owner, a member, and somebody who knows nothing of it."""
    world.administrator()
    world.repository("lab/notes")
    for name, role in (("owner", OrganisationRole.OWNER), ("member", OrganisationRole.MEMBER)):
        world.user(name, member=role, of="lab")
    world.user("asker")
    return world


def ask(world, name="lab/notes", *, who="asker", thing=Thing.REPOSITORY, role=Role.READER, hours=8):
    wish = Wish(thing, name, role if thing is Thing.REPOSITORY else None, hours, "for the audit")
    with world.begin(world.actor(who)) as work:
        return access_requests.ask(work, wish, now=present()).request


def approve(world, request, *, who="owner", terms=None, now=None):
    with world.begin(world.actor(who)) as work:
        return access_answers.approve(work, request.id, terms or Terms(), now=now or present())


def given(world, name="lab/notes", *, who="asker", thing=Thing.REPOSITORY, role=Role.READER):
    return approve(world, ask(world, name, who=who, thing=thing, role=role))


def role_of(world, who="asker", path="lab/notes"):
    with world.reading(world.actor(who)) as work:
        return grants.role_on(work, world._repository(path))


def lapse(world, request):
    """Let its time be over, as if it had come, and nobody has tidied up."""
    past = present() - timedelta(seconds=1)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(
            sa.text("UPDATE temporary_rights SET expires_at = :past").bindparams(
                sa.bindparam("past", past, TemporaryRight.expires_at.type)
            )
        )
        session.execute(
            sa.text("UPDATE access_requests SET ends_at = :past").bindparams(
                sa.bindparam("past", past, TemporaryRight.expires_at.type)
            )
        )
    assert request


def statements_of(world, name, thing):
    """What is asked of the database while somebody asks for access."""
    statements, engine = [], world.wiring.database.engine

    def note(_connection, _cursor, statement, _values, _context, _many):
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    ask(world, name, thing=thing)
    sa.event.remove(engine, "before_cursor_execute", note)
    return statements


@pytest.mark.promise("P52")
def test_what_was_given_ends_by_itself_whatever_runs(lab):
    request = given(lab, role=Role.WRITER)
    assert role_of(lab) is Role.WRITER
    with lab.reading(lab.actor("asker")) as work:
        assert [each.path for each in repositories.listed(work).items] == ["lab/notes"]

    lapse(lab, request)

    assert lab.one(sa.select(TemporaryRight.id)) is not None
    assert role_of(lab) is None
    with lab.reading(lab.actor("asker")) as work:
        assert repositories.listed(work).items == []
    with lab.begin(appliance()) as work:
        assert temporary_rights.is_due(work, now=present())
        assert temporary_rights.tidy(work, limit=10, now=present()) == 1
    assert lab.recorded("role.access_ended")[-1].body["why"] == "time"
    assert lab.one(sa.select(TemporaryRight.id)) is None


@pytest.mark.promise("P52")
@pytest.mark.parametrize(
    ("thing", "name"), [(Thing.TEAM, "lab/writers"), (Thing.ORGANISATION, "lab")]
)
def test_belonging_ends_by_itself_too(lab, thing, name):
    lab.team("lab/writers")
    lab.grant("lab/writers", Role.WRITER, "lab/notes")
    request = given(lab, name, thing=thing)

    with lab.reading(lab.actor("asker")) as work:
        assert organisations.show(work, "lab").name == "lab"
        assert Permission.ORGANISATION_READ in organisations.allowed(work, "lab")
    assert role_of(lab) is (Role.WRITER if thing is Thing.TEAM else None)

    lapse(lab, request)

    with lab.reading(lab.actor("asker")) as work, pytest.raises(HiddenError):
        organisations.show(work, "lab")
    assert role_of(lab) is None


def test_the_base_role_comes_with_belonging_for_a_time(world):
    world.organisation("works", base_role=Role.READER)
    world.repository("works/plans")
    world.user("owner", member=OrganisationRole.OWNER, of="works")
    world.user("asker")
    given(world, "works", thing=Thing.ORGANISATION)
    assert role_of(world, path="works/plans") is Role.READER


def test_nobody_answers_their_own(lab):
    request = ask(lab, who="member", role=Role.WRITER)
    with (
        lab.begin(lab.actor("member")) as work,
        pytest.raises(RefusedError, match="your own request"),
    ):
        access_answers.approve(work, request.id, Terms(), now=present())
    owns = ask(lab, who="owner", name="other/thing")
    with lab.begin(lab.actor("owner")) as work, pytest.raises(RefusedError):
        access_answers.approve(work, owns.id, Terms(), now=present())


@pytest.mark.parametrize("who", ["asker2", "member"])
def test_who_may_not_answer_sees_no_request(lab, who):
    lab.user("asker2")
    request = ask(lab)
    with lab.begin(lab.actor(who)) as work, pytest.raises(HiddenError):
        access_answers.refuse(work, request.id, "no", now=present())
    with lab.reading(lab.actor(who)) as work:
        assert access_answers.listed(work, now=present()).items == []


@pytest.mark.parametrize(
    ("approvers", "may"),
    [
        (Approvers.ORGANISATION_OWNERS, {"owner"}),
        (Approvers.OWNERS, {"owner", "repository-owner"}),
        (Approvers.MAINTAINERS, {"owner", "repository-owner", "maintainer"}),
    ],
)
def test_owners_say_who_answers(lab, approvers, may):
    for name, role in (("repository-owner", Role.OWNER), ("maintainer", Role.MAINTAINER)):
        lab.user(name, role=role, on="lab/notes")
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", AccessRule(approvers=approvers))
    ask(lab)
    ask(lab, "lab", thing=Thing.ORGANISATION)
    for name in ("owner", "repository-owner", "maintainer"):
        with lab.reading(lab.actor(name)) as work:
            found = access_answers.listed(work, now=present()).items
        seen = {each.request.thing for each in found}
        assert (Thing.REPOSITORY in seen) is (name in may), name
        assert (Thing.ORGANISATION in seen) is (name == "owner"), name


def test_a_role_for_a_time_gives_no_say(lab):
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", AccessRule(highest_role=Role.OWNER))
    given(lab, who="member", role=Role.OWNER)
    request = ask(lab)
    with lab.begin(lab.actor("member")) as work, pytest.raises(HiddenError):
        access_answers.approve(work, request.id, Terms(), now=present())


def test_nobody_gives_more_than_they_have(lab):
    lab.user("maintainer", role=Role.MAINTAINER, on="lab/notes")
    rule = AccessRule(approvers=Approvers.MAINTAINERS, highest_role=Role.OWNER)
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", rule)
    request = ask(lab, role=Role.OWNER)
    with lab.begin(lab.actor("maintainer")) as work, pytest.raises(RefusedError, match="your own"):
        access_answers.approve(work, request.id, Terms(), now=present())
    approve(lab, request, who="maintainer", terms=Terms(role=Role.MAINTAINER))
    assert role_of(lab) is Role.MAINTAINER


def test_less_is_given_than_was_asked_for_and_never_more(lab):
    request = ask(lab, role=Role.WRITER, hours=3 * DAY)
    for terms in (Terms(role=Role.OWNER), Terms(hours=4 * DAY), Terms(is_endless=True)):
        with pytest.raises(InvalidError):
            approve(lab, request, terms=terms)
    now = present()
    made = approve(lab, request, terms=Terms(Role.READER, DAY), now=now)
    assert (made.given_role, made.ends_at) == (Role.READER, now + timedelta(days=1))
    assert role_of(lab) is Role.READER
    with pytest.raises(ConflictError, match="no longer open"):
        approve(lab, request)


def test_the_rule_limits_what_is_asked_for_where_one_sees_it(lab):
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", AccessRule(longest_hours=8, highest_role=Role.WRITER))
    lab.grant("member", Role.READER, "lab/notes")
    for wrong in ({"hours": 9}, {"hours": None}, {"role": Role.OWNER}):
        with pytest.raises(InvalidError):
            ask(lab, who="member", **({"role": Role.WRITER} | wrong))
    with pytest.raises(ConflictError, match="already have this access"):
        ask(lab, who="member", role=Role.READER)
    hidden = ask(lab, hours=900)
    with pytest.raises(InvalidError):
        approve(lab, hidden)
    approve(lab, hidden, terms=Terms(hours=8))


def test_what_owners_closed_takes_no_requests(lab):
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", AccessRule(is_open=False))
    lab.grant("member", Role.READER, "lab/notes")
    with pytest.raises(ConflictError, match="do not accept access requests"):
        ask(lab, who="member", role=Role.WRITER)
    ask(lab)
    with lab.reading(lab.actor("owner")) as work:
        assert access_answers.listed(work, now=present()).items == []


@pytest.mark.promise("P53")
@pytest.mark.parametrize(
    ("thing", "there", "nowhere"),
    [
        (Thing.REPOSITORY, "lab/notes", "lab/never"),
        (Thing.TEAM, "lab/writers", "lab/nobody2"),
        (Thing.ORGANISATION, "lab", "gal"),
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
def test_asking_takes_as_many_questions_where_there_is_nothing(lab, thing, there, nowhere, is_open):
    lab.team("lab/writers")
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", AccessRule(is_open=is_open, longest_hours=1))
    there_is, there_is_not = (statements_of(lab, name, thing) for name in (there, nowhere))
    assert there_is == there_is_not


def test_an_endless_wish_becomes_what_was_given_by_hand(lab):
    lab.team("lab/writers")
    with lab.begin(lab.actor("owner")) as work:
        access_rules.change(work, "lab", AccessRule(allows_endless=True))
    approve(lab, ask(lab, role=Role.WRITER, hours=None))
    assert lab.one(sa.select(Grant.role)) is Role.WRITER
    approve(lab, ask(lab, "lab/writers", thing=Thing.TEAM, hours=None))
    user_id = lab._user("asker").id
    assert lab.one(sa.select(TeamMembership).where(TeamMembership.user_id == user_id))
    assert lab.one(sa.select(Membership).where(Membership.user_id == user_id))
    assert lab.one(sa.select(TemporaryRight)) is None
    assert {"repo.role_granted", "org.member_added", "team.member_added"} <= set(lab.events())


def test_it_is_prolonged_and_ended_early(lab):
    request = given(lab)
    now = present()
    with lab.begin(lab.actor("owner")) as work, pytest.raises(ConflictError, match="lasts longer"):
        temporary_rights.prolong(work, request.id, 1, "again", now=now)
    with lab.begin(lab.actor("owner")) as work, pytest.raises(InvalidError):
        temporary_rights.prolong(work, request.id, 31 * DAY, "again", now=now)
    with lab.begin(lab.actor("asker")) as work, pytest.raises(RefusedError):
        temporary_rights.prolong(work, request.id, 9, "again", now=now)
    with lab.begin(lab.actor("owner")) as work:
        temporary_rights.prolong(work, request.id, 9, "again", now=now)
    assert lab.one(sa.select(TemporaryRight.expires_at)) == now + timedelta(hours=9)
    with lab.begin(lab.actor("owner")) as work, pytest.raises(InvalidError):
        temporary_rights.end(work, request.id, now=present())
    with lab.begin(lab.actor("asker")) as work:
        temporary_rights.end(work, request.id, now=present())
    assert role_of(lab) is None
    assert lab.recorded("role.access_ended")[-1].body["why"] == "early"
    with lab.begin(lab.actor("owner")) as work, pytest.raises(ConflictError):
        temporary_rights.prolong(work, request.id, 9, "again", now=present())


def test_a_request_is_withdrawn_refused_or_ends_unanswered(lab):
    request = ask(lab)
    with pytest.raises(ConflictError, match="already requested"):
        ask(lab, "LAB/Notes")
    with lab.begin(lab.actor("asker")) as work:
        access_requests.withdraw(work, request.id, now=present())
    lab.user("reader", role=Role.READER, on="lab/notes")
    refused = ask(lab, who="reader", role=Role.WRITER)
    with lab.begin(lab.actor("owner")) as work:
        access_answers.refuse(work, refused.id, "not yours", now=present())
    with lab.reading(lab.actor("reader")) as work:
        assert access_requests.show(work, refused.id, now=present()).answer == "not yours"
    late = ask(lab)
    after = present() + timedelta(days=15)
    with pytest.raises(ConflictError):
        approve(lab, late, now=after)
    with lab.reading(lab.actor("asker")) as work:
        assert access_requests.show(work, late.id, now=after).state is RequestState.EXPIRED
    with lab.begin(appliance()) as work:
        assert temporary_rights.tidy(work, limit=10, now=after) == 1
    assert lab.one(sa.select(AccessRequest.state).where(AccessRequest.id == late.id)) is (
        RequestState.EXPIRED
    )
    assert lab.events()[-1] == "role.access_expired"


def test_too_many_requests_wait_for_nobody(lab):
    for number in range(20):
        ask(lab, f"lab/thing{number}")
    with pytest.raises(ConflictError, match="20 open requests"):
        ask(lab)


def test_whoever_is_removed_loses_what_was_given_for_a_time(lab):
    lab.team("lab/writers")
    given(lab, role=Role.WRITER)
    given(lab, "lab/writers", thing=Thing.TEAM)
    with lab.begin(lab.actor("owner")) as work:
        organisation_members.remove(work, "lab", "asker")
    assert role_of(lab) is None
    assert [each.body["why"] for each in lab.recorded("role.access_ended")] == ["removed"] * 2
    with lab.begin(lab.actor("owner")) as work, pytest.raises(HiddenError):
        organisation_members.remove(work, "lab", "asker")


def test_it_is_taken_out_of_a_team_and_off_a_repository_like_any_other(lab):
    lab.team("lab/writers")
    given(lab, "lab/writers", thing=Thing.TEAM)
    given(lab)
    with lab.reading(lab.actor("owner")) as work:
        listed = repository_access.listed(work, "lab/notes")
        assert [(each.name, each.until is not None) for each in listed] == [("asker", True)]
        names = {each.name for each in temporary_rights.listed(work, "lab").items}
        assert names == {"lab/writers", "lab/notes"}
    with lab.begin(lab.actor("owner")) as work:
        teams.remove_member(work, "lab/writers", "asker")
        repository_access.withdraw(work, "lab/notes", "asker")
    assert lab.one(sa.select(TemporaryRight)) is None


def test_what_a_person_gave_stands_beside_it_and_stays(lab):
    lab.grant("asker", Role.READER, "lab/notes")
    request = given(lab, role=Role.WRITER)
    assert role_of(lab) is Role.WRITER
    lapse(lab, request)
    assert role_of(lab) is Role.READER


def test_for_what_is_somebodys_own_they_answer_themselves(world):
    world.user("owner")
    world.repository("owner/diary")
    world.user("asker")
    request = ask(world, "owner/diary")
    approve(world, request)
    assert role_of(world, path="owner/diary") is Role.READER
