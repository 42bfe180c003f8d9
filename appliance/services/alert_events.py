"""What every event about an alert says."""

from __future__ import annotations

from typing import Any

from appliance.access.gate import open_to_everyone
from appliance.db.alerts import Alert
from appliance.db.repositories import Repository


@open_to_everyone(because="it only says what it is given")
def about(repository: Repository, alert: Alert) -> dict[str, Any]:
    """What every event about an alert says."""
    return {
        "about": repository.id,
        "organisation_id": repository.organisation_id,
        "number": alert.number,
        "type": str(alert.kind),
        "severity": str(alert.severity),
    }
