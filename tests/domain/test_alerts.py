"""What becomes of an alert: any steps, in any order, and it is still what its decisions say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.alert_clocks import Clock, ClockRules
from appliance.domain.alerts import (
    AlertFacts,
    AlertKind,
    AlertState,
    Dismissal,
    DismissalReason,
    Resolution,
    ScanCause,
    Severity,
    Step,
    after,
)
from appliance.errors import ConflictError, InvalidError

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
TESTS = Dismissal(DismissalReason.USED_IN_TESTS)
RISK = Dismissal(DismissalReason.TOLERABLE_RISK, NOON + A_DAY)
OTHERS = [kind for kind in AlertKind if kind is not AlertKind.SECRET]

moves = st.tuples(
    st.sampled_from(Step), st.sampled_from(ScanCause), st.sampled_from([None, TESTS, RISK])
)


def walk(facts, steps):
    """The facts after each step that was possible, with the step."""
    for step, cause, dismissal in steps:
        before = facts
        try:
            facts = after(facts, step, now=NOON, dismissal=dismissal, cause=cause)
        except (ConflictError, InvalidError):
            assert facts is before
            continue
        yield step, cause, before, facts


@given(st.sampled_from(AlertKind), st.lists(moves, max_size=12))
def test_after_any_steps_an_alert_is_what_its_decisions_say(kind, steps):
    for _, _, _, facts in walk(AlertFacts(kind), steps):
        assert facts.kind is kind
        assert (facts.state is AlertState.DISMISSED) == (facts.dismissal is not None)
        assert (facts.state is AlertState.FIXED) == (facts.resolution is not None)
        by_rule = facts.dismissal is not None and facts.dismissal.is_automatic
        assert facts.asked is None or facts.state is AlertState.OPEN or by_rule


@given(st.lists(moves, max_size=12))
def test_a_secret_is_only_ended_by_its_revocation(steps):
    for step, _, before, facts in walk(AlertFacts(AlertKind.SECRET), steps):
        if facts.state is AlertState.FIXED:
            assert facts.resolution is Resolution.REVOKED
            assert step is Step.REVOKED or before.state is AlertState.FIXED


@given(st.sampled_from(AlertKind), st.lists(moves, max_size=12))
def test_no_scan_undoes_a_decision_of_somebody(kind, steps):
    for step, _, before, facts in walk(AlertFacts(kind), steps):
        by_somebody = before.dismissal is not None and not before.dismissal.is_automatic
        if step in {Step.SEEN_AGAIN, Step.GONE} and by_somebody:
            assert facts.dismissal == before.dismissal


@given(st.sampled_from(OTHERS), st.lists(moves, max_size=12))
def test_what_is_open_was_there_when_last_looked(kind, steps):
    for _, _, _, facts in walk(AlertFacts(kind), steps):
        assert facts.is_present or facts.state is not AlertState.OPEN


@pytest.mark.parametrize(
    ("cause", "state"),
    [
        (ScanCause.PUSH, AlertState.OPEN),
        (ScanCause.HISTORY, AlertState.FIXED),
        (ScanCause.RULES, AlertState.FIXED),
    ],
)
def test_a_revoked_secret_opens_again_when_it_is_pushed_not_when_history_is_read(cause, state):
    revoked = after(AlertFacts(AlertKind.SECRET), Step.REVOKED, now=NOON)

    assert after(revoked, Step.SEEN_AGAIN, now=NOON, cause=cause).state is state


def test_what_is_gone_meanwhile_is_fixed_when_its_dismissal_expires():
    dismissed = after(AlertFacts(AlertKind.CODE), Step.DISMISSED, now=NOON, dismissal=RISK)
    gone = after(dismissed, Step.GONE, now=NOON)

    assert gone.state is AlertState.DISMISSED
    assert after(gone, Step.EXPIRED, now=NOON).resolution is Resolution.GONE
    assert after(dismissed, Step.EXPIRED, now=NOON).state is AlertState.OPEN


@pytest.mark.parametrize(
    ("dismissal", "state"), [(RISK, AlertState.OPEN), (TESTS, AlertState.DISMISSED)]
)
def test_attackers_make_a_risk_intolerable_and_no_test_dangerous(dismissal, state):
    facts = AlertFacts(AlertKind.DEPENDENCY)
    dismissed = after(facts, Step.DISMISSED, now=NOON, dismissal=dismissal)

    found = after(dismissed, Step.EXPLOITED, now=NOON)

    assert (found.state, found.is_exploited) == (state, True)


def test_a_dismissal_ends_in_the_future_and_has_a_reason():
    past = replace(RISK, until=NOON)
    for dismissal in (None, past):
        with pytest.raises(InvalidError):
            after(AlertFacts(AlertKind.CODE), Step.DISMISSED, now=NOON, dismissal=dismissal)


def test_somebody_decides_on_what_a_rule_has_dismissed():
    facts = AlertFacts(AlertKind.DEPENDENCY)
    by_rule = after(facts, Step.AUTO_DISMISSED, now=NOON, dismissal=TESTS)

    found = after(by_rule, Step.DISMISSED, now=NOON, dismissal=RISK)

    assert by_rule.dismissal.is_automatic
    assert found.dismissal == RISK


def test_an_approval_needs_a_request():
    asked = after(AlertFacts(AlertKind.CODE), Step.DISMISSAL_REQUESTED, now=NOON, dismissal=RISK)

    assert asked.state is AlertState.OPEN
    assert after(asked, Step.DISMISSAL_APPROVED, now=NOON).dismissal == RISK
    assert after(asked, Step.DISMISSAL_REFUSED, now=NOON).asked is None
    with pytest.raises(ConflictError):
        after(AlertFacts(AlertKind.CODE), Step.DISMISSAL_APPROVED, now=NOON)


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1970 < at.year < 2100),
    st.lists(st.integers(0, 10**7), max_size=6),
    st.integers(1, 3650),
)
def test_a_pause_moves_the_end_by_as_long_as_it_lasted(start, pauses, days):
    clock, now, paused = Clock().started(start), start, 0
    for seconds in pauses:
        clock = clock.paused(now).paused(now)
        assert clock.due_at(days) is None
        now += timedelta(seconds=seconds)
        clock = clock.resumed(now)
        paused += seconds

    assert clock.due_at(days) == start + timedelta(days=days, seconds=paused)


def test_a_clock_starts_when_both_the_line_and_the_advisory_were_there():
    advisory = NOON + A_DAY

    clock = Clock().started(NOON, advisory_at=advisory)

    assert clock.started_at == advisory
    assert clock.started(NOON + 5 * A_DAY) == clock
    assert Clock().due_at(7) is None


def test_what_attackers_use_is_due_sooner_and_never_later():
    rules = ClockRules()
    for severity in Severity:
        usual = rules.of(severity, is_exploited=False)
        assert rules.of(severity, is_exploited=True) <= usual
    assert ClockRules(days={}).of(Severity.LOW, is_exploited=False) is None
    assert ClockRules(days={}).of(Severity.LOW, is_exploited=True) == 7
