"""What VEX documents say becomes decisions on alerts, and decisions become a VEX document.

Whoever may dismiss alerts is trusted with what they upload. Of several statements the one with the
latest time counts, and none counts against a decision that was made after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.db import alert_policies, alert_rows
from appliance.db.advisories import LONGEST_NAME
from appliance.db.alerts import Alert, AlertDecision
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.vex import LONGEST_PURL, VexStatement
from appliance.domain import events
from appliance.domain.alerts import (
    AlertKind,
    AlertState,
    Dismissal,
    DismissalReason,
    Step,
    after,
)
from appliance.domain.components import normal_name
from appliance.domain.package_urls import parsed
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence
from appliance.scanning import vex, vex_of_others
from appliance.scanning.vex import Document, Statement, Status
from appliance.services import alerts
from appliance.services.alert_events import about
from appliance.services.alerts import Change

LARGEST_BYTES = 16 * 1024 * 1024
MOST_ALERTS = 10_000
DECIDING = (
    Step.DISMISSED,
    Step.AUTO_DISMISSED,
    Step.DISMISSAL_REQUESTED,
    Step.DISMISSAL_APPROVED,
    Step.REOPENED,
)
MOMENT = "%Y-%m-%d %H:%M UTC"
LONGEST_SAID = 5000
NO_JSON = sentence("This is not well-formed JSON.")
SAID_AT = "said_at"
"""In the evidence of a decision that a statement led to."""


@dataclass(frozen=True)
class Outcome:
    """What became of a document."""

    format: str
    author: str
    statements: int
    matched: int
    """Statements that speak of a component with an alert here."""
    changed: tuple[int, ...]
    """Numbers of the alerts that are in another state now, or of which that was asked."""
    superseded: int
    """Statements that came too late: something newer was said or decided."""


def read(data: bytes) -> tuple[str, Document]:
    """A document in one of the three formats, and which it is.

    Errors:
        InvalidError: it is none, or a statement lacks what its status asks for.
    """
    if len(data) > LARGEST_BYTES:
        raise InvalidError.of(
            "vex", sentence("The file is larger than %(most)s MiB.", most=LARGEST_BYTES // 2**20)
        )
    try:
        record = json.loads(data)
        spelt = json.dumps(record, ensure_ascii=False).encode()  # Half characters are no text.
    except (ValueError, RecursionError) as error:
        raise InvalidError.of("vex", NO_JSON) from error
    if b"\\u0000" in spelt:
        raise InvalidError.of("vex", NO_JSON)
    if isinstance(record, dict) and "bomFormat" in record:
        return "cyclonedx", vex_of_others.cyclonedx(record)
    if isinstance(record, dict) and "document" in record:
        return "csaf", vex_of_others.csaf(record)
    return "openvex", vex.read(record)


def take_in(work: UnitOfWork, path: str, data: bytes, *, now: datetime) -> Outcome:
    """Let a document change the alerts that it speaks of.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
        RefusedError: they may not dismiss alerts.
        InvalidError: it is no VEX document, or says something of the future.
    """
    repository = fetch_alerts.home(work, path, Permission.ALERT_DISMISS)
    form, document = read(data)
    if any(each.said_at > now for each in document.statements):
        raise InvalidError.of("vex", sentence("A statement is of a time that has not come yet."))
    by_name: dict[str, list[Alert]] = {}
    for alert in _alerts(work, repository):
        for name in _names(alert):
            by_name.setdefault(name, []).append(alert)
    latest = vex.latest(document.statements).values()
    matched, changed, superseded = 0, [], 0
    for statement in sorted(latest, key=lambda each: each.said_at):
        named = {
            each.number: each
            for name in (statement.vulnerability, *statement.aliases)
            for each in by_name.get(name, ())
        }
        meant = [each for each in named.values() if _speaks_of(statement, repository, each)]
        matched += bool(meant)
        _keep(work, repository, form, document, statement, now)
        for alert in meant:
            outcome = _settle(work, path, alert, statement, document, now)
            changed += [alert.number] if outcome else []
            superseded += outcome is None
    work.record(
        events.VexUploaded(
            about=repository.id,
            organisation_id=repository.organisation_id,
            sha256=hashlib.sha256(data).hexdigest(),
            format=form,
            statements=len(document.statements),
            changed=sorted(set(changed)),
        )
    )
    numbers = tuple(sorted(set(changed)))
    return Outcome(form, document.author, len(latest), matched, numbers, superseded)


def _alerts(work: UnitOfWork, repository: Repository) -> list[Alert]:
    query = sa.select(Alert).where(
        Alert.repository_id == repository.id, Alert.kind == AlertKind.DEPENDENCY
    )
    return list(work.session.scalars(query.order_by(Alert.number).limit(MOST_ALERTS)))


def _names(alert: Alert) -> set[str]:
    return {alert.rule, *alert.detail.get("names", ())}


def _speaks_of(statement: Statement, repository: Repository, alert: Alert) -> bool:
    """The part of this repository is meant, or the component wherever it is."""
    if statement.part:
        return _is_repository(statement.product, repository) and _is_it(statement.part, alert)
    return _is_it(statement.product, alert)


def _is_repository(product: str, repository: Repository) -> bool:
    """Whether a product is the repository, as its path, its address or a package URL says it."""
    plain = product.partition("?")[0].partition("#")[0]
    named = plain.rpartition("@")[0] if plain.startswith("pkg:") and "@" in plain else plain
    named = named.removesuffix("/").removesuffix(".git").lower()
    path = repository.path.lower()
    return named == path or named.endswith(f"/{path}")


def _is_it(url: str, alert: Alert) -> bool:
    """Whether a package URL means the alert's component; without a version it means every one."""
    package, said = parsed(url), alert.detail
    if package is None or package.ecosystem != said.get("ecosystem"):
        return False
    same = normal_name(package.ecosystem, package.name) == normal_name(
        package.ecosystem, said["package"]
    )
    return same and package.version in {"", said["version"]}


def _settle(
    work: UnitOfWork,
    path: str,
    alert: Alert,
    statement: Statement,
    document: Document,
    now: datetime,
) -> bool | None:
    """Whether the alert is changed by a statement; None where something newer holds."""
    decided = _decided_at(work, alert)
    if decided is not None and statement.said_at <= decided:
        return None
    wanted = _WANTED[statement.status]
    if alert.state is wanted or alert.state is AlertState.FIXED or alert.asked is not None:
        return False
    change = Change(
        state=wanted,
        reason=DismissalReason.FALSE_POSITIVE if wanted is AlertState.DISMISSED else None,
        comment=_comment(statement, document),
        evidence={
            SAID_AT: statement.said_at.isoformat(),
            "author": document.author[:255],
            "status": str(statement.status),
            "justification": str(statement.justification or ""),
        },
    )
    alerts.change(work, path, alert.number, change, now=now)
    return True


_WANTED = {
    Status.NOT_AFFECTED: AlertState.DISMISSED,
    Status.FIXED: AlertState.DISMISSED,
    Status.AFFECTED: AlertState.OPEN,
    Status.UNDER_INVESTIGATION: AlertState.OPEN,
}


def _decided_at(work: UnitOfWork, alert: Alert) -> datetime | None:
    """Of when the last decision is: one by a statement is of when that was said."""
    query = sa.select(AlertDecision).where(
        AlertDecision.alert_id == alert.id, AlertDecision.step.in_(DECIDING)
    )
    last = work.session.scalar(query.order_by(AlertDecision.id.desc()).limit(1))
    if last is None:
        return None
    said = last.evidence.get(SAID_AT)
    return datetime.fromisoformat(said) if said else last.created_at


def _comment(statement: Statement, document: Document) -> str:
    """What a history shows, in the words of the document."""
    why = (str(statement.justification or ""), statement.impact, statement.action)
    said = "; ".join(each for each in why if each)
    when = statement.said_at.strftime(MOMENT)
    head = f"VEX: {statement.status} ({document.author}, {when})"
    return f"{head}: {said}"[:LONGEST_SAID] if said else head


def _keep(
    work: UnitOfWork,
    repository: Repository,
    form: str,
    document: Document,
    statement: Statement,
    now: datetime,
) -> None:
    """In place of earlier statements on the same things; not where a later one is kept."""
    component = (statement.part or statement.product)[:LONGEST_PURL]
    name = statement.vulnerability[:LONGEST_NAME]
    same = (
        (VexStatement.repository_id == repository.id)
        & (VexStatement.vulnerability == name)
        & (VexStatement.component == component)
    )
    earlier = sa.delete(VexStatement).where(same, VexStatement.said_at <= statement.said_at)
    work.session.execute(earlier, execution_options={"synchronize_session": False})
    if work.session.scalar(sa.select(VexStatement.id).where(same).limit(1)) is not None:
        return
    work.session.add(
        VexStatement(
            repository_id=repository.id,
            document=document.id[:LONGEST_PURL],
            author=document.author[:255],
            format=form,
            vulnerability=name,
            names=[statement.vulnerability, *statement.aliases],
            component=component,
            status=str(statement.status),
            justification=str(statement.justification or ""),
            impact=statement.impact,
            action=statement.action,
            said_at=statement.said_at,
            uploaded_by_id=work.actor.id,
            uploaded_at=now,
        )
    )


def apply_kept(
    work: UnitOfWork, repository: Repository, numbers: Collection[int], *, now: datetime
) -> None:
    """Let what was said before decide about new alerts: as a rule does, not as a person.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    rows = alert_rows.by_number(work.session, repository.id, numbers).values()
    clocks = alert_policies.rules_of(work.session, repository.organisation_id).clocks
    for alert in rows:
        said = _last_said(work, repository, alert)
        if said is None or said.status not in {Status.NOT_AFFECTED, Status.FIXED}:
            continue
        dismissal = Dismissal(DismissalReason.FALSE_POSITIVE)
        step = Step.AUTO_DISMISSED
        alert.become(after(alert.facts, step, now=now, dismissal=dismissal), now=now)
        alert.run(alert.clock, clocks)
        work.session.add(_decision(alert, said, dismissal, now))
        work.record(
            events.AlertDismissed(
                **about(repository, alert), reason=str(dismissal.reason), automatic=True
            )
        )


def _last_said(work: UnitOfWork, repository: Repository, alert: Alert) -> VexStatement | None:
    query = sa.select(VexStatement).where(
        VexStatement.repository_id == repository.id,
        VexStatement.vulnerability.in_(sorted(_names(alert))),
    )
    found = [each for each in work.session.scalars(query) if _is_it(each.component, alert)]
    return max(found, key=lambda each: each.said_at, default=None)


def _decision(
    alert: Alert, said: VexStatement, dismissal: Dismissal, now: datetime
) -> AlertDecision:
    why = "; ".join(each for each in (said.justification, said.impact, said.action) if each)
    when = said.said_at.strftime(MOMENT)
    evidence = {
        SAID_AT: said.said_at.isoformat(),
        "author": said.author,
        "status": said.status,
        "justification": said.justification,
    }
    return AlertDecision(
        alert_id=alert.id,
        step=Step.AUTO_DISMISSED,
        reason=dismissal.reason,
        comment=f"VEX: {said.status} ({said.author}, {when}): {why}"[:LONGEST_SAID],
        evidence=evidence,
        created_at=now,
    )
