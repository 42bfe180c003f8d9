"""Auditors: they read what they were given of a log, until its day, and nothing else exists."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.access import fetch_log
from appliance.db.audit_exports import AuditExport
from appliance.db.audit_log import AuditLog
from appliance.db.auditors import AuditorGrant
from appliance.domain import events
from appliance.domain.permissions import OrganisationRole
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import organisations
from appliance.services.audit_log import auditors, export_jobs, trees
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log import state as audit_state
from appliance.services.audit_log.auditors import Period
from tests.world import NOON

WEEK = timedelta(days=7)


@pytest.fixture
def lab(world):
    """An organisation with an owner, and somebody from outside who is to audit it."""
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("inspector")
    return world


def give(world, *, log="lab", user="inspector", period=None, since=None, days=7, by="owner"):
    """Let somebody read a log, from `since` on, for some days."""
    start = since or datetime.now(UTC)
    with world.begin(world.actor(by)) as work:
        return auditors.grant(
            work,
            log,
            user,
            period=period or Period(),
            expires_at=start + timedelta(days=days),
            reason="the yearly audit",
            now=start,
        )


def happened(world):
    """Something in the log; gives the id of its event."""
    with world.begin(world.actor("owner")) as work:
        organisations.change(work, "lab", {"description": datetime.now(UTC).isoformat()})
        event_id = work.recorded[0].id
    world.keep_log()
    return event_id


def can_read(world, event_id, user="inspector"):
    """Whether somebody is given the proof of an event."""
    try:
        with world.begin(world.actor(user)) as work:
            trees.prove(work, event_id)
    except HiddenError:
        return False
    return True


def test_who_was_given_a_log_reads_it(lab):
    event_id = happened(lab)
    assert not can_read(lab, event_id)

    give(lab)

    assert can_read(lab, event_id)
    assert lab.events().count("audit.auditor_granted") == 1


def test_what_ended_is_over_at_that_moment(lab):
    event_id = happened(lab)
    give(lab, since=datetime.now(UTC) - 2 * WEEK)

    assert not can_read(lab, event_id)


def test_what_was_taken_back_is_over_at_once(lab):
    event_id = happened(lab)
    made = give(lab)
    with lab.begin(lab.actor("owner")) as work:
        auditors.revoke(work, "lab", made.grant.id, now=datetime.now(UTC))

    assert not can_read(lab, event_id)
    assert "audit.auditor_revoked" in lab.events()


@pytest.mark.parametrize(
    ("period", "is_seen"),
    [
        (Period(since=datetime(2020, 1, 1, tzinfo=UTC)), True),
        (Period(until=datetime(2020, 1, 1, tzinfo=UTC)), False),
        (Period(since=datetime(2099, 1, 1, tzinfo=UTC)), False),
    ],
)
@pytest.mark.promise("P36")
def test_what_is_outside_the_period_does_not_exist(lab, period, is_seen):
    event_id = happened(lab)
    give(lab, period=period)

    assert can_read(lab, event_id) is is_seen


def test_who_has_a_period_gets_no_stretch_of_entries(lab):
    happened(lab)
    give(lab, period=Period(since=datetime(2020, 1, 1, tzinfo=UTC)))
    give(lab, user="owner")

    with pytest.raises(RefusedError), lab.reading(lab.actor("inspector")) as work:
        trees.entries(work, "lab", 0, 1)
    with lab.reading(lab.actor("inspector")) as work:
        assert trees.newest(work, "lab").size > 0
    with lab.reading(lab.actor("owner")) as work:
        assert trees.entries(work, "lab", 0, 1)


def test_one_organisation_s_auditor_sees_nothing_of_another(lab):
    lab.organisation("other")
    lab.user("boss", member=OrganisationRole.OWNER, of="other")
    event_id = happened(lab)
    give(lab, log="other", by="boss")

    assert not can_read(lab, event_id)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("member", RefusedError), ("officer", RefusedError), ("inspector", HiddenError)],
)
def test_only_an_owner_lets_others_read(lab, who, refusal):
    lab.user("member", member=OrganisationRole.MEMBER, of="lab")
    lab.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    give(lab)

    with pytest.raises(refusal):
        give(lab, user="member", by=who)


def test_a_log_is_given_once_for_a_while_and_for_a_reason(lab):
    give(lab)
    with pytest.raises(ConflictError):
        give(lab)
    with pytest.raises(InvalidError):
        give(lab, user="owner", days=400)
    with pytest.raises(InvalidError):
        give(lab, user="owner", days=-1)


def test_the_list_says_what_counts(lab):
    give(lab, since=datetime.now(UTC) - 2 * WEEK)
    made = give(lab)
    now = datetime.now(UTC)

    with lab.reading(lab.actor("owner")) as work:
        found = auditors.listed(work, "lab", now=now).items

    assert [each.state for each in found] == ["live", "ended"]
    assert [each.user for each in found] == ["inspector", "inspector"]
    with lab.begin(lab.actor("owner")) as work:
        auditors.revoke(work, "lab", made.grant.id, now=now)
        with pytest.raises(ConflictError):
            auditors.revoke(work, "lab", made.grant.id, now=now)


def test_who_has_a_period_exports_nothing_beyond_it(lab, tmp_path):
    happened(lab)
    give(lab, period=Period(until=datetime(2020, 1, 1, tzinfo=UTC)))
    inspector = lab.actor("inspector")
    log = lab.one(sa.select(AuditLog.name).where(AuditLog.name != "instance"))
    # Made while they might read all of it.
    made = AuditExport(
        asked_by=inspector.id, log=log, format="jsonl", query="", known_sizes=[], created_at=NOON
    )
    everything = AuditExport(
        asked_by=inspector.id, log="", format="jsonl", query="", known_sizes=[], created_at=NOON
    )
    lab.add(made, everything)

    with pytest.raises(RefusedError), lab.reading(inspector) as work:
        audit_export.plan(work, audit_export.Wanted(), now=datetime.now(UTC))
    for export in (made, everything):
        with pytest.raises(RefusedError), lab.begin(inspector) as work:
            export_jobs.take(work, export.id, folder=tmp_path, now=datetime.now(UTC))


def test_who_is_given_a_log_twice_at_once_is_given_it_once(lab):
    at_once = threading.Barrier(2)
    outcomes = []

    def ask():
        at_once.wait()
        try:
            outcomes.append(give(lab).state)
        except ConflictError:
            outcomes.append("refused")

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(outcomes) == ["live", "refused"]
    assert lab.one(sa.select(sa.func.count()).select_from(AuditorGrant)) == 1
    assert lab.events().count("audit.auditor_granted") == 1


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ((1, 5), (3, 9), (1, 9)),
        ((3, 9), (1, 5), (1, 9)),
        ((1, 3), (3, 5), (1, 5)),
        ((None, 3), (2, None), (None, None)),
        ((1, 9), (3, 5), (1, 9)),
        ((None, None), (3, 5), (None, None)),
        ((1, 3), (5, 9), (5, 9)),
    ],
)
def test_where_two_grants_count_each_does_and_nothing_between_them(lab, first, second, joined):
    def at(day):
        return day and datetime(2020, 1, day, tzinfo=UTC)

    event_id = happened(lab)
    user, log = lab.actor("inspector").id, str(lab._organisation("lab").id)
    for number, (since, until) in enumerate((first, second)):
        lab.add(
            AuditorGrant(
                user_id=user,
                log=log,
                period_from=at(since),
                period_until=at(until),
                expires_at=datetime.now(UTC) + WEEK,
                reason="both",
                created_at=NOON + timedelta(seconds=number),
            )
        )

    with lab.reading(lab.actor("inspector")) as work:
        _, part = fetch_log.reach(work, "lab")
    assert (part.since, part.until) == (at(joined[0]), at(joined[1]))
    assert can_read(lab, event_id) is (joined == (None, None))


def test_who_has_a_period_learns_signed_states_and_nothing_of_what_comes(lab):
    happened(lab)
    give(lab, period=Period(until=datetime(2020, 1, 1, tzinfo=UTC)))
    lab.keep_log()
    with lab.begin(lab.actor("owner")) as work:
        organisations.change(work, "lab", {"description": "on its way"})
    seen = {}
    for name in ("owner", "inspector"):
        with lab.reading(lab.actor(name)) as work:
            state = audit_state.state(work, "lab", tools=lab.wiring.logs, now=datetime.now(UTC))
            seen[name] = (state.size, state.signed, state.searchable, state.waiting)
            assert trees.published(work, "lab").size == state.signed
    size = seen["owner"][0]

    assert seen == {"owner": (size, size, size, 1), "inspector": (size, size, size, 0)}
    with pytest.raises(RefusedError), lab.reading(lab.actor("inspector")) as work:
        trees.tile(work, "lab", 0, 0, 1)


def test_when_a_log_was_checked_is_told_within_the_period_alone(lab):
    happened(lab)
    with lab.begin(lab.actor("owner")) as work:
        log = str(lab._organisation("lab").id)
        said = {"log": log, "size": 1, "problems": 0}
        work.record(events.AuditVerified(organisation_id=lab._organisation("lab").id, **said))
    lab.keep_log()
    lab.user("later")
    give(lab, period=Period(since=datetime(2020, 1, 1, tzinfo=UTC)))
    give(lab, user="later", period=Period(until=datetime(2020, 1, 1, tzinfo=UTC)))

    told = {}
    for name in ("owner", "inspector", "later"):
        with lab.reading(lab.actor(name)) as work:
            told[name] = audit_state.last_check(work, "lab") is not None
    assert told == {"owner": True, "inspector": True, "later": False}
