"""Alerts in a world: what scans found, in a few words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.db.repositories import Repository
from appliance.domain import alert_identity
from appliance.domain.alerts import AlertKind, Confidence, ScanCause, Severity, Sighting
from appliance.domain.identity import appliance
from appliance.services import sightings
from appliance.services.sightings import NewScan, TakenIn
from tests.world import NOON, World

KEY = b"k" * 32
SECRET = Sighting(
    kind=AlertKind.SECRET,
    rule="example-token",
    title="Example token",
    identity=alert_identity.of_secret(KEY, "example-token", b"not-a-real-one"),
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cure="Revoke it, and give a new one.",
    preview="exa…one",
    object_id="1" * 40,
    path=b"src/settings.py",
    line=3,
    end_line=3,
    first_commit="c" * 40,
)
CODE = Sighting(
    kind=AlertKind.CODE,
    rule="sql-from-strings",
    title="SQL from strings",
    identity=alert_identity.of_code(b"src/a.py", "sql-from-strings", "run(sql)", 0),
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    path=b"src/a.py",
    line=7,
)


def another(seen: Sighting, name: str, **more: Any) -> Sighting:
    """The same thing found once more, as another one."""
    identity = alert_identity.of_secret(KEY, seen.rule, name.encode())
    return replace(seen, identity=identity, **more)


def find(
    world: World,
    path: str,
    seen: Iterable[Sighting],
    *,
    now: datetime = NOON,
    is_protected: bool = False,
) -> TakenIn:
    """Let a push be scanned in which all of this is seen; all of one kind."""
    found = list(seen)
    owner, name = path.split("/")
    query = sa.select(Repository).where(Repository.owner_name == owner, Repository.name == name)
    with world.begin(appliance()) as work:
        repository = work.session.scalars(query).one()
        scan = sightings.begin_scan(
            work, repository, NewScan(found[0].kind, ScanCause.PUSH), now=now
        )
        return sightings.take_in(
            work, repository, found, scan=scan, ref_is_protected=is_protected, now=now
        )
