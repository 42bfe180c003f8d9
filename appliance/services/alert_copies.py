"""The same alert in copies of a file and in forks, and one decision for all of them.

The same is what the same rule says of the same text. A copy is a file that is nearly the same;
whoever decides must be allowed to in its repository, and of others nobody learns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_alerts, grants, visible_alerts
from appliance.db import alert_copies as rows
from appliance.db.alert_copies import InCopy
from appliance.db.alerts import Alert, AlertDecision
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import (
    LONGEST_PREVIEW,
    AlertKind,
    AlertState,
    Step,
)
from appliance.domain.duplicates import USUAL_SIMILARITY
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.services import alerts
from appliance.services.alerts import MOST_AT_ONCE, Change

_KINDS = frozenset({AlertKind.CODE, AlertKind.SECRET})
_DECIDED = (Step.DISMISSED, Step.DISMISSAL_APPROVED)


@dataclass(frozen=True)
class AlertCopy:
    """The same alert elsewhere."""

    alert: Alert
    repository: str
    similarity: float | None
    """Of the two files; None where only the repository is a fork."""
    is_fork: bool

    @property
    def is_undecided(self) -> bool:
        """Whether a decision may be carried to it."""
        return self.alert.state is AlertState.OPEN and self.alert.asked is None


def of_alert(work: UnitOfWork, path: str, number: int) -> Sequence[AlertCopy]:
    """Where an alert stands once more, in repositories whose alerts the actor may see; the most
    similar first, 200 at most.

    Errors:
        HiddenError, MovedError: there is no such alert, or none for this actor.
    """
    repository, alert = fetch_alerts.alert(work, path, number)
    if alert.kind not in _KINDS:
        return []
    among = visible_alerts.within(work, None).with_only_columns(Repository.id)
    family = rows.family(work.session, repository)
    found = {
        each.alert.id: AlertCopy(
            each.alert, each.repository.path, each.similarity, each.repository.id in family
        )
        for each in _in_copies(work, alert, among)
    }
    for fork, home in rows.in_forks(work.session, alert, family, among):
        found.setdefault(fork.id, AlertCopy(fork, home.path, None, is_fork=True))
    ordered = sorted(found.values(), key=_first)
    return ordered[:MOST_AT_ONCE]


def carry(work: UnitOfWork, path: str, number: int, *, now: datetime) -> Sequence[AlertCopy]:
    """Decide about all open copies of a dismissed alert as about itself, where the actor may.

    Where another has to approve, it becomes a request. Gives what was changed.

    Errors:
        HiddenError: there is none, or none for this actor. RefusedError: they may not do this.
        ConflictError: nobody has dismissed it.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_TRIAGE)
    if alert.state is not AlertState.DISMISSED or alert.is_automatic:
        raise ConflictError(
            sentence("Dismiss the alert first: copies get the decision that was taken about it.")
        )
    wanted = Change(
        AlertState.DISMISSED,
        alert.reason,
        _comment(work, alert),
        alert.until,
        evidence={alerts.CARRIED_FROM: f"{repository.id}#{alert.number}"},
    )
    changed = []
    for each in of_alert(work, path, number):
        if each.is_undecided and _may_triage(work, each.alert.repository_id):
            alerts.change(work, each.repository, each.alert.number, wanted, now=now)
            changed.append(each)
    return changed


def _first(copy: AlertCopy) -> tuple[float, str, int]:
    return -(copy.similarity or 0), copy.repository, copy.alert.number


def _may_triage(work: UnitOfWork, repository_id: UUID) -> bool:
    repository = work.session.get_one(Repository, repository_id)
    return Permission.ALERT_TRIAGE in grants.on_repository(work, repository)


def _comment(work: UnitOfWork, alert: Alert) -> str:
    """What was said when it was dismissed."""
    query = (
        sa.select(AlertDecision.comment)
        .where(AlertDecision.alert_id == alert.id, AlertDecision.step.in_(_DECIDED))
        .order_by(AlertDecision.id.desc())
        .limit(1)
    )
    return work.session.scalar(query) or ""


def _in_copies(work: UnitOfWork, alert: Alert, among: sa.Select[UUID]) -> Iterable[InCopy]:
    """One of each copy. What stands in a file several times is the same as what stands as often in
    the other, in that order; where they are not as many, nobody can say which is which.
    """
    files: dict[tuple[UUID, bytes], list[InCopy]] = {}
    for each in rows.in_copies(work.session, alert, among, similarity=USUAL_SIMILARITY):
        if _is_same(alert, each):
            files.setdefault((each.alert.repository_id, each.alert.path), []).append(each)
    for some in files.values():
        some.sort(key=lambda each: (each.alert.line or 0, each.alert.number))
    own = files.pop((alert.repository_id, alert.path), [])
    at = next((at for at, each in enumerate(own) if each.alert.id == alert.id), 0)
    return [some[at] for some in files.values() if len(some) == len(own)]


def _is_same(alert: Alert, other: InCopy) -> bool:
    """Whether a rule says the same of the same text, as far as the text is kept."""
    copy = other.alert
    if alert.identity == copy.identity:
        return True
    if other.similarity == 1 and alert.object_id == copy.object_id and alert.line == copy.line:
        return True
    is_whole = 0 < len(alert.preview) < LONGEST_PREVIEW
    return alert.kind is AlertKind.CODE and is_whole and alert.preview == copy.preview
