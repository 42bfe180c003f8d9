"""Elastic Common Schema.

Source: ECS 8.17, field sets base, event, user, source, related, organization, observer, and the
categorisation fields with their allowed values. What it has no field for stands under `codara`.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from appliance.domain.audit_formats.entry import Entry, Sender, as_text

VERSION = "8.17.0"
DATASET = "codara.audit"


def spell(entry: Entry, sender: Sender) -> dict[str, Any]:
    """One document."""
    header = entry.header
    everybody = (entry.actor, header["actor"]["ref"], entry.impersonator, entry.impersonator_ref)
    names = [name for name in dict.fromkeys(everybody) if name]
    spelled: dict[str, Any] = {
        "@timestamp": header["time"],
        "ecs": {"version": VERSION},
        "message": entry.sentence,
        "event": {
            "action": entry.action,
            "category": list(entry.meaning.ecs_categories),
            "dataset": DATASET,
            "id": entry.id,
            "kind": "event",
            "module": "codara",
            "outcome": "success" if entry.succeeded else "failure",
            "provider": entry.origin,
            "sequence": entry.index,
            "severity": entry.meaning.severity,
            "type": list(entry.meaning.ecs_types),
        },
        "observer": {
            "hostname": sender.host,
            "product": sender.product,
            "vendor": sender.vendor,
            "version": sender.version,
        },
        "related": {"user": names},
        "codara": {
            "actor_type": header["actor"]["type"],
            "auth": header["auth"],
            # As text: one name with values of several types could not be indexed.
            "details": {name: as_text(value) for name, value in entry.details.items()},
            "log": entry.log,
            "outcome": header["outcome"],
            "target": {**header["target"], "name": entry.target},
        },
    }
    if header["actor"]["ref"]:
        spelled["user"] = _user(entry)
    if header["request_id"]:
        spelled["http"] = {"request": {"id": header["request_id"]}}
    if entry.log != "instance":
        spelled["organization"] = {"id": entry.log}
    if _is_address(entry.address):
        spelled["source"] = {"ip": entry.address, "address": entry.address}
        spelled["related"]["ip"] = [entry.address]
    return spelled


def _user(entry: Entry) -> dict[str, Any]:
    """Who did it: where somebody acted as somebody else, the one whose rights counted is the
    effective one.
    """
    user = {"id": entry.header["actor"]["ref"], "name": entry.actor}
    if not entry.impersonator:
        return user
    return {"id": entry.impersonator_ref, "name": entry.impersonator, "effective": user}


def _is_address(text: str) -> bool:
    """Whether the receiver's type for addresses would take it."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
