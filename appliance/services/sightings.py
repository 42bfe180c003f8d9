"""What scans see becomes alerts, and what they see no more ends them.

A scan is begun, hands in what it saw as often as it likes, says what is gone, and is ended with
what it could not look at. Each step may be repeated without harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.access import fetch_alerts
from appliance.db import alert_policies, alert_rows
from appliance.db.alerts import Alert, AlertDecision, AlertOccurrence, Scan
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity, alerts, events
from appliance.domain.alert_clocks import ClockRules
from appliance.domain.alerts import (
    LONGEST_PREVIEW,
    LONGEST_RULE,
    LONGEST_TITLE,
    MOST_OCCURRENCES,
    AlertKind,
    AlertState,
    Confidence,
    Lane,
    ScanCause,
    Severity,
    Sighting,
    Step,
)
from appliance.services import suppressed_alerts
from appliance.services.alert_events import about

MOST_SKIPPED = 1000
"""Kept of what a scan could not look at; all of it is counted."""
_SEVERITIES, _CONFIDENCES = list(Severity), list(Confidence)


@dataclass(frozen=True)
class NewScan:
    """A look at a repository that begins."""

    kind: AlertKind
    cause: ScanCause
    tool: str = ""
    category: str = ""
    ref: str = ""
    from_commit: str = ""
    to_commit: str = ""
    ruleset: str = ""
    feed_serial: int | None = None


@dataclass(frozen=True)
class TakenIn:
    """The numbers of the alerts that a scan's sightings belong to."""

    new: tuple[int, ...] = ()
    again: tuple[int, ...] = ()
    reopened: tuple[int, ...] = ()

    @property
    def all(self) -> frozenset[int]:
        """All of them: what `gone` leaves alone."""
        return frozenset((*self.new, *self.again, *self.reopened))


def begin_scan(work: UnitOfWork, repository: Repository, new: NewScan, *, now: datetime) -> Scan:
    """Note that a scan begins.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    scan = Scan(
        repository_id=repository.id,
        kind=new.kind,
        cause=new.cause,
        tool=_short(new.tool, LONGEST_RULE),
        category=_short(new.category, LONGEST_RULE),
        ref=_short(new.ref, LONGEST_RULE),
        from_commit=new.from_commit,
        to_commit=new.to_commit,
        ruleset=new.ruleset,
        feed_serial=new.feed_serial,
        found=0,
        opened=0,
        started_at=now,
    )
    work.session.add(scan)
    work.session.flush()  # Events name its id.
    return scan


def end_scan(
    work: UnitOfWork,
    repository: Repository,
    scan: Scan,
    *,
    size_bytes: int,
    objects: int,
    skipped: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Note what a scan looked at, and what not. It is complete if it skipped nothing.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    scan.size_bytes, scan.objects = size_bytes, objects
    scan.skipped = [dict(each) for each in skipped[:MOST_SKIPPED]]
    scan.skipped_count = len(skipped)
    scan.is_complete, scan.ended_at = not skipped, now


def take_in(
    work: UnitOfWork,
    repository: Repository,
    sightings: Iterable[Sighting],
    *,
    scan: Scan,
    ref_is_protected: bool,
    now: datetime,
    looked_at: Collection[bytes] | None = (),
    pushed_by: UUID | None = None,
) -> TakenIn:
    """Make alerts of what a scan saw: new ones, known ones once more, ended ones open again.

    `looked_at` are the paths of which the scan saw all there is (None: every path): an alert that
    is there no more, and stands elsewhere now, moves along.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    groups: dict[str, list[Sighting]] = {}
    for each in sightings:
        if each.kind is scan.kind:
            groups.setdefault(each.identity, []).append(each)
    alert_rows.wait_turn(work.session, repository.id)
    clocks = alert_policies.rules_of(work.session, repository.organisation_id).clocks
    taking = _Taking(work, repository, scan, ref_is_protected, now, pushed_by, clocks)
    taken = _taken(taking, groups, looked_at)
    suppressed_alerts.apply(work, repository, now=now, numbers=taken.all)
    scan.found += len(groups)
    scan.opened += len(taken.new)
    return taken


def gone(
    work: UnitOfWork,
    repository: Repository,
    kind: AlertKind,
    *,
    seen: Collection[int],
    looked_at: Collection[bytes] | None,
    now: datetime,
    category: str | None = None,
) -> tuple[int, ...]:
    """Fix the alerts of a kind that a scan did not see where it saw all there is; give their
    numbers. Secrets stay open: somebody may still use them. With `category`, only those that an
    uploaded report of it brought.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    known = alert_rows.known(work.session, repository.id, kind, None)
    lost = [
        each.number
        for each in known
        if each.number not in seen and (looked_at is None or each.path in looked_at)
    ]
    rows = alert_rows.by_number(work.session, repository.id, lost)
    fixed = []
    for alert in rows.values():
        if category is not None and alert.detail.get("category") != category:
            continue
        was = alert.state
        _step(alert, Step.GONE, now=now)
        if alert.state is not was:
            fixed.append(alert.number)
            _note(work, alert, Step.GONE, now)
            work.record(events.AlertFixed(**about(repository, alert), how=str(alert.resolution)))
    return tuple(fixed)


def withdrawn(
    work: UnitOfWork, repository: Repository, numbers: Collection[int], *, now: datetime
) -> None:
    """End alerts because whoever had warned took that back.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    for alert in alert_rows.by_number(work.session, repository.id, numbers).values():
        if alert.state is AlertState.FIXED:
            continue
        _step(alert, Step.WITHDRAWN, now=now)
        _note(work, alert, Step.WITHDRAWN, now)
        work.record(events.AlertFixed(**about(repository, alert), how=str(alert.resolution)))


@dataclass(frozen=True)
class _Taking:
    """What is the same for all sightings of one scan."""

    work: UnitOfWork
    repository: Repository
    scan: Scan
    is_protected: bool
    now: datetime
    pushed_by: UUID | None
    clocks: ClockRules


def _taken(
    taking: _Taking, groups: Mapping[str, list[Sighting]], looked_at: Collection[bytes] | None
) -> TakenIn:
    session, repository = taking.work.session, taking.repository
    wanted = list(groups) if looked_at is not None and not looked_at else None
    known = alert_rows.known(session, repository.id, taking.scan.kind, wanted)
    firsts = [group[0] for group in groups.values()]
    found = alert_identity.find_again(firsts, known, looked_at=looked_at)
    rows = alert_rows.by_number(session, repository.id, found.values())
    places = alert_rows.places(session, [each.id for each in rows.values()])
    fresh = [identity for identity in groups if identity not in found]
    number = alert_rows.next_numbers(session, repository.id, len(fresh)) if fresh else 0
    new = [_opened(taking, groups[each], number + at) for at, each in enumerate(fresh)]
    session.flush()  # Their places name their ids.
    for alert, identity in zip(new, fresh, strict=True):
        _place(taking, alert, groups[identity], places)
    again: list[int] = []
    reopened: list[int] = []
    for identity, at in found.items():
        alert, group = rows[at], groups[identity]
        (reopened if _again(taking, alert, group) else again).append(alert.number)
        _place(taking, alert, group, places)
    return TakenIn(tuple(each.number for each in new), tuple(again), tuple(reopened))


def _opened(taking: _Taking, group: Sequence[Sighting], number: int) -> Alert:
    first = group[0]
    alert = Alert(
        repository_id=taking.repository.id,
        number=number,
        kind=first.kind,
        group_key=_group_key(first),
        first_commit=first.first_commit,
        introduced_by_id=taking.pushed_by,
        state=AlertState.OPEN,
        is_automatic=False,
        is_present=True,
        is_exploited=first.is_exploited,
        first_seen_at=taking.now,
        paused_seconds=0,
        occurrence_count=0,
        comment_count=0,
    )
    _say(alert, group, taking.now)
    _run(taking, alert, first)
    taking.work.session.add(alert)
    taking.work.record(
        events.AlertOpened(
            **about(taking.repository, alert),
            rule=alert.rule,
            confidence=str(alert.confidence),
            lane=str(alert.lane),
            scan_id=str(taking.scan.id),
        )
    )
    return alert


def _again(taking: _Taking, alert: Alert, group: Sequence[Sighting]) -> bool:
    """Note that an alert was seen once more; gives whether that reopened it."""
    was, why = alert.state, Step.SEEN_AGAIN
    _step(alert, why, now=taking.now, cause=taking.scan.cause)
    _say(alert, group, taking.now)
    is_news = any(each.is_exploited for each in group) and not alert.is_exploited
    if is_news:
        why = Step.EXPLOITED
        _step(alert, why, now=taking.now)
        taking.work.record(events.AlertExploited(**about(taking.repository, alert)))
    is_reopened = was is not AlertState.OPEN and alert.state is AlertState.OPEN
    if is_reopened:
        reopened = events.AlertReopened(**about(taking.repository, alert), why=str(why))
        taking.work.record(reopened)
    if is_news or is_reopened:
        _note(taking.work, alert, why, taking.now)
    _run(taking, alert, group[0])
    return is_reopened


def _run(taking: _Taking, alert: Alert, seen: Sighting) -> None:
    clock = alert.clock
    if taking.is_protected:
        clock = clock.started(taking.now, advisory_at=seen.known_since)
    if alert.state is AlertState.OPEN:
        clock = clock.resumed(taking.now)
    alert.run(clock, taking.clocks)


def _say(alert: Alert, group: Sequence[Sighting], now: datetime) -> None:
    """What the newest scan says of it: its rules may be better, and it may have moved."""
    first = group[0]
    alert.identity, alert.identity_version = first.identity, first.identity_version
    alert.scope_identity = first.scope_identity
    alert.rule = _short(first.rule, LONGEST_RULE)
    alert.title = _short(first.title, LONGEST_TITLE)
    alert.cure, alert.preview = _clean(first.cure), _short(first.preview, LONGEST_PREVIEW)
    alert.severity = min((each.severity for each in group), key=_SEVERITIES.index)
    alert.severity_rank = _SEVERITIES.index(alert.severity)
    alert.confidence = min((each.confidence for each in group), key=_CONFIDENCES.index)
    alert.lane = Lane.BLOCK if any(each.lane is Lane.BLOCK for each in group) else Lane.REVIEW
    alert.path, alert.object_id = first.path, first.object_id
    alert.line, alert.end_line = first.line, first.end_line
    alert.detail = dict(first.detail)
    alert.last_seen_at = now


def _place(
    taking: _Taking, alert: Alert, group: Iterable[Sighting], places: set[alert_rows.Place]
) -> None:
    for each in group:
        place = (alert.id, each.object_id, each.path, each.line)
        if place in places or alert.occurrence_count >= MOST_OCCURRENCES:
            continue
        places.add(place)
        alert.occurrence_count += 1
        taking.work.session.add(
            AlertOccurrence(
                alert_id=alert.id,
                object_id=each.object_id,
                path=each.path,
                line=each.line,
                end_line=each.end_line,
                layers=list(each.layers),
                first_commit=each.first_commit,
                ref=taking.scan.ref,
                is_protected=taking.is_protected,
                seen_at=taking.now,
            )
        )


def _step(alert: Alert, step: Step, *, now: datetime, cause: ScanCause = ScanCause.PUSH) -> None:
    alert.become(alerts.after(alert.facts, step, now=now, cause=cause), now=now)


def _note(work: UnitOfWork, alert: Alert, step: Step, now: datetime) -> None:
    work.session.add(AlertDecision(alert_id=alert.id, step=step, created_at=now))


def _group_key(seen: Sighting) -> str:
    key = seen.identity if seen.kind is AlertKind.SECRET else seen.rule
    return _short(key, LONGEST_RULE)


def _short(text: str, longest: int) -> str:
    return _clean(text)[:longest]


def _clean(text: str) -> str:
    """What a database takes: neither NUL nor half a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
