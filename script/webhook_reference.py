"""Writes what receivers of webhooks read of the registry of their events: a page and a JSON Schema.

`python -m script.webhook_reference` writes them; a test compares them with what it would write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from appliance.domain import webhook_events
from appliance.domain.permissions import Visibility
from appliance.domain.webhook_events import PING, VERSION, WebhookEvent
from script.audit_reference import JSON_TYPES

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGE = REFERENCE / "webhook-events.md"
SCHEMA = REFERENCE / "webhook-events.schema.json"
TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
TYPES = {**JSON_TYPES, "list[dict[str,str]]": {"type": "array", "items": TEXTS}}
INTRODUCTION = """# Webhook events

Generated from the registry of events by `python -m script.webhook_reference`.

Each event is one JSON object, posted to [webhooks](../user/webhooks.md); a [JSON
Schema](webhook-events.schema.json) describes all of them. A payload only ever gains members:
pass over what you do not know. Anything else comes with another `version`.

| member | |
|---|---|
| `version` | {version} |
| `id` | the same however often, and to however many, it is told: leave out repeats by it |
| `event` | one of the names below |
| `happened_at` | RFC 3339, UTC |
| `repository` | what is said of it below; `null` in the ping of an organisation's webhook |
| `actor` | `type` (`user`, `deploy_key`, `appliance` …), and `name` or `null` |
| `data` | what the table says; `?` stands after members that may be missing |

| event | | `data` |
|---|---|---|
"""
REFS = """
A repository has `id`, `path`, `visibility`, `default_branch` and `url`, as they are by then.
A ref in `refs` has `ref` (its full name), `change` (`created`, `moved` or `deleted`), `before` and
`after`: object ids, or forty zeros for nothing. A push of very many refs is told in several events,
numbered by `part` of `parts`. `operation` is the merge, rebase or the like by which it came.
`protocol` is `https`, `ssh`, or what says that it came by the portal or over the API.
"""


def page() -> str:
    """The whole of webhook-events.md."""
    rows = "\n".join(_row(each) for each in webhook_events.by_name().values())
    return f"{INTRODUCTION.format(version=VERSION)}{rows}\n{REFS}"


def _row(event: WebhookEvent) -> str:
    said = (f"`{each.name}`{'?' if each.is_optional else ''}" for each in event.fields)
    return f"| `{event.name}` | {event.says} | {', '.join(said)} |"


def schema() -> dict[str, Any]:
    """The JSON Schema of a payload."""
    events = webhook_events.by_name()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:codara:webhook-events:{VERSION}",
        "title": "An event as webhooks are told it",
        "type": "object",
        "properties": {
            "version": {"const": VERSION},
            "id": {"type": "string"},
            "event": {"enum": list(events)},
            "happened_at": {"type": "string", "format": "date-time"},
            "repository": {"anyOf": [_repository(), {"type": "null"}]},
            "actor": _object({"type": {"type": "string"}, "name": {"type": ["string", "null"]}}),
            "data": {"type": "object"},
        },
        "required": ["version", "id", "event", "happened_at", "repository", "actor", "data"],
        "oneOf": [
            {"properties": {"event": {"const": name}, "data": _data(each)}}
            | ({} if name == PING else {"required": ["repository"]})
            for name, each in events.items()
        ],
    }


def _repository() -> dict[str, Any]:
    text = {"type": "string"}
    members = dict.fromkeys(("id", "path", "default_branch", "url"), text)
    return _object({**members, "visibility": {"enum": [str(each) for each in Visibility]}})


def _data(event: WebhookEvent) -> dict[str, Any]:
    properties = {each.name: TYPES[each.type.replace(" ", "")] for each in event.fields}
    needed = [each.name for each in event.fields if not each.is_optional]
    return {"type": "object", "properties": properties, "required": needed}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def schema_text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=1) + "\n"


def main() -> None:
    """Write both."""
    PAGE.write_text(page(), "utf-8")
    SCHEMA.write_text(schema_text(), "utf-8")


if __name__ == "__main__":
    main()
