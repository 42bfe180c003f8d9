"""Writes the `api` folder of the TypeScript client: shapes as types, operations as methods."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from script.client_description import Description, Operation, Schema, parts, reference

MARK = "Written by script/clients from what the appliance says of itself."
AREAS = f"""// Every endpoint, by area. {MARK}
import {{ segment }} from "../client.js";
import type {{ Client }} from "../client.js";
import type * as shapes from "./shapes.js";
"""
PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
TAKEN = frozenset({"delete", "new", "in", "with", "default", "function", "class", "export", "body"})


def files(described: Description) -> dict[str, str]:
    """The files of the folder, by name."""
    shapes = [_shape(name, schema, described) for name, schema in described.shapes.items()]
    areas = [_area(name, operations) for name, operations in described.areas.items()]
    return {
        "shapes.ts": "\n".join([f"// What is sent and what comes back. {MARK}", "", *shapes]),
        "areas.ts": "\n".join([AREAS, *areas, _api(described)]),
    }


def spelled(schema: Schema, prefix: str = "") -> str:
    """A schema as a type; `prefix` stands before the names of our own shapes."""
    if name := reference(schema):
        return f"{prefix}{name}"
    if "enum" in schema:
        return " | ".join(json.dumps(each) for each in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(spelled(each, prefix) for each in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        return f"Array<{spelled(schema.get('items', {}), prefix)}>"
    if kind == "object":
        inside = schema.get("additionalProperties")
        return (
            f"Record<string, {spelled(inside, prefix) if isinstance(inside, dict) else 'unknown'}>"
        )
    return PLAIN.get(str(kind), "unknown")


def _shape(name: str, schema: Schema, described: Description) -> str:
    words = _comment(schema.get("description", ""), "")
    if schema.get("type") != "object":
        return f"{words}export type {name} = {spelled(schema)};\n"
    required = set(schema.get("required", [])) if name in described.sent else None
    fields = [
        f"{_comment(each.get('description', ''), '  ')}"
        f"  {json.dumps(key)}{'' if required is None or key in required else '?'}: {spelled(each)};"
        for key, each in schema.get("properties", {}).items()
    ]
    return "\n".join([f"{words}export interface {name} {{", *fields, "}", ""])


def _area(name: str, operations: tuple[Operation, ...]) -> str:
    methods = ["\n".join(_method(each)) for each in operations]
    head = [
        f"/** {name.replace('_', ' ').capitalize()}. */",
        f"export class {_class(name)} {{",
        "  constructor(private readonly client: Client) {}",
        "",
    ]
    return "\n".join([*head, "\n".join(methods).rstrip("\n"), "}", ""])


def _method(operation: Operation) -> Iterator[str]:
    taken = [f"{_free(each.name)}: {spelled(each.schema, 'shapes.')}" for each in operation.in_path]
    if operation.body:
        taken.append(f"body: shapes.{operation.body}")
    if operation.takes_file:
        taken.append("content: Blob")
    if operation.in_query:
        taken.append(_query(operation))
    yield _comment(operation.words, "  ") + (
        f"  {_camel(operation.name)}({', '.join(taken)}): {_result(operation)} {{"
    )
    yield f"    return {_do(operation)};"
    yield "  }"
    yield ""


def _query(operation: Operation) -> str:
    fields = [
        f"{json.dumps(each.name)}{'' if each.is_required else '?'}: "
        f"{spelled(each.schema, 'shapes.')}"
        for each in operation.in_query
    ]
    can_be_left_out = not any(each.is_required for each in operation.in_query)
    return f"query: {{ {'; '.join(fields)} }}{' = {}' if can_be_left_out else ''}"


def _result(operation: Operation) -> str:
    if not operation.is_json:
        return "Promise<Response>"
    if operation.item:
        return f"AsyncGenerator<shapes.{operation.item}>"
    return f"Promise<shapes.{operation.answer}>" if operation.answer else "Promise<void>"


def _do(operation: Operation) -> str:
    query = ", { query }" if operation.in_query else ""
    place = _place(operation.path)
    if operation.item:
        return f"this.client.each<shapes.{operation.item}>({place}{query})"
    sent = {"body": operation.body, "content": operation.takes_file, "query": operation.in_query}
    options = [name for name, is_there in sent.items() if is_there]
    said = f", {{ {', '.join(options)} }}" if options else ""
    if not operation.is_json:
        return f'this.client.open("{operation.verb}", {place}{said})'
    kind = f"shapes.{operation.answer}" if operation.answer else "void"
    return f'this.client.call<{kind}>("{operation.verb}", {place}{said})'


def _place(path: str) -> str:
    pieces = [
        words + (f"${{segment({_free(name)})}}" if name else "") for words, name in parts(path)
    ]
    return f"`{''.join(pieces)}`"


def _api(described: Description) -> str:
    lines = [
        "/** The whole API, as one user. */",
        "export class Api {",
        *(f"  readonly {_camel(name)}: {_class(name)};" for name in described.areas),
        "",
        "  constructor(readonly client: Client) {",
        *(f"    this.{_camel(name)} = new {_class(name)}(client);" for name in described.areas),
        "  }",
        "}",
    ]
    return "\n".join([*lines, ""])


def _class(area: str) -> str:
    return "".join(word.capitalize() for word in area.split("_"))


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _free(name: str) -> str:
    return f"{_camel(name)}_" if name in TAKEN else _camel(name)


def _comment(words: str, indent: str) -> str:
    """What stands above a declaration, as its editor shows it."""
    safe = words.replace("*/", "* /").strip()
    if not safe:
        return ""
    lines = [f"{indent} * {line}".rstrip() for line in safe.splitlines()]
    return "\n".join([f"{indent}/**", *lines, f"{indent} */", ""])
