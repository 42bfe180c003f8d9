"""JSON that holds all there is: whoever has it can compute the leaf and check each commitment."""

from __future__ import annotations

from typing import Any

from appliance.domain.audit_formats.entry import Entry


def spell(entry: Entry) -> dict[str, Any]:
    """Header, body and personal values with their salts, and the place in the log."""
    return {
        "body": entry.body,
        "header": entry.header,
        "index": entry.index,
        "log": entry.log,
        "origin": entry.origin,
        "salt": entry.salt,
        "values": [
            {"field": each.field, "salt": each.salt, "value": each.words} for each in entry.values
        ],
    }
