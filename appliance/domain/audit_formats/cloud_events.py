"""CloudEvents 1.0 in JSON.

Source: CloudEvents 1.0.2, sections 3 and 4; JSON event format 1.0.2, section 4 (batches).
"""

from __future__ import annotations

from typing import Any

from appliance.domain.audit_formats import plain
from appliance.domain.audit_formats.entry import Entry, Sender

BATCH_MEDIA_TYPE = "application/cloudevents-batch+json; charset=utf-8"
SPECIFICATION = "1.0"


def spell(entry: Entry, sender: Sender) -> dict[str, Any]:
    """One event. The names of what we add are in lower case, as the specification wants them."""
    target = entry.header["target"]
    spelled = {
        "specversion": SPECIFICATION,
        "id": entry.id,
        "source": f"https://{sender.host}/audit/{entry.log}",
        "type": f"codara.{entry.action}",
        "time": entry.header["time"],
        "datacontenttype": "application/json",
        "data": plain.spell(entry),
        "logindex": entry.index,
        "sequence": f"{entry.index:020}",
    }
    # An attribute that is there must not be empty.
    if target["ref"]:
        spelled["subject"] = f"{target['type']}/{target['ref']}"
    return spelled
