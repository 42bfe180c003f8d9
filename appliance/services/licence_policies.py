"""What an organisation says of licences, and what that comes to before it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, visible_alerts
from appliance.access.gate import open_to_everyone
from appliance.db import component_rows, licence_policies
from appliance.db.components import ManifestFile
from appliance.db.licence_policies import LicencePolicyRow
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity, events
from appliance.domain.licences import DecidedPackage, LicenceDecision, LicencePolicy
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence
from appliance.scanning.licences import expressions
from appliance.scanning.licences.expressions import Licence
from appliance.scanning.licences.policy import Judge
from appliance.services import component_licences, manifest_promises
from appliance.services.component_licences import Judged

MOST_LICENCES = 1000
MOST_PACKAGES = 2000
LONGEST_REASON = 500
LONGEST_PACKAGE = 512
MOST_SHOWN = 50
LATELY = timedelta(days=3)


@dataclass(frozen=True)
class Trial:
    """What a policy would come to."""

    before: Mapping[LicenceDecision, int]
    """Packages, each once."""
    after: Mapping[LicenceDecision, int]
    changed: Sequence[tuple[Judged, Judged]]
    """The first that would be judged otherwise: as they are, and as they would be."""


def show(work: UnitOfWork, organisation: str) -> LicencePolicy | None:
    """What an organisation says of licences; None where it says nothing.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
    return licence_policies.policy_of(work.session, found.id)


@open_to_everyone(because="it looks at nothing but what it is given")
def read(wanted: LicencePolicy) -> LicencePolicy:
    """The same with every licence and package in its one spelling, without repetition.

    Errors:
        InvalidError: something is no licence or no package, or there is too much of it.
    """
    if len(wanted.allowed) + len(wanted.denied) > MOST_LICENCES:
        raise InvalidError.of(
            "allowed", sentence("At most %(most)s licences can be named.", most=MOST_LICENCES)
        )
    if len(wanted.decided) > MOST_PACKAGES:
        raise InvalidError.of(
            "decided", sentence("At most %(most)s packages can be named.", most=MOST_PACKAGES)
        )
    allowed, denied = _licences("allowed", wanted.allowed), _licences("denied", wanted.denied)
    if both := sorted(set(allowed) & set(denied)):
        raise InvalidError.of(
            "denied", sentence("%(licence)s is allowed and denied. Choose one.", licence=both[0])
        )
    decided = {each.package: each for each in map(_decided, wanted.decided)}
    return LicencePolicy(
        allowed, denied, tuple(decided[each] for each in sorted(decided)), wanted.alerts_for_review
    )


def set_policy(
    work: UnitOfWork, organisation: str, wanted: LicencePolicy | None
) -> LicencePolicy | None:
    """Say what holds for licences; None: nothing. Jobs open and close the alerts.

    Errors:
        HiddenError, RefusedError: the actor does not manage the organisation.
        InvalidError: something is no licence or no package, or there is too much of it.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    policy = read(wanted) if wanted is not None else None
    row = licence_policies.row_of(work.session, found.id)
    if policy is None:
        if row is None:
            return None
        work.session.delete(row)
    else:
        if row is None:
            row = LicencePolicyRow(organisation_id=found.id)
            work.session.add(row)
        row.allowed, row.denied = list(policy.allowed), list(policy.denied)
        row.decided = [_plain(each) for each in policy.decided]
        row.alerts_for_review = policy.alerts_for_review
    said = policy or LicencePolicy()
    work.record(
        events.LicencePolicyChanged(
            about=found.id,
            organisation_id=found.id,
            allowed=list(said.allowed),
            denied=list(said.denied),
            decided=[[value or "" for value in _plain(each).values()] for each in said.decided],
            alerts_for_review=said.alerts_for_review,
        )
    )
    _judge_anew(work, found.id)
    return policy


def trial(work: UnitOfWork, organisation: str, wanted: LicencePolicy, *, now: datetime) -> Trial:
    """What a policy would come to in the repositories whose alerts the actor may see.

    Errors:
        HiddenError, RefusedError: the actor does not manage the organisation.
        InvalidError: something is no licence or no package, or there is too much of it.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    policy = read(wanted)
    seen = visible_alerts.within(work, organisation).with_only_columns(Repository.id)
    rows = component_licences.packages(work, seen)
    old = licence_policies.policy_of(work.session, found.id) or LicencePolicy()
    before = list(component_licences.judged(rows, old, now.date()))
    after = list(component_licences.judged(rows, policy, now.date()))
    changed = [
        (was, would_be)
        for was, would_be in zip(before, after, strict=True)
        if was.decision is not would_be.decision
    ]
    return Trial(
        Counter(each.decision for each in before),
        Counter(each.decision for each in after),
        changed[:MOST_SHOWN],
    )


def promise_ended(work: UnitOfWork, *, today: date) -> int:
    """Let repositories be judged anew where a decision about a package has ended; gives of how many
    organisations.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    rows = work.session.scalars(sa.select(LicencePolicyRow))
    found = [row.organisation_id for row in rows if _has_ended(row, today)]
    for each in found:
        _judge_anew(work, each)
    return len(found)


def _has_ended(row: LicencePolicyRow, today: date) -> bool:
    """Whether one has lately: what ended before was seen to."""
    lately = (today - LATELY).isoformat()
    return any(
        each["until"] and lately <= each["until"] < today.isoformat() for each in row.decided
    )


def _judge_anew(work: UnitOfWork, organisation_id: UUID) -> None:
    """Each repository by a job of its own, which does the same whoever promised it first."""
    query = (
        sa.select(Repository.id)
        .where(Repository.organisation_id == organisation_id, Repository.deleted_at.is_(None))
        .where(Repository.id.in_(sa.select(ManifestFile.repository_id)))
    )
    ids = list(work.session.scalars(query))
    component_rows.note_waiting(work.session, ids)
    for each in ids:
        manifest_promises.promise_one(work, each)


def _licences(field: str, named: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_licence(field, each) for each in named}, key=str.lower))


def _licence(field: str, text: str) -> str:
    found = expressions.read(text)
    if not isinstance(found, Licence) or not found.is_known:
        raise InvalidError.of(
            field,
            sentence(
                "%(text)s is no licence of the SPDX list. Name one, or LicenseRef-NAME for one of "
                "your own.",
                text=text[:100] or "-",
            ),
        )
    return str(found)


def _decided(each: DecidedPackage) -> DecidedPackage:
    package = alert_identity.without_version(each.package.strip())
    if not package.startswith("pkg:") or "/" not in package or len(package) > LONGEST_PACKAGE:
        raise InvalidError.of(
            "decided",
            sentence(
                "%(text)s is no package. Write it as pkg:pypi/requests.",
                text=each.package[:100] or "-",
            ),
        )
    licence = expressions.read(each.licence)
    if licence is None or not all(one.is_known for one in expressions.licences(licence)):
        raise InvalidError.of(
            "decided",
            sentence(
                "%(text)s is no expression of known licences.", text=each.licence[:100] or "-"
            ),
        )
    reason = " ".join(each.reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InvalidError.of(
            "decided",
            sentence("Say in 1 to %(most)s characters why.", most=LONGEST_REASON),
        )
    return DecidedPackage(package, str(licence), reason, each.until)


def _plain(each: DecidedPackage) -> dict[str, str | None]:
    until: date | None = each.until
    return {
        "package": each.package,
        "licence": each.licence,
        "reason": each.reason,
        "until": until.isoformat() if until else None,
    }


@open_to_everyone(because="it only makes what judges")
def judge_of(policy: LicencePolicy) -> Judge:
    """What judges by a policy's lists."""
    return Judge(policy.allowed, policy.denied)
