"""The syslog message around an event, and its frame on a TLS connection.

Source: RFC 5424, section 6 (message); RFC 5425, section 4.3 (octet counting).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from appliance.domain.audit_formats.entry import Entry, Sender, single_line

FACILITY = 13
"""Log audit."""
SEVERITIES = {1: 6, 2: 5, 3: 4, 4: 3, 5: 2, 6: 1}
INFORMATIONAL = 6
APPLICATION = "codara"
HEARTBEAT = "heartbeat"
NO_NAME = re.compile(r"[^!-~]")
LONGEST_HOST, LONGEST_MESSAGE_ID = 255, 32
USUAL_ENTERPRISE = 32473
"""The number for documentation (RFC 5612): for whoever has none of their own."""


def message(
    entry: Entry, sender: Sender, text: str, *, enterprise: int = USUAL_ENTERPRISE
) -> bytes:
    """An event, spelled already, as a syslog message; its place and id are structured data."""
    data = {"log": entry.log, "index": str(entry.index), "id": entry.id, "origin": entry.origin}
    severity = SEVERITIES[entry.meaning.severity]
    head = _head(severity, entry.moment, sender.host, entry.action)
    return f"{head} {_element('audit', enterprise, data)} {_one_line(text)}".encode()


def heartbeat(
    moment: datetime,
    sender: Sender,
    counters: Mapping[str, int],
    *,
    enterprise: int = USUAL_ENTERPRISE,
) -> bytes:
    """A sign of life that says how much was sent, so that the receiver can see what it lost."""
    data = {name: str(value) for name, value in counters.items()}
    head = _head(INFORMATIONAL, moment, sender.host, HEARTBEAT)
    return f"{head} {_element(HEARTBEAT, enterprise, data)} {HEARTBEAT}".encode()


def frame(message: bytes) -> bytes:
    """A message as it goes over the connection: its length in octets, a space, itself."""
    return b"%d %s" % (len(message), message)


def _head(severity: int, moment: datetime, host: str, message_id: str) -> str:
    priority = FACILITY * 8 + severity
    time = moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    host = NO_NAME.sub("-", host)[:LONGEST_HOST] or "-"
    message_id = NO_NAME.sub("-", message_id)[:LONGEST_MESSAGE_ID] or "-"
    return f"<{priority}>1 {time} {host} {APPLICATION} - {message_id}"


def _element(name: str, enterprise: int, data: Mapping[str, str]) -> str:
    parameters = "".join(f' {key}="{_in_parameter(value)}"' for key, value in data.items())
    return f"[{name}@{enterprise}{parameters}]"


def _in_parameter(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
    return _one_line(escaped)


def _one_line(text: str) -> str:
    return single_line(text).replace("\n", " ").replace("\r", " ")
