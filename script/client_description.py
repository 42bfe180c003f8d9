"""What clients must know of the API, read from its OpenAPI document: shapes and operations.

Everything that differs between languages is left to the files that write them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import settings, wiring
from appliance.web.api import describe
from appliance.web.app import create_app

JSON = "application/json"
FILE = "application/octet-stream"
EVENTS = "text/event-stream"
PAGE = {"items", "next"}
FOR_PAGES = {"limit", "cursor"}
"""What goes through all pages says these itself."""

Schema = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One value in an address."""

    name: str
    schema: Schema
    is_required: bool


@dataclass(frozen=True)
class Operation:
    """One endpoint."""

    name: str
    verb: str
    path: str
    """With `{name}` for each parameter in it."""
    words: str
    """What it does, in a sentence or more."""
    in_path: tuple[Parameter, ...]
    in_query: tuple[Parameter, ...]
    body: str
    """The shape of what is sent, if anything is."""
    takes_file: bool
    """Whether what is sent is a file as it is."""
    answer: str
    """The shape of what comes back; nothing if it is empty or no JSON."""
    item: str
    """The shape of one item, where the answer is a page of a list."""
    is_json: bool


@dataclass(frozen=True)
class Description:
    """The whole API."""

    shapes: dict[str, Schema]
    areas: dict[str, tuple[Operation, ...]]
    sent: frozenset[str]
    """The shapes in which something may be left out: those that a client sends."""


def document() -> dict[str, Any]:
    """What an appliance with the usual settings says of itself; none is started."""
    with tempfile.TemporaryDirectory() as home:
        objects = wiring.build(Path(home), settings.load(file=None, environment={}))
        with create_app(objects).app_context():
            return describe.document()


def read(described: dict[str, Any]) -> Description:
    """The parts of a document that clients are made of."""
    shapes: dict[str, Schema] = described["components"]["schemas"]
    areas: dict[str, list[Operation]] = {}
    for path, item in described["paths"].items():
        for verb, operation in item.items():
            area = _plain(operation["tags"][0])
            if EVENTS in _content(operation):
                continue  # Clients listen in a way of their own.
            areas.setdefault(area, []).append(_operation(area, verb, path, operation, shapes))
    bodies = [each.body for found in areas.values() for each in found if each.body]
    return Description(
        shapes={name: shapes[name] for name in sorted(shapes)},
        areas={
            area: tuple(sorted(areas[area], key=lambda each: each.name)) for area in sorted(areas)
        },
        sent=frozenset(_reached(bodies, shapes)),
    )


def reference(schema: Schema) -> str:
    """The name of the shape that a schema refers to."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def parts(path: str) -> Iterator[tuple[str, str]]:
    """The pieces of an address: some words, and the name of the parameter after them, if any."""
    for words, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", path):
        if words or name:
            yield words, name


def _operation(
    area: str, verb: str, path: str, operation: dict[str, Any], shapes: dict[str, Schema]
) -> Operation:
    parameters = {
        place: tuple(
            Parameter(each["name"], each["schema"], bool(each.get("required")))
            for each in operation.get("parameters", [])
            if each["in"] == place
        )
        for place in ("path", "query")
    }
    answer = reference(_content(operation).get(JSON, {}).get("schema", {}))
    item = _item(shapes.get(answer, {})) if verb == "get" else ""
    return Operation(
        name=operation["operationId"].removeprefix(f"{area}_"),
        verb=verb.upper(),
        path=path.removeprefix("/api/v1"),
        words=_words(operation),
        in_path=parameters["path"],
        in_query=tuple(
            each for each in parameters["query"] if not item or each.name not in FOR_PAGES
        ),
        body=_body(operation),
        takes_file=FILE in _sent(operation),
        answer=answer,
        item=item,
        is_json=not set(_content(operation)) - {JSON},
    )


def _content(operation: dict[str, Any]) -> dict[str, Any]:
    """What comes back when it went well."""
    responses: dict[str, dict[str, Any]] = operation["responses"]
    good = next((responses[each] for each in sorted(responses) if each.startswith("2")), None)
    return dict((good or {}).get("content", {}))


def _body(operation: dict[str, Any]) -> str:
    return reference(_sent(operation).get(JSON, {}).get("schema", {}))


def _sent(operation: dict[str, Any]) -> dict[str, Any]:
    return dict(operation.get("requestBody", {}).get("content", {}))


def _item(shape: Schema) -> str:
    properties = shape.get("properties", {})
    return reference(properties["items"]["items"]) if set(properties) == PAGE else ""


def _words(operation: dict[str, Any]) -> str:
    said = [operation.get("summary", ""), operation.get("description", "")]
    return "\n\n".join(each if each[-1] in ".!?" else f"{each}." for each in said if each)


def _plain(tag: str) -> str:
    return re.sub(r"\W+", "_", tag).lower()


def _reached(names: list[str], shapes: dict[str, Schema]) -> set[str]:
    """These shapes, and those that they are made of."""
    found: set[str] = set()
    waiting: list[Any] = [{"$ref": name} for name in names]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = reference(each)
            if name in shapes and name not in found:
                found.add(name)
                waiting.append(shapes[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found
