"""Alerts of a repository as a report for other tools."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from appliance.access import fetch_alerts
from appliance.db.alerts import Alert
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind
from appliance.scanning import sarif_writing
from appliance.scanning.sarif import MOST_RESULTS
from appliance.scanning.sarif_writing import Told
from appliance.services import alert_lists
from appliance.services.alert_lists import AlertQuery

AT_ONCE = 500
LEVELS = {severity: level for severity, (level, _score) in sarif_writing.LEVELS.items()}
"""What a report calls each severity."""


def report(
    work: UnitOfWork, path: str, query: AlertQuery, *, version: str, now: datetime
) -> dict[str, Any]:
    """SARIF of the alerts that the query chooses, the worst first, as many as a run may have.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    fetch_alerts.home(work, path)
    some = islice(_all(work, path, query, now), MOST_RESULTS)
    return sarif_writing.report(map(_told, some), version=version)


def _all(work: UnitOfWork, path: str, query: AlertQuery, now: datetime) -> Iterator[Alert]:
    after: str | None = None
    while True:
        page = alert_lists.listed(work, path, query, now=now, after=after, limit=AT_ONCE)
        yield from (each.alert for each in page.items)
        after = page.next
        if after is None:
            return


def _told(alert: Alert) -> Told:
    # A secret's identity is worth nothing without its key, but nobody elsewhere needs it.
    is_secret = alert.kind is AlertKind.SECRET
    return Told(
        kind=alert.kind,
        number=alert.number,
        rule=alert.rule,
        title=alert.title,
        cure=alert.cure,
        severity=alert.severity,
        confidence=alert.confidence,
        identity=str(alert.id) if is_secret else alert.identity,
        path=alert.path,
        line=alert.line,
        end_line=alert.end_line,
        dismissed_as=str(alert.reason) if alert.reason else "",
    )
