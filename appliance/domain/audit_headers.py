"""Headers and bodies of entries, read so that one that is none stops nobody.

Such an entry is in a log only if an earlier release let it in, or somebody changed the database.
Verification says so; whoever reads on the way to something else gets what can be said of any entry.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from appliance.domain.queued_events import USUAL
from audit import entry

UNREADABLE = "audit.unreadable_entry"
NEVER = "1970-01-01T00:00:00.000001Z"


def members(header: str) -> dict[str, Any]:
    """The members of a header; of one that is no entry, those of `UNREADABLE`."""
    try:
        if USUAL.fullmatch(header):
            said: dict[str, Any] = json.loads(header)
        else:
            said = entry.read(header.encode()).members
        datetime.fromisoformat(said["time"])
    except ValueError:
        return _unreadable()
    return said


def body(text: str | None) -> dict[str, Any]:
    """The members of a body; none where there is no body, or what is there is none."""
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _unreadable() -> dict[str, Any]:
    return {
        "action": UNREADABLE,
        "actor": {"ref": "", "type": "stranger"},
        "auth": {"method": "none", "mfa": False, "token_ref": ""},
        "b": None,
        "category": "audit",
        "id": "00000000-0000-0000-0000-000000000000",
        "log": "",
        "outcome": "failed",
        "request_id": "",
        "src": {"boot": "", "n": 0, "node": ""},
        "target": {"ref": "", "type": "log"},
        "time": NEVER,
        "v": entry.VERSION,
    }
