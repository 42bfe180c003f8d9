r"""Common Event Format, version 0.

Header: seven fields between pipes, in which a backslash and a pipe are escaped. Extension: keys
and values, in which a backslash and an equals sign are escaped, a line feed is `\n`, a carriage
return `\r`, and a pipe is a pipe. Source: ArcSight Common Event Format, implementation standard.
"""

from __future__ import annotations

import ipaddress

from appliance.domain.audit_formats.entry import Entry, Sender, as_text, single_line

SEVERITIES = {1: 2, 2: 3, 3: 5, 4: 7, 5: 9, 6: 10}


def spell(entry: Entry, sender: Sender) -> str:
    """One line."""
    meaning = entry.meaning
    header = (
        *(sender.vendor, sender.product, sender.version, meaning.cef_id or entry.action),
        *(meaning.title, str(SEVERITIES[meaning.severity])),
    )
    fields = {key: value for key, value in _extension(entry, sender).items() if value}
    extension = " ".join(f"{key}={_in_extension(value)}" for key, value in fields.items())
    return "|".join(("CEF:0", *map(_in_header, header), extension))


def _extension(entry: Entry, sender: Sender) -> dict[str, str]:
    header = entry.header
    return {
        "rt": str(entry.milliseconds),
        "externalId": entry.id,
        "act": entry.action,
        "outcome": header["outcome"],
        "suser": entry.actor,
        "suid": header["actor"]["ref"],
        "impersonator": entry.impersonator,
        "impersonatorRef": entry.impersonator_ref,
        **_source(entry.address),
        "dvchost": sender.host,
        "cat": header["category"],
        "msg": entry.sentence,
        "cs1": header["target"]["type"],
        "cs1Label": "targetType",
        "cs2": entry.target,
        "cs2Label": "target" if entry.target else "",
        "cs3": header["request_id"],
        "cs3Label": "requestId" if header["request_id"] else "",
        "cs4": header["auth"]["method"],
        "cs4Label": "authMethod" if header["auth"]["method"] else "",
        "cs5": entry.log,
        "cs5Label": "log",
        "cs6": as_text(entry.details) if entry.details else "",
        "cs6Label": "details" if entry.details else "",
        "cn1": str(entry.index),
        "cn1Label": "logIndex",
    }


def _source(address: str) -> dict[str, str]:
    """The key that is for this kind of address; none for what is no address."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return {}
    if version == 4:  # noqa: PLR2004 - IP version 4.
        return {"src": address}
    return {"c6a2": address, "c6a2Label": "Source IPv6 Address"}


def _in_header(text: str) -> str:
    plain = single_line(text).replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return plain.replace("\\", "\\\\").replace("|", "\\|")


def _in_extension(text: str) -> str:
    escaped = single_line(text).replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\n", "\\n").replace("\r", "\\r")
