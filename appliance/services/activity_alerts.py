"""What becomes of alerts of suspicious activity: lists, dismissal, reopening, assignment, comments;
and who is exempt from which rule. Each step is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_activity
from appliance.db import paging
from appliance.db.activity import ActivityAlert, ActivityDecision, ActivityExemption
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.activity import (
    LONGEST_COMMENT,
    ActivityReason,
    ActivityRule,
    ActivityState,
    search_terms,
)
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, HiddenError, InvalidError, sentence

DECIDE = Permission.ACTIVITY_DECIDE
LONGEST_REASON = 500


@dataclass(frozen=True)
class Change:
    """What is to become of an alert."""

    state: ActivityState | None = None
    reason: ActivityReason | None = None
    comment: str = ""
    assignee: str | None = None
    is_assigned: bool = False
    """Whether anything is said of the assignee."""


@dataclass(frozen=True)
class Listed:
    """An alert with the names that belong to it."""

    alert: ActivityAlert
    actor: str
    assignee: str
    organisation: str
    """Empty: of the appliance itself."""

    @property
    def terms(self) -> str:
        """What to ask the audit log for."""
        found = self.alert
        return search_terms(found.rule, found.actor_ref, found.since, found.at, found.token_ref)


@dataclass(frozen=True)
class Decided:
    """One line of an alert's history."""

    decision: ActivityDecision
    actor: str
    about: str = ""


@dataclass(frozen=True)
class Shown:
    """One alert in full."""

    listed: Listed
    decisions: Sequence[Decided]
    may_decide: bool


@dataclass(frozen=True)
class Exempted:
    """An exemption with the names that belong to it."""

    exemption: ActivityExemption
    user: str
    made_by: str
    organisation: str


def listed(
    work: UnitOfWork,
    organisation: str = "",
    *,
    state: ActivityState | None = None,
    rule: ActivityRule | None = None,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Listed]:
    """The alerts of an organisation, or of all; the newest first.

    Errors:
        UnauthenticatedError, HiddenError: there are none for this actor.
    """
    log = fetch_activity.log_of(work, organisation)
    query = sa.select(ActivityAlert)
    query = query if log is None else query.where(ActivityAlert.log == log)
    query = query if state is None else query.where(ActivityAlert.state == state)
    query = query if rule is None else query.where(ActivityAlert.rule == rule)
    found = paging.page(
        *(work.session, query, ActivityAlert.at, ActivityAlert.id),
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return paging.Page(_named(work, found.items), found.next)


def may_see(work: UnitOfWork, organisation: str = "") -> bool:
    """Whether there are such alerts for the actor, and their link is to be shown."""
    try:
        fetch_activity.log_of(work, organisation)
    except HiddenError:
        return False
    return True


def may_decide(work: UnitOfWork, organisation: str = "") -> bool:
    """Whether the actor may decide on alerts of an organisation, or of the appliance.

    Errors:
        UnauthenticatedError, HiddenError: there are none for this actor.
    """
    log = fetch_activity.log_of(work, organisation)
    return DECIDE in fetch_activity.allowed(work, log or INSTANCE_LOG)


def show(work: UnitOfWork, alert_id: UUID, organisation: str = "") -> Shown:
    """One alert, and what became of it; where an organisation is named, only if it is of that.

    Errors:
        UnauthenticatedError, HiddenError: there is none for this actor.
    """
    found = fetch_activity.alert(work, alert_id)
    if organisation and fetch_activity.log_of(work, organisation) != found.log:
        raise HiddenError(fetch_activity.NO_ALERT)
    query = (
        sa.select(ActivityDecision)
        .where(ActivityDecision.alert_id == found.id)
        .order_by(ActivityDecision.created_at, ActivityDecision.id)
    )
    lines = work.session.scalars(query).all()
    names = _users(work, {each.actor_id for each in lines} | {each.about_id for each in lines})
    decisions = [
        Decided(each, names.get(each.actor_id, ""), names.get(each.about_id, "")) for each in lines
    ]
    decides = DECIDE in fetch_activity.allowed(work, found.log)
    return Shown(_named(work, [found])[0], decisions, decides)


def change(work: UnitOfWork, alert_id: UUID, wanted: Change, *, now: datetime) -> Listed:
    """Dismiss it with a reason, reopen it, assign it.

    Errors:
        HiddenError, RefusedError: there is none for this actor, or they may not.
        InvalidError: a dismissal has no reason, or that user cannot look into it.
        ConflictError: it is so already.
    """
    found = fetch_activity.alert(work, alert_id, DECIDE)
    if wanted.state is ActivityState.DISMISSED:
        if wanted.reason is None:
            raise InvalidError.of("reason", sentence("Say why the alert is dismissed."))
        dismiss(work, alert_id, wanted.reason, wanted.comment, now=now)
    elif wanted.state is ActivityState.OPEN:
        reopen(work, alert_id, wanted.comment, now=now)
    if wanted.is_assigned:
        assign(work, alert_id, wanted.assignee, now=now)
    return _named(work, [found])[0]


def dismiss(
    work: UnitOfWork, alert_id: UUID, reason: ActivityReason, comment: str, *, now: datetime
) -> Listed:
    """Say that it needs nothing more, and why.

    Errors:
        HiddenError, RefusedError: there is none for this actor, or they may not.
        ConflictError: it is dismissed already.
    """
    alert = fetch_activity.alert(work, alert_id, DECIDE)
    if alert.state is ActivityState.DISMISSED:
        raise ConflictError(sentence("This alert is dismissed already."))
    alert.state, alert.reason = ActivityState.DISMISSED, reason
    _note(work, alert, "dismissed", now, comment=comment, reason=reason)
    work.record(events.ActivityAlertDismissed(**_about(alert), reason=str(reason)))
    return _named(work, [alert])[0]


def reopen(work: UnitOfWork, alert_id: UUID, comment: str = "", *, now: datetime) -> Listed:
    """Let it count again.

    Errors:
        HiddenError, RefusedError: there is none for this actor, or they may not.
        ConflictError: it is open.
    """
    alert = fetch_activity.alert(work, alert_id, DECIDE)
    if alert.state is ActivityState.OPEN:
        raise ConflictError(sentence("This alert is open already."))
    alert.state, alert.reason = ActivityState.OPEN, None
    _note(work, alert, "reopened", now, comment=comment)
    work.record(events.ActivityAlertReopened(**_about(alert)))
    return _named(work, [alert])[0]


def assign(work: UnitOfWork, alert_id: UUID, name: str | None, *, now: datetime) -> Listed:
    """Say who is to look into it; nobody without a name.

    Errors:
        HiddenError, RefusedError: there is none for this actor, or they may not.
        InvalidError: that user cannot.
    """
    alert = fetch_activity.alert(work, alert_id, DECIDE)
    user = fetch_activity.to_assign(work, alert.log, name) if name else None
    alert.assignee_id = user.id if user else None
    _note(work, alert, "assigned", now, about_id=alert.assignee_id)
    said = user.pseudonym if user else None
    work.record(events.ActivityAlertAssigned(**_about(alert), assignee=said))
    return _named(work, [alert])[0]


def comment(work: UnitOfWork, alert_id: UUID, text: str, *, now: datetime) -> Decided:
    """Say something of it.

    Errors:
        HiddenError, RefusedError: there is none for this actor, or they may not.
        InvalidError: it says nothing, or too much.
    """
    alert = fetch_activity.alert(work, alert_id, DECIDE)
    if not text.strip():
        raise InvalidError.of("comment", sentence("Write a comment."))
    made = _note(work, alert, "commented", now, comment=text)
    work.record(events.ActivityAlertCommented(**_about(alert)))
    return Decided(made, work.actor.label)


def exemptions(work: UnitOfWork, organisation: str = "") -> list[Exempted]:
    """Who is exempt in an organisation; or everywhere, and in each organisation.

    Errors:
        UnauthenticatedError, HiddenError: there are none for this actor.
    """
    log = fetch_activity.log_of(work, organisation)
    query = sa.select(ActivityExemption).order_by(ActivityExemption.created_at)
    query = query if log is None else query.where(ActivityExemption.log == log)
    found = work.session.scalars(query).all()
    people: set[UUID | None] = {each.made_by for each in found}
    names = _users(work, people | {each.user_id for each in found})
    homes = _organisations(work, (each.log for each in found))
    return [
        Exempted(
            each, names.get(each.user_id, ""), names.get(each.made_by, ""), homes.get(each.log, "")
        )
        for each in found
    ]


def exempt(
    work: UnitOfWork,
    organisation: str,
    name: str,
    rule: ActivityRule,
    reason: str,
    *,
    now: datetime,
) -> Exempted:
    """Let a rule tell nothing more of a user, in an organisation or everywhere.

    Errors:
        HiddenError, RefusedError: there is no such list for this actor, or they may not.
        InvalidError: there is no such user, or no reason.
        ConflictError: they are exempt already.
    """
    log = fetch_activity.log_of(work, organisation, DECIDE) or INSTANCE_LOG
    user = fetch_activity.to_exempt(work, name)
    if user is None:
        raise InvalidError.of("user", sentence("There is no user %(name)s.", name=name))
    if not reason.strip():
        raise InvalidError.of("reason", sentence("Say why."))
    if _exemption(work, log, user, rule) is not None:
        raise ConflictError(sentence("%(name)s is exempt already.", name=user.name))
    made = ActivityExemption(
        log=log,
        user_id=user.id,
        rule=rule,
        reason=reason.strip()[:LONGEST_REASON],
        made_by=work.actor.id,
        created_at=now,
    )
    work.session.add(made)
    home = None if log == INSTANCE_LOG else UUID(log)
    work.record(events.ActivityExemptionAdded(about=user.id, organisation_id=home, rule=str(rule)))
    return Exempted(made, user.name, work.actor.label, organisation)


def end_exemption(work: UnitOfWork, organisation: str, name: str, rule: ActivityRule) -> None:
    """Let a rule hold for a user again.

    Errors:
        HiddenError, RefusedError: there is none for this actor, or they may not.
    """
    log = fetch_activity.log_of(work, organisation, DECIDE) or INSTANCE_LOG
    user = fetch_activity.to_exempt(work, name)
    found = _exemption(work, log, user, rule) if user else None
    if user is None or found is None:
        raise HiddenError(sentence("There is no such exemption."))
    work.session.delete(found)
    home = None if log == INSTANCE_LOG else UUID(log)
    work.record(
        events.ActivityExemptionRemoved(about=user.id, organisation_id=home, rule=str(rule))
    )


def _exemption(
    work: UnitOfWork, log: str, user: User, rule: ActivityRule
) -> ActivityExemption | None:
    query = sa.select(ActivityExemption).where(
        ActivityExemption.log == log,
        ActivityExemption.user_id == user.id,
        ActivityExemption.rule == rule,
    )
    return work.session.scalar(query)


def _about(alert: ActivityAlert) -> dict[str, Any]:
    home = None if alert.log == INSTANCE_LOG else UUID(alert.log)
    return {"about": alert.id, "organisation_id": home, "rule": str(alert.rule)}


def _note(
    work: UnitOfWork, alert: ActivityAlert, step: str, now: datetime, **said: Any
) -> ActivityDecision:
    text = str(said.pop("comment", "")).strip()
    if len(text) > LONGEST_COMMENT:
        raise InvalidError.of("comment", sentence("That is too long."))
    made = ActivityDecision(
        alert_id=alert.id,
        step=step,
        actor_id=work.actor.id,
        comment=text,
        created_at=now,
        **said,
    )
    work.session.add(made)
    work.session.flush()
    return made


def _named(work: UnitOfWork, found: Sequence[ActivityAlert]) -> list[Listed]:
    people = work.session.execute(
        sa.select(User.pseudonym, User.name).where(
            User.pseudonym.in_({each.actor_ref for each in found})
        )
    )
    actors = {row.pseudonym: row.name for row in people}
    names = _users(work, {each.assignee_id for each in found})
    homes = _organisations(work, (each.log for each in found))
    return [
        Listed(
            each,
            actors.get(each.actor_ref, each.actor_ref),
            names.get(each.assignee_id, ""),
            homes.get(each.log, ""),
        )
        for each in found
    ]


def _users(work: UnitOfWork, ids: set[UUID | None]) -> dict[UUID | None, str]:
    query = sa.select(User.id, User.name).where(User.id.in_(ids - {None}))
    return {row.id: row.name for row in work.session.execute(query)}


def _organisations(work: UnitOfWork, logs: Iterable[str]) -> dict[str, str]:
    ids = [UUID(each) for each in set(logs) if each != INSTANCE_LOG]
    query = sa.select(Owner.id, Owner.name).where(Owner.id.in_(ids))
    return {str(row.id): row.name for row in work.session.execute(query)}
