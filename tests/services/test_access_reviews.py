"""Access reviews: what is looked at is fixed, nobody decides about themselves, decisions count."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.access_requests import TemporaryRight
from appliance.db.access_reviews import AccessReview, ReviewedRight
from appliance.db.organisations import Membership, TeamMembership
from appliance.db.repositories import Grant
from appliance.domain import events
from appliance.domain.access_requests import Thing
from appliance.domain.access_reviews import (
    AtDueDate,
    Decision,
    Outcome,
    Plan,
    Reviewers,
    Right,
    Source,
)
from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.permissions import InstanceRole, OrganisationRole, Role
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import access_reviews, review_decisions
from tests.services.test_access_requests import given, present
from tests.world import NOON

ALL = (Right.MEMBERSHIP, Right.TEAM, Right.REPOSITORY)


@pytest.fixture
def lab(world):
    world.administrator()
    world.repository("lab/notes")
    for name, role in (
        ("owner", OrganisationRole.OWNER),
        ("second", OrganisationRole.OWNER),
        ("officer", OrganisationRole.SECURITY_OFFICER),
        ("member", OrganisationRole.MEMBER),
    ):
        world.user(name, member=role, of="lab")
    world.team("lab/core", "member")
    world.user("guest", role=Role.WRITER, on="lab/notes")
    world.grant("lab/core", Role.READER, "lab/notes")
    world.user("asker")
    given(world, thing=Thing.REPOSITORY)
    return world


def start(world, who="owner", **changes: object):
    wanted = {
        "name": "Spring",
        "organisation": "lab",
        "rights": ALL,
        "reviewers": Reviewers.OWNERS,
        "due_at": present() + timedelta(days=7),
    } | changes
    with world.begin(world.actor(who)) as work:
        return access_reviews.start(work, Plan(**wanted), now=present())


def item(world, review, name, kind=Right.MEMBERSHIP):
    return world.one(
        sa.select(ReviewedRight).where(
            ReviewedRight.review_id == review.id,
            ReviewedRight.subject_name == name,
            ReviewedRight.kind == kind,
        )
    )


def decide(world, review, right, decision=Decision.REVOKE, *, who="owner", now=None):
    with world.begin(world.actor(who)) as work:
        return review_decisions.decide(
            work, review.id, right.id, decision, "not needed", now=now or present()
        )


def test_what_is_looked_at_is_fixed_when_it_begins(lab):
    review = start(lab)
    lab.user("later", member=OrganisationRole.MEMBER, of="lab")
    with lab.reading(lab.actor("owner")) as work:
        found = review_decisions.listed(work, review.id).items
    assert [(each.kind, each.subject_name, each.role, each.source) for each in found] == [
        (Right.MEMBERSHIP, "member", "member", Source.PERSON),
        (Right.MEMBERSHIP, "officer", "security_officer", Source.PERSON),
        (Right.MEMBERSHIP, "owner", "owner", Source.PERSON),
        (Right.MEMBERSHIP, "second", "owner", Source.PERSON),
        (Right.REPOSITORY, "asker", "reader", Source.REQUEST),
        (Right.REPOSITORY, "guest", "writer", Source.PERSON),
        (Right.REPOSITORY, "lab/core", "reader", Source.PERSON),
        (Right.TEAM, "member", "", Source.PERSON),
    ]
    assert lab.recorded("role.review_started")[0].body["items"] == 8


@pytest.mark.promise("P55")
def test_a_revoke_counts_at_once_and_leaves_the_events_of_its_verb(lab):
    review = start(lab)
    for name, kind, table, event in (
        ("member", Right.TEAM, TeamMembership, "team.member_removed"),
        ("guest", Right.REPOSITORY, Grant, "repo.role_withdrawn"),
        ("lab/core", Right.REPOSITORY, Grant, "repo.role_withdrawn"),
        ("member", Right.MEMBERSHIP, Membership, "org.member_removed"),
        ("asker", Right.REPOSITORY, TemporaryRight, "role.access_ended"),
    ):
        right = item(lab, review, name, kind)
        made = decide(lab, review, right)
        assert made.outcome is Outcome.REVOKED
        assert lab.one(sa.select(table).where(table.id == right.right_id)) is None
        assert lab.events()[-2:] == [event, "role.right_reviewed"]
    told = lab.recorded("role.right_reviewed")[-1].body
    assert (told["kept"], told["result"]) == (False, "revoked")
    with pytest.raises(ConflictError, match="already decided"):
        decide(lab, review, item(lab, review, "guest", Right.REPOSITORY), Decision.KEEP)


@pytest.mark.promise("P54")
def test_nobody_decides_about_their_own(lab):
    review = start(lab)
    with pytest.raises(RefusedError, match="your own"):
        decide(lab, review, item(lab, review, "owner"), Decision.KEEP)
    decide(lab, review, item(lab, review, "owner"), Decision.KEEP, who="second")
    by_name = start(lab, reviewers=Reviewers.NAMED, named=("member",))
    with pytest.raises(RefusedError, match="your own"):
        decide(lab, by_name, item(lab, by_name, "lab/core", Right.REPOSITORY), who="member")
    decide(lab, by_name, item(lab, by_name, "guest", Right.REPOSITORY), who="member")


@pytest.mark.promise("P54")
@pytest.mark.parametrize(
    ("who", "refusal"),
    [("officer", RefusedError), ("member", HiddenError), ("asker", HiddenError)],
)
def test_others_decide_nothing(lab, who, refusal):
    review = start(lab)
    with pytest.raises(refusal):
        decide(lab, review, item(lab, review, "guest", Right.REPOSITORY), who=who)


@pytest.mark.promise("P54")
def test_who_could_not_take_a_right_away_does_not_let_others_do_so(lab):
    for changes in (
        {"reviewers": Reviewers.NAMED, "named": ("officer",)},
        {"at_due": AtDueDate.REVOKE},
    ):
        with pytest.raises(RefusedError, match="Only owners"):
            start(lab, "officer", **changes)
    review = start(lab, "officer")
    with lab.reading(lab.actor("officer")) as work:
        assert len(review_decisions.listed(work, review.id).items) == 8
        assert {each.user for each in access_reviews.progress(work, review.id)} == {
            "owner",
            "second",
        }


@pytest.mark.parametrize(("who", "refusal"), [("member", RefusedError), ("nobody", HiddenError)])
def test_others_begin_none(lab, who, refusal):
    lab.user("nobody")
    with pytest.raises(refusal):
        start(lab, who)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"rights": ()},
        {"rights": (Right.INSTANCE,)},
        {"due_at": NOON},
        {"reviewers": Reviewers.NAMED},
        {"repeat_days": 0},
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(lab, wrong):
    with pytest.raises(InvalidError):
        start(lab, **wrong)


def test_repository_owners_decide_about_theirs_and_see_nothing_else(lab):
    lab.user("keeper", role=Role.OWNER, on="lab/notes")
    review = start(lab, reviewers=Reviewers.REPOSITORY_OWNERS)
    with lab.reading(lab.actor("keeper")) as work:
        found = review_decisions.listed(work, review.id).items
        assert {each.kind for each in found} == {Right.REPOSITORY}
        assert "keeper" not in {each.subject_name for each in found}
        assert [each.id for each in access_reviews.to_decide(work, now=present())] == [review.id]
    with pytest.raises(HiddenError):
        decide(lab, review, item(lab, review, "member"), who="keeper")


def test_what_a_directory_gives_is_followed_until_it_is_gone(lab):
    user_id = lab._user("guest").id
    membership = Membership(
        organisation_id=lab._organisation("lab").id,
        user_id=user_id,
        role=OrganisationRole.MEMBER,
        provider_id=new_id(),
        created_at=NOON,
    )
    lab.add(membership)
    review = start(lab)
    right = item(lab, review, "guest")
    assert right.source is Source.DIRECTORY
    assert decide(lab, review, right).outcome is Outcome.TO_BE_REMOVED
    with lab.begin(appliance()) as work:
        assert review_decisions.is_due(work, now=present())
        assert review_decisions.follow(work, now=present()) == 0
    with lab.begin(lab.actor("administrator")) as work:
        work.session.delete(work.session.get_one(Membership, membership.id))
        work.record(events.MemberRemoved(user_id=str(user_id)))
    with lab.begin(appliance()) as work:
        assert review_decisions.follow(work, now=present()) == 1
    assert lab.events()[-1] == "role.right_removed"
    with lab.begin(appliance()) as work:
        assert not review_decisions.is_due(work, now=present())


def test_the_last_owner_stays(lab):
    review = start(lab, "second")
    decide(lab, review, item(lab, review, "owner"), who="second")
    with pytest.raises(ConflictError, match="needs an owner"):
        decide(lab, review, item(lab, review, "second"), who="administrator")


@pytest.mark.promise("P55")
@pytest.mark.parametrize("at_due", list(AtDueDate))
def test_at_its_end_the_undecided_becomes_what_was_said_and_the_result_stays(lab, at_due):
    review = start(lab, at_due=at_due)
    decide(lab, review, item(lab, review, "member"), Decision.KEEP)
    late = present() + timedelta(days=8)
    with pytest.raises(ConflictError, match="has ended"):
        decide(lab, review, item(lab, review, "officer"), now=late)
    with lab.begin(appliance()) as work:
        assert review_decisions.ended(work, now=late) == [review.id]
        review_decisions.finish_by_itself(work, review.id, now=late)
    officer = item(lab, review, "officer")
    is_kept = at_due is AtDueDate.KEEP
    assert (officer.decision is None) is is_kept
    assert officer.by_due_date is not is_kept
    owners = [item(lab, review, name).outcome for name in ("owner", "second")]
    assert sorted(map(str, owners)) == (["None", "None"] if is_kept else ["failed", "revoked"])
    closed = lab.recorded("role.review_closed")[0].body
    assert closed["undecided"] == (7 if is_kept else 0)
    with lab.reading(lab.actor("administrator")) as work:
        lines = review_decisions.result(work, review.id)
    found = hashlib.sha256("".join(f"{each}\n" for each in lines).encode()).hexdigest()
    assert found == closed["digest"] == lab.one(sa.select(AccessReview.digest))
    with lab.begin(lab.actor("administrator")) as work, pytest.raises(ConflictError):
        access_reviews.close(work, review.id, now=late)


def test_it_is_repeated_by_hand_and_by_itself(lab):
    review = start(lab, repeat_days=30)
    with lab.begin(lab.actor("owner")) as work:
        again = access_reviews.repeat(work, review.id, now=present())
    assert again.copied_from == review.id
    assert again.due_at - again.created_at == review.due_at - review.created_at
    late = present() + timedelta(days=31)
    with lab.begin(appliance()) as work:
        due = review_decisions.repeating(work, now=late)
        assert due == [again.id]
        access_reviews.repeat_by_itself(work, again.id, now=late)
    with lab.reading(lab.actor("owner")) as work:
        assert len(access_reviews.listed(work, "lab").items) == 3


def test_the_whole_appliance_is_reviewed_by_administrators(lab):
    lab.user("overseer", instance=InstanceRole.AUDITOR)
    lab.administrator("other")
    plan = {"organisation": "", "rights": (Right.INSTANCE, *ALL)}
    with pytest.raises(RefusedError):
        start(lab, **plan)
    review = start(lab, "administrator", **plan)
    with lab.reading(lab.actor("overseer")) as work:
        assert access_reviews.show(work, review.id).undecided == 11
    with pytest.raises(RefusedError):
        decide(lab, review, item(lab, review, "administrator", Right.INSTANCE), who="administrator")
    made = decide(lab, review, item(lab, review, "overseer", Right.INSTANCE), who="administrator")
    assert made.outcome is Outcome.REVOKED
    assert lab._user("overseer").instance_role is InstanceRole.USER


def test_progress_counts_for_each_reviewer_what_is_theirs(lab):
    review = start(lab)
    decide(lab, review, item(lab, review, "member"), Decision.KEEP)
    with lab.reading(lab.actor("officer")) as work:
        found = {each.user: each for each in access_reviews.progress(work, review.id)}
    assert (found["owner"].assigned, found["owner"].decided, found["owner"].open) == (7, 1, 6)
    assert (found["second"].assigned, found["second"].decided, found["second"].open) == (7, 0, 6)
