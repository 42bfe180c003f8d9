"""Writes what the outside reads of the registry of audit events: two pages and a JSON Schema.

`python -m script.audit_reference` writes them; a test compares them with what it would write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from appliance.domain.events import registry
from appliance.domain.events.base import Outcome
from appliance.domain.events.categories import CATEGORIES
from appliance.domain.events.outside import OCSF_VERSION, OTHER
from appliance.domain.events.registry import Action
from appliance.domain.events.words import Field
from audit import entry

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGE = REFERENCE / "audit-events.md"
MAPPINGS = REFERENCE / "audit-mappings.md"
SCHEMA = REFERENCE / "audit-events.schema.json"

INTRODUCTION = """# Audit events

Generated from the registry of events by `python -m script.audit_reference`.

An event has a header, which names no person, and a body with the members below. Members in
*italics* are personal: in the body stands a commitment, and the value is kept apart, so that it
can be erased without touching the log. The bytes are [specified](../../audit/SPEC.md); a [JSON
Schema](audit-events.schema.json) describes every body; a second page says [what other systems
call each action](audit-mappings.md).

Unless *no address* is said, a body also holds *address*: where the request came from; and, where an
administrator acted as the actor, `impersonator`: the administrator's pseudonym. `?` stands
after members that may be missing. Actions marked **awaited** are answered only when they are in
a signed state of the log. Those marked **reserved** belong to the vocabulary, and this release
does not record them yet.

An event can be seen with its details by those who may read the log that it stands in, and by
who did it; where the target is a user, by that user. Actions marked **log only** are seen by
the first alone.
"""
MAPPINGS_INTRODUCTION = f"""# Audit events in other vocabularies

Generated from the registry of events by `python -m script.audit_reference`. The members of each
action are on [another page](audit-events.md).

- **OCSF** {OCSF_VERSION}: class and activity; `type_uid` is the two together. {OTHER} is
  *other*, with the action as `activity_name`. Refusals and failures have `status_id` 2.
- **ECS**: `event.category` / `event.type`. `event.action` is the action, `event.outcome` is
  `success`, or `failure` for what was refused or failed.
- **CEF** and **LEEF**: the action is the event class; the number is the severity from 0 to 10.
- **Kept**: the class by which rules say how long a body is kept.
- **Evidence for**: `pci` PCI DSS 4.0.1, `nist` SP 800-53 revision 5, `iso` ISO/IEC 27001:2022
  annex A.
"""
JSON_TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "list[str]": {"type": "array", "items": {"type": "string"}},
    "list[int]": {"type": "array", "items": {"type": "integer"}},
    "list[list[str]]": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "string"}},
    },
    "dict[str,Any]": {"type": "object"},
}


def page() -> str:
    """The whole of audit-events.md."""
    parts = [INTRODUCTION]
    for name, category in CATEGORIES.items():
        rows = (f"| `{each.name}` | {_says(each)} | {_members(each)} |" for each in _of(name))
        head = "| action | | body |\n|---|---|---|"
        parts.append(f"\n## `{name}`\n\n{category.sentence}\n\n{head}\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def mappings() -> str:
    """The whole of audit-mappings.md."""
    head = "| action | severity | OCSF | ECS | CEF | kept | evidence for |\n"
    head += "|---|---|---|---|--:|---|---|"
    rows = "\n".join(
        f"| `{each.name}` | {each.severity.word} | {each.ocsf_class} / {each.ocsf_activity} "
        f"| {' '.join(each.ecs_categories)} / {' '.join(each.ecs_types)} "
        f"| {each.severity.cef} | {each.retention} | {_listed(each.controls)} |"
        for each in registry.actions()
    )
    classes = {each.ocsf_class: each.ocsf.name for each in registry.actions()}
    named = "\n".join(f"| {uid} | {classes[uid]} |" for uid in sorted(classes))
    return (
        f"{MAPPINGS_INTRODUCTION}\n{head}\n{rows}\n\n"
        f"## Classes of OCSF\n\n| class | |\n|---|---|\n{named}\n"
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of an event: its header, and the body that its action has."""
    actions = registry.actions()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:codara:audit-events:1",
        "title": "An event of the audit log",
        "type": "object",
        "properties": {"header": {"$ref": "#/$defs/header"}, "body": {"type": "object"}},
        "required": ["header"],
        "oneOf": [_alternative(each) for each in actions],
        "$defs": {
            "personal": {
                "description": "A commitment to a personal value.",
                "type": "string",
                "pattern": "^p1:[A-Za-z0-9_-]{43}$",
            },
            "header": _header(),
            **{each.name: _body(each) for each in actions},
        },
    }


def _of(category: str) -> Iterable[Action]:
    return (each for each in registry.actions() if each.category == category)


def _says(action: Action) -> str:
    marks = [
        mark
        for mark, applies in {
            "awaited": action.is_awaited,
            "log only": len(action.viewers) == 1,
            "reserved": not action.is_emitted,
            str(action.outcome): action.outcome is not Outcome.SUCCESS,
        }.items()
        if applies
    ]
    sentence = action.sentence.replace("`about`", "the target")
    return sentence + "".join(f" **{mark}**" for mark in marks)


def _members(action: Action) -> str:
    shown = [each for each in action.fields if each not in registry.EVERYWHERE]
    said = [_member(each) for each in shown]
    return ", ".join([*said, "no address"] if action.is_impersonal else said)


def _member(field: Field) -> str:
    spelled = f"*{field.name}*" if field.is_personal else f"`{field.name}`"
    return spelled + ("?" if field.is_optional else "")


def _listed(controls: tuple[str, ...]) -> str:
    return ", ".join(control.replace(":", " ", 1) for control in controls)


def _alternative(action: Action) -> dict[str, Any]:
    wanted = {"action": {"const": action.name}, "outcome": {"const": str(action.outcome)}}
    return {
        "properties": {
            "header": {"properties": wanted},
            "body": {"$ref": f"#/$defs/{action.name}"},
        }
    }


def _header() -> dict[str, Any]:
    types = {str: "string", int: "integer", bool: "boolean", dict: "object"}
    properties: dict[str, Any] = {
        name: {
            "type": "object",
            "properties": {
                each: {"type": types[kind]}
                for each, kind in members.items()
                if isinstance(kind, type)
            },
            "required": sorted(members),
            "additionalProperties": False,
        }
        for name, members in entry.PARTS.items()
    }
    for name, kind in entry.MEMBERS.items():
        words = [
            types[each] for each in (kind if isinstance(kind, tuple) else (kind,)) if each in types
        ]
        properties.setdefault(
            name, {"type": words[0]} if kind in types else {"type": [*words, "null"]}
        )
    return {
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _body(action: Action) -> dict[str, Any]:
    properties = {each.name: _property(each) for each in action.fields}
    return {
        "description": action.sentence,
        "type": "object",
        "properties": properties,
        "required": [each.name for each in action.fields if not each.is_optional],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    if field.is_personal:
        return {"$ref": "#/$defs/personal"}
    return JSON_TYPES[field.type.replace(" ", "")]


def schema_text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=1) + "\n"


def main() -> None:
    """Write all three."""
    PAGE.write_text(page(), "utf-8")
    MAPPINGS.write_text(mappings(), "utf-8")
    SCHEMA.write_text(schema_text(), "utf-8")


if __name__ == "__main__":
    main()
