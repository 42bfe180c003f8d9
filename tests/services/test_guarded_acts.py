"""Every act that needs two people, from its proposal to its end: confirmed, and refused."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest

from appliance.db.proposals import SecondPersonRule
from appliance.domain.access_reviews import Plan, Reviewers, Right
from appliance.domain.permissions import InstanceRole
from appliance.domain.second_person import Act, ProposalState
from appliance.errors import ConflictError, RefusedError
from appliance.services import (
    access_reviews,
    proposals,
    second_person,
)
from tests.services import guarded_cases
from tests.services.guarded_cases import CASES
from tests.services.test_access_requests import present
from tests.services.test_access_reviews import decide, item
from tests.services.test_second_person import confirm, person, proposed
from tests.world import NOON


@pytest.fixture
def two(world):
    """The rule in force, and two administrators who are there in person."""
    for name in ("first", "second"):
        world.administrator(name)
    world.user("writer")
    world.add(SecondPersonRule(id=proposals.ONLY_ROW, since=NOON))
    return world


def test_no_act_is_left_out():
    source = inspect.getsource(guarded_cases)
    driven = {act for act in Act if f"Act.{act.name}," in source}
    assert driven == set(Act) == set(second_person.GUARDED)


@pytest.mark.promise("P50")
@pytest.mark.parametrize("name", sorted(CASES))
def test_it_is_done_when_another_confirms_it_and_not_before(two, name):
    case = CASES[name](two)
    before = two.one(case.seen)
    assert before != case.done
    two.keep_log()
    proposal_id = proposed(two, case.verb)
    with two.reading(person(two, "second")) as work:
        shown = proposals.show(work, proposal_id)
    assert (shown.act, shown.is_own, bool(shown.changes)) == (case.act, False, True)

    with pytest.raises(RefusedError):
        confirm(two, proposal_id, person(two, "first"))
    assert two.one(case.seen) == before

    assert confirm(two, proposal_id) is ProposalState.CONFIRMED
    assert two.one(case.seen) == case.done
    events = two.recorded()
    kinds = [each.header["action"] for each in events]
    start = kinds.index("admin.act_proposed")
    assert kinds[start + 1] == "access.refused"
    assert kinds[-1] == "admin.act_confirmed"
    own = events[start + 2 : -1]
    assert own
    second = two.actor("second").pseudonym
    assert {each.header["actor"]["ref"] for each in (*own, events[-1])} == {second}
    assert events[start].header["target"] == events[-1].header["target"]
    assert events[start].body["act"] == events[-1].body["act"] == case.act
    assert events[-1].body["proposer_id"] == str(two.actor("first").id)


@pytest.mark.promise("P50")
@pytest.mark.parametrize("name", sorted(CASES))
def test_nothing_is_done_when_it_is_refused(two, name):
    case = CASES[name](two)
    before = two.one(case.seen)
    proposal_id = proposed(two, case.verb)
    with two.begin(person(two, "second")) as work:
        proposals.refuse(work, proposal_id, reason="not now", now=NOON)
    with pytest.raises(ConflictError):
        confirm(two, proposal_id)
    assert two.one(case.seen) == before
    assert two.events()[-2:] == ["admin.act_proposed", "admin.act_refused"]


@pytest.mark.promise("P50")
def test_a_review_takes_no_role_on_the_appliance_away_alone(two):
    two.user("overseer", instance=InstanceRole.AUDITOR)
    wanted = Plan("All", "", (Right.INSTANCE,), Reviewers.OWNERS, present() + timedelta(days=7))
    with two.begin(person(two, "first")) as work:
        review = access_reviews.start(work, wanted, now=present())
    right = item(two, review, "overseer", Right.INSTANCE)
    with pytest.raises(ConflictError, match="needs two people"):
        decide(two, review, right, who="first")
    assert two.actor("overseer").instance_role is InstanceRole.AUDITOR
