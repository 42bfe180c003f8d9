r"""Log Event Extended Format, version 2.0, with the tab between attributes.

The format has no spelling for a tab, a line feed or a carriage return in a value; we write `\t`,
`\n` and `\r`, and `\\` for a backslash. Source: IBM QRadar, LEEF event format guide, version 2.0.
"""

from __future__ import annotations

import re

from appliance.domain.audit_formats.entry import Entry, Sender, as_text, single_line

DELIMITER = "\t"
DELIMITER_NAME = "x09"
TIME_FORMAT = "yyyy-MM-dd'T'HH:mm:ss.SSSX"
SEVERITIES = {1: 2, 2: 3, 3: 5, 4: 7, 5: 9, 6: 10}
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NO_HEADER = re.compile(r"[|\t\r\n]")


def spell(entry: Entry, sender: Sender) -> str:
    """One line."""
    fields = (
        *(sender.vendor, sender.product, sender.version),
        *(entry.meaning.cef_id or entry.action, DELIMITER_NAME),
    )
    # The format cannot escape a pipe in its header.
    header = "|".join(("LEEF:2.0", *(NO_HEADER.sub("_", single_line(each)) for each in fields)))
    attributes = DELIMITER.join(
        f"{key}={single_line(value).translate(ESCAPES)}"
        for key, value in _attributes(entry, sender).items()
        if value
    )
    return f"{header}|{attributes}"


def _attributes(entry: Entry, sender: Sender) -> dict[str, str]:
    header = entry.header
    return {
        "devTime": entry.moment.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{entry.moment.microsecond // 1000:03}Z",
        "devTimeFormat": TIME_FORMAT,
        "cat": header["category"],
        "sev": str(SEVERITIES[entry.meaning.severity]),
        "usrName": entry.actor,
        "src": entry.address,
        "identHostName": sender.host,
        "action": entry.action,
        "outcome": header["outcome"],
        "eventId": entry.id,
        "actorRef": header["actor"]["ref"],
        "impersonator": entry.impersonator,
        "impersonatorRef": entry.impersonator_ref,
        "targetType": header["target"]["type"],
        "target": entry.target,
        "requestId": header["request_id"],
        "authMethod": header["auth"]["method"],
        "log": entry.log,
        "logIndex": str(entry.index),
        "msg": entry.sentence,
        "details": as_text(entry.details) if entry.details else "",
    }
