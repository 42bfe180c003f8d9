"""Open Cybersecurity Schema Framework, in the version that the receiver wants.

Each class demands members of its own; all that has no member of the schema stands in `unmapped`.
From 1.9.0 on an event carries an attestation: its fingerprint, and its place in our log, whose
signed states prove it. Before 1.9.0 there were no classes for the management of users and roles.

Source: ocsf-schema 1.9.0, classes under events/, objects attestation, fingerprint, managed_entity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from appliance.domain.audit_formats.entry import Entry, Sender, as_text

NEWEST = "1.9.0"
VERSIONS = ("1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0", "1.9.0")
"""Those that a stream may ask for."""
SUCCESS, FAILURE = 1, 2
SHA_256, JCS = 3, 2
OTHER = 99
USER_MANAGEMENT, ROLE_MANAGEMENT = 3007, 3008
# Account Change and User Access Management, and our activities in their words.
BEFORE: Mapping[int, tuple[int, Mapping[int, int]]] = {
    USER_MANAGEMENT: (3001, {1: 1, 3: 6, 4: 2, 5: 5, 6: 9, 7: 12, 8: 3, 9: 4, 10: 7, 11: 8}),
    ROLE_MANAGEMENT: (3005, {4: 1, 5: 2}),
}


def spell(entry: Entry, sender: Sender, version: str = NEWEST) -> dict[str, Any]:
    """One event, as an object of the class that the registry names."""
    is_newest = _number(version) >= _number(NEWEST)
    kind, activity = entry.meaning.ocsf_class, entry.meaning.ocsf_activity
    if not is_newest and kind in BEFORE:
        kind, activities = BEFORE[kind]
        activity = activities.get(activity, OTHER)
    spelled: dict[str, Any] = {
        "activity_id": activity,
        "category_uid": kind // 1000,
        "class_uid": kind,
        "type_uid": kind * 100 + activity,
        "severity_id": entry.meaning.severity,
        "time": entry.milliseconds,
        "message": entry.sentence,
        "status_id": SUCCESS if entry.succeeded else FAILURE,
        "status_detail": entry.header["outcome"],
        "metadata": _metadata(entry, sender, version),
        "actor": {"user": _actor(entry)},
        "unmapped": _unmapped(entry),
        **MEMBERS.get(kind, _nothing)(entry, sender),
    }
    if activity == OTHER:
        spelled["activity_name"] = entry.action
    if entry.address:
        spelled["src_endpoint"] = {"ip": entry.address}
    if is_newest:
        spelled["attestation_list"] = [_attestation(entry, spelled)]
    return spelled


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _metadata(entry: Entry, sender: Sender, version: str) -> dict[str, Any]:
    metadata = {
        "version": version,
        "product": {
            "name": sender.product,
            "vendor_name": sender.vendor,
            "version": sender.version,
        },
        "uid": entry.id,
        "event_code": entry.action,
        "log_name": entry.log,
        "log_provider": entry.origin,
        "original_time": entry.header["time"],
        "sequence": entry.index,
    }
    if entry.header["request_id"]:
        metadata["correlation_uid"] = entry.header["request_id"]
    if _number(version) >= _number(NEWEST):
        metadata["profiles"] = ["record_integrity"]
    return metadata


def _actor(entry: Entry) -> dict[str, Any]:
    reference = entry.header["actor"]["ref"]
    return {"name": entry.actor or "unknown", "uid": reference or "unknown"}


def _unmapped(entry: Entry) -> dict[str, Any]:
    header = entry.header
    return {
        "action": entry.action,
        "actor_type": header["actor"]["type"],
        "auth": header["auth"],
        "category": header["category"],
        "details": {name: as_text(value) for name, value in entry.details.items()},
        **_impersonator(entry),
        "leaf_hash": leaf_hash(entry),
        "source": header["src"],
        "target": {**header["target"], "name": entry.target},
    }


def _impersonator(entry: Entry) -> dict[str, Any]:
    """The administrator who acted as the actor. The schema has nothing for that."""
    if not entry.impersonator:
        return {}
    return {"impersonator": {"name": entry.impersonator, "uid": entry.impersonator_ref}}


def leaf_hash(entry: Entry) -> str:
    """The hash that stands in the tree for this event. Source: RFC 9162, section 2.1.1."""
    return hashlib.sha256(b"\x00" + entry.leaf.encode()).hexdigest()


def _attestation(entry: Entry, spelled: Mapping[str, Any]) -> dict[str, Any]:
    """The event's fingerprint over its canonical form, which holds all but the fingerprint."""
    place = {
        "uid": f"{entry.origin}/{entry.index}",
        "authority_uid": entry.origin,
        "chain_uid": entry.origin,
    }
    whole = {**spelled, "attestation_list": [place]}
    # Whole numbers and text only, names in ASCII: there this is the canonical form of RFC 8785.
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    fingerprint = {
        "algorithm_id": SHA_256,
        "canonicalization_id": JCS,
        "value": hashlib.sha256(text.encode()).hexdigest(),
    }
    return {**place, "fingerprint": fingerprint}


def _nothing(_entry: Entry, _sender: Sender) -> dict[str, Any]:
    return {}


def _authentication(entry: Entry, sender: Sender) -> dict[str, Any]:
    is_mfa = bool(entry.header["auth"]["mfa"])
    return {"user": _actor(entry), "service": {"name": sender.product}, "is_mfa": is_mfa}


def _session(entry: Entry, _sender: Sender) -> dict[str, Any]:
    return {"user": _actor(entry), "privileges": [entry.action]}


def _named(entry: Entry) -> dict[str, Any]:
    """What the event is about."""
    reference = entry.header["target"]["ref"]
    return {"name": entry.target or "unknown", "uid": reference or "unknown"}


def _entity(entry: Entry, _sender: Sender) -> dict[str, Any]:
    return {"entity": {**_named(entry), "type": entry.header["target"]["type"]}}


def _api(entry: Entry, _sender: Sender) -> dict[str, Any]:
    # The endpoint is demanded, even of what the appliance does by itself.
    return {"api": {"operation": entry.action}, "src_endpoint": {"name": "unknown"}}


def _finding(entry: Entry, _sender: Sender) -> dict[str, Any]:
    finding = {"uid": entry.id, "title": entry.meaning.title}
    return {"finding_info": finding, "compliance": {"standards": []}}


def _device(entry: Entry, sender: Sender) -> dict[str, Any]:
    device = {"hostname": sender.host, "type_id": 1}
    return {"device": device, "log_name": entry.log}


MEMBERS: Mapping[int, Callable[[Entry, Sender], dict[str, Any]]] = {
    1008: _device,
    2003: _finding,
    2006: lambda entry, sender: {"finding_info": _finding(entry, sender)["finding_info"]},
    3001: lambda entry, _: {"user": _named(entry)},
    3002: _authentication,
    3003: _session,
    3004: _entity,
    3005: lambda entry, _: {"user": _named(entry), "privileges": [entry.action]},
    3006: lambda entry, _: {"group": _named(entry)},
    3007: lambda entry, _: {"user": _named(entry)},
    3008: lambda entry, _: {"iam_role": _named(entry)},
    6001: lambda entry, _: {"web_resources": [_named(entry)]},
    6003: _api,
    6007: lambda entry, _: {"scan": {"type_id": OTHER, "type": entry.action, "uid": entry.id}},
}
"""What each class demands beside what all of them do."""
