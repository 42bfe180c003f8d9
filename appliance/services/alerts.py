"""What people decide about alerts: dismiss, reopen, attest a revocation, assign, comment.

A dismissal by somebody who may not decide alone, or of a kind for which the organisation wants two
people, becomes a request: another approves or refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.access import fetch_alerts, grants
from appliance.db import alert_policies
from appliance.db.alert_policies import AlertRules
from appliance.db.alerts import Alert, AlertDecision
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import alerts, events
from appliance.domain.alerts import (
    LONGEST_COMMENT,
    LONGEST_TICKET,
    AlertKind,
    AlertState,
    Dismissal,
    DismissalReason,
    Step,
)
from appliance.domain.conversations import check_text
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, RefusedError, sentence
from appliance.services.alert_events import about

MOST_AT_ONCE = 200
NOBODY = ""
CARRIED_FROM = "carried_from"
"""In the evidence of a decision: the repository's id and the number of the alert that it was first
taken about."""
_SETTLERS = sentence(
    "Only owners of the repository and security officers of its organisation decide about secrets."
)
_DECIDERS = sentence(
    "Only maintainers of the repository and security officers of its organisation decide this."
)


@dataclass(frozen=True)
class Change:
    """What is to become of an alert. None stays as it is."""

    state: AlertState | None = None
    reason: DismissalReason | None = None
    comment: str = ""
    until: datetime | None = None
    assignee: str | None = None
    """A name, or `NOBODY`."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What the decision rests on, for its history."""


@dataclass(frozen=True)
class Attestation:
    """That a secret works no more: since when, and where that is written down."""

    revoked_at: datetime
    ticket: str = ""
    comment: str = ""


def change(work: UnitOfWork, path: str, number: int, wanted: Change, *, now: datetime) -> Alert:
    """Dismiss, reopen or assign an alert.

    Errors:
        HiddenError: there is none, or none for this actor. RefusedError: they may not do this.
        ConflictError: it is not in a state for that.
        InvalidError: what is said does not go together.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_TRIAGE)
    _change(_Deciding(work, repository, now), alert, wanted)
    return alert


def change_many(
    work: UnitOfWork, path: str, numbers: Sequence[int], wanted: Change, *, now: datetime
) -> list[Alert]:
    """The same for several alerts of a repository: all of them, or none.

    Errors: as for `change`.
    """
    repository = fetch_alerts.home(work, path, Permission.ALERT_TRIAGE)
    if not 1 <= len(numbers) <= MOST_AT_ONCE:
        raise InvalidError.of(
            "numbers", sentence("Choose between 1 and %(most)s alerts.", most=MOST_AT_ONCE)
        )
    deciding = _Deciding(work, repository, now)
    found = [fetch_alerts.of_repository(work, repository, each) for each in dict.fromkeys(numbers)]
    for alert in found:
        _change(deciding, alert, wanted)
    return found


def answer_request(
    work: UnitOfWork, path: str, number: int, *, approve: bool, comment: str, now: datetime
) -> Alert:
    """Approve a dismissal that somebody has asked for, or refuse it. Who asked may take it back.

    Errors:
        HiddenError: there is no such alert, or none for this actor.
        RefusedError: they may not decide it, or approve what they asked for themselves.
        ConflictError: nobody has asked.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_TRIAGE)
    deciding = _Deciding(work, repository, now)
    asked = alert.asked or {}
    is_own = asked.get("by") == str(work.actor.id)
    if is_own and approve:
        raise RefusedError(sentence("Somebody else has to approve what you have asked for."))
    if not is_own:
        deciding.insist(alert)
    step = Step.DISMISSAL_APPROVED if approve else Step.DISMISSAL_REFUSED
    dismissal = alert.asked_dismissal
    deciding.step(alert, step, comment=comment, dismissal=dismissal, approver_id=work.actor.id)
    if not approve:
        work.record(events.AlertDismissalRefused(**about(repository, alert)))
        return alert
    alert.run(alert.clock.paused(now), deciding.rules.clocks)
    asker = work.session.get(User, UUID(asked["by"])) if asked.get("by") else None
    _record_dismissal(deciding, alert, asked_by=asker.pseudonym if asker else None)
    return alert


def attest_revocation(
    work: UnitOfWork, path: str, number: int, said: Attestation, *, now: datetime
) -> Alert:
    """Say that a secret works no more: nothing else ends its alert.

    Errors:
        HiddenError: there is none, or none for this actor. RefusedError: they may not decide this.
        ConflictError: it is no secret, or ended already.
        InvalidError: it is to be revoked in the future only.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_TRIAGE)
    deciding = _Deciding(work, repository, now)
    deciding.insist(alert)
    if said.revoked_at > now:
        raise InvalidError.of("revoked_at", sentence("Attest what has happened already."))
    ticket = " ".join(said.ticket.split())
    if len(ticket) > LONGEST_TICKET:
        raise InvalidError.of(
            "ticket", sentence("At most %(most)s characters.", most=LONGEST_TICKET)
        )
    evidence = {"revoked_at": said.revoked_at.isoformat(), "ticket": ticket}
    deciding.step(alert, Step.REVOKED, comment=said.comment, evidence=evidence)
    alert.run(alert.clock, deciding.rules.clocks)
    work.record(
        events.AlertRevoked(
            **about(repository, alert), revoked_at=said.revoked_at.isoformat(timespec="seconds")
        )
    )
    return alert


def comment(work: UnitOfWork, path: str, number: int, text: str, *, now: datetime) -> AlertDecision:
    """Say something of an alert.

    Errors:
        HiddenError: there is none, or none for this actor. InvalidError: nothing is said.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_TRIAGE)
    said = check_text(text, field="comment", is_needed=True)
    alert.comment_count += 1
    made = _Deciding(work, repository, now).step(alert, Step.COMMENTED, comment=said)
    work.record(events.AlertCommented(**about(repository, alert), comment_id=str(made.id)))
    return made


@dataclass(frozen=True)
class _Deciding:
    """Who decides, about what, and when."""

    work: UnitOfWork
    repository: Repository
    now: datetime

    @property
    def rules(self) -> AlertRules:
        """What the organisation says."""
        return alert_policies.rules_of(self.work.session, self.repository.organisation_id)

    def may(self, alert: Alert) -> bool:
        """Whether the actor decides about an alert without asking anybody."""
        is_secret = alert.kind is AlertKind.SECRET
        settles = is_secret and not self.rules.maintainers_settle_secrets
        needed = Permission.ALERT_SETTLE if settles else Permission.ALERT_DISMISS
        return needed in grants.on_repository(self.work, self.repository)

    def insist(self, alert: Alert) -> None:
        """Go on only if they do."""
        if not self.may(alert):
            raise RefusedError(_SETTLERS if alert.kind is AlertKind.SECRET else _DECIDERS)

    def step(
        self,
        alert: Alert,
        step: Step,
        *,
        comment: str = "",
        dismissal: Dismissal | None = None,
        evidence: dict[str, Any] | None = None,
        approver_id: UUID | None = None,
    ) -> AlertDecision:
        """Take a step, and keep that it was taken."""
        actor_id = self.work.actor.id
        facts = alerts.after(alert.facts, step, now=self.now, dismissal=dismissal)
        alert.become(facts, now=self.now, by=actor_id)
        made = AlertDecision(
            id=new_id(),
            alert_id=alert.id,
            actor_id=actor_id,
            step=step,
            reason=dismissal.reason if dismissal else None,
            until=dismissal.until if dismissal else None,
            comment=_checked(comment),
            evidence=evidence or {},
            approver_id=approver_id,
            created_at=self.now,
        )
        self.work.session.add(made)
        return made


def _change(deciding: _Deciding, alert: Alert, wanted: Change) -> None:
    if wanted.state is AlertState.FIXED:
        raise InvalidError.of(
            "state",
            sentence("What is gone is fixed by itself; of a secret attest its revocation."),
        )
    if wanted.state is None and wanted.assignee is None:
        raise InvalidError.of("state", sentence("Say what is to be changed."))
    if wanted.state is AlertState.DISMISSED:
        _dismiss(deciding, alert, wanted)
    if wanted.state is AlertState.OPEN:
        _reopen(deciding, alert, wanted)
    if wanted.assignee is not None:
        _assign(deciding, alert, wanted.assignee)


def _dismiss(deciding: _Deciding, alert: Alert, wanted: Change) -> None:
    if wanted.reason is None:
        raise InvalidError.of("reason", alerts.NO_REASON)
    dismissal = Dismissal(wanted.reason, wanted.until)
    if alert.kind in deciding.rules.approved_kinds or not deciding.may(alert):
        _ask(deciding, alert, dismissal, wanted)
        return
    deciding.step(
        *(alert, Step.DISMISSED),
        comment=wanted.comment,
        dismissal=dismissal,
        evidence=dict(wanted.evidence),
    )
    alert.run(alert.clock, deciding.rules.clocks)
    _record_dismissal(deciding, alert, carried_from=wanted.evidence.get(CARRIED_FROM))


def _ask(deciding: _Deciding, alert: Alert, dismissal: Dismissal, wanted: Change) -> None:
    step, comment, evidence = Step.DISMISSAL_REQUESTED, wanted.comment, dict(wanted.evidence)
    deciding.step(alert, step, comment=comment, dismissal=dismissal, evidence=evidence)
    until = dismissal.until.isoformat() if dismissal.until else None
    alert.asked = {
        "reason": str(dismissal.reason),
        "until": until,
        "by": str(deciding.work.actor.id or ""),
        "comment": comment,
    }
    deciding.work.record(
        events.AlertDismissalRequested(
            **about(deciding.repository, alert),
            reason=str(dismissal.reason),
            until=until,
            carried_from=evidence.get(CARRIED_FROM),
        )
    )


def _record_dismissal(
    deciding: _Deciding,
    alert: Alert,
    *,
    asked_by: str | None = None,
    carried_from: str | None = None,
) -> None:
    deciding.work.record(
        events.AlertDismissed(
            **about(deciding.repository, alert),
            reason=str(alert.reason),
            until=alert.until.isoformat(timespec="seconds") if alert.until else None,
            asked_by=asked_by,
            carried_from=carried_from,
        )
    )


def _reopen(deciding: _Deciding, alert: Alert, wanted: Change) -> None:
    deciding.insist(alert)
    evidence = dict(wanted.evidence)
    deciding.step(alert, Step.REOPENED, comment=wanted.comment, evidence=evidence)
    alert.run(alert.clock.resumed(deciding.now), deciding.rules.clocks)
    deciding.work.record(
        events.AlertReopened(**about(deciding.repository, alert), why=str(Step.REOPENED))
    )


def _assign(deciding: _Deciding, alert: Alert, name: str) -> None:
    user = None
    if name != NOBODY:
        user = fetch_alerts.assignee(deciding.work, deciding.repository, name)
    if (user.id if user else None) == alert.assignee_id:
        return
    alert.assignee_id = user.id if user else None
    deciding.step(alert, Step.ASSIGNED, evidence={"assignee": str(user.id) if user else None})
    deciding.work.record(
        events.AlertAssigned(
            **about(deciding.repository, alert), assignee=user.pseudonym if user else None
        )
    )


def _checked(comment: str) -> str:
    found = check_text(comment, field="comment")
    if len(found) > LONGEST_COMMENT:
        raise InvalidError.of(
            "comment", sentence("At most %(most)s characters.", most=LONGEST_COMMENT)
        )
    return found
