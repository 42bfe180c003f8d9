"""What a scan for secrets found becomes alerts, and what it has seen is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.alerts import Scan, ScannedObject
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity, alerts
from appliance.domain.alerts import AlertKind, Sighting, Verdict
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.services import leaked_tokens, push_scans, sightings

if TYPE_CHECKING:
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.scanning.resident.wire import Hit
    from appliance.services.secret_scans import Portion, ScanPlan
    from appliance.wiring import SignInTools


def note(
    work: UnitOfWork,
    plan: ScanPlan,
    scan_id: UUID,
    portion: Portion,
    commits: Mapping[str, str],
    *,
    tools: ScannerTools,
    sign_in: SignInTools,
    now: datetime,
) -> None:
    """Make alerts of what was found, remember what was seen, and revoke our own tokens.

    Errors:
        HiddenError, RefusedError: only the appliance may say what scans found.
    """
    home = fetch.repository_by_id(work, plan.home_id, Permission.ALERT_REPORT)
    key = tools.owner_key(plan.organisation_id or plan.owner_id)
    masks = {each.name: each.path for each in portion.hits if each.kind == "tree"}
    sightings.take_in(
        work,
        home,
        [_sighting(key, each, portion, commits, masks) for each in portion.hits],
        scan=work.session.get_one(Scan, scan_id),
        ref_is_protected=plan.is_protected,
        now=now,
        pushed_by=plan.pushed_by,
    )
    _remember(work, portion, now)
    tokens = sorted({each.token for each in portion.hits if each.token})
    if tokens:
        leaked_tokens.revoke(
            *(work, tokens[: leaked_tokens.MOST_TOKENS]),
            place=home.path,
            found_by=leaked_tokens.SCANNED,
            tools=sign_in,
            now=now,
        )


def _sighting(
    key: bytes,
    hit: Hit,
    portion: Portion,
    commits: Mapping[str, str],
    masks: Mapping[str, str],
) -> Sighting:
    path = hit.path
    if hit.kind == "blob":
        path = push_scans.masked_path(portion.paths.get(hit.oid, ""), masks)
    identity = alert_identity.of_secret(key, hit.rule, bytes.fromhex(hit.fingerprint))
    return Sighting(
        kind=AlertKind.SECRET,
        rule=hit.rule,
        title=hit.title,
        identity=identity,
        severity=alerts.Severity(hit.severity),
        confidence=alerts.Confidence(hit.confidence),
        lane=alerts.Lane(hit.lane),
        cure=hit.cure,
        preview=hit.masked,
        object_id=hit.oid,
        path=path.encode(),
        line=hit.line or None,
        end_line=hit.end_line or None,
        first_commit=commits.get(hit.oid, "") if hit.kind == "blob" else hit.oid,
        layers=hit.layers,
        detail={"provider": hit.provider, "notes": list(hit.notes), "in": hit.kind},
    )


def _remember(work: UnitOfWork, portion: Portion, now: datetime) -> None:
    """What was looked at; only what is clean is not looked at again, in whichever repository."""
    found = {each.oid for each in portion.hits}
    skipped = {each.oid for each in portion.skipped}
    known = sa.select(ScannedObject.object_id).where(
        ScannedObject.ruleset == portion.digest,
        ScannedObject.object_id.in_([oid for oid, _ in portion.objects]),
    )
    there = set(work.session.scalars(known))
    rows = [
        {
            "id": new_id(),
            "object_id": oid,
            "ruleset": portion.digest,
            "size_bytes": size,
            "verdict": _verdict(oid, found, skipped),
            "scanned_at": now,
        }
        for oid, size in dict(portion.objects).items()
        if oid not in there
    ]
    if rows:
        work.session.execute(sa.insert(ScannedObject), rows)


def _verdict(oid: str, found: set[str], skipped: set[str]) -> Verdict:
    if oid in found:
        return Verdict.FOUND
    return Verdict.SKIPPED if oid in skipped else Verdict.CLEAN
