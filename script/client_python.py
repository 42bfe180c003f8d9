"""Writes `codara_client.api`: every shape as a type, every operation as a method."""

from __future__ import annotations

import json
import keyword
import textwrap
from collections.abc import Iterator

from script.client_description import Description, Operation, Parameter, Schema, parts, reference

WIDTH = 100
MARK = "Written by script/clients from what the appliance says of itself."
SHAPES = f'''"""What is sent and what comes back. {MARK}"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
'''
AREAS = f'''"""Every endpoint, by area. {MARK}"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Literal, Unpack

from codara_client.api import shapes
from codara_client.client import Client, segment
from codara_client.transport import Answer


class Area:
    """Endpoints that belong together. Keeps the client that asks."""

    def __init__(self, client: Client) -> None:
        self._client = client
'''
ENTRY = f'''"""Every endpoint by name and type: `connect(url, token).users.show("writer")`.

{MARK}
"""

from codara_client.api.areas import Api
from codara_client.client import connect as _connect

__all__ = ["Api", "connect"]


def connect(url: str, token: str, *, ca: str = "") -> Api:
    """The appliance at an address, as whom the token belongs to. `ca` names the file with the
    certificate of your own authority (PEM).
    """
    return Api(_connect(url, token, ca=ca))
'''
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def files(described: Description) -> dict[str, str]:
    """The files of the package, by name."""
    shapes = [_shape(name, schema, described) for name, schema in described.shapes.items()]
    areas = [_area(name, operations) for name, operations in described.areas.items()]
    return {
        "__init__.py": ENTRY,
        "shapes.py": "\n\n".join([SHAPES, *shapes]),
        "areas.py": "\n\n".join([AREAS, *areas, _api(described)]),
    }


def spelled(schema: Schema, prefix: str = "") -> str:
    """A schema as a type; `prefix` stands before the names of our own shapes."""
    if name := reference(schema):
        return f"{prefix}{name}"
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(each) for each in schema['enum'])}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(spelled(each, prefix) for each in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        return f"list[{spelled(schema.get('items', {}), prefix)}]"
    if kind == "object":
        inside = schema.get("additionalProperties")
        return f"dict[str, {spelled(inside, prefix) if isinstance(inside, dict) else 'Any'}]"
    return PLAIN.get(str(kind), "Any")


def _shape(name: str, schema: Schema, described: Description) -> str:
    if schema.get("type") != "object":
        return f"{name} = {spelled(schema)}\n"
    required = set(schema.get("required", [])) if name in described.sent else None
    fields = {
        key: _field(each, is_there=required is None or key in required)
        for key, each in schema.get("properties", {}).items()
    }
    if all(_is_name(key) for key in fields):
        lines = [f"    {key}: {kind}" for key, kind in fields.items()]
        words = _quoted(schema.get("description") or "What goes over the line.", 4)
        return "\n".join([f"class {name}(TypedDict):", words, *lines, ""])
    # Written as a call, because a word of Python cannot be the name of a field.
    lines = [f"        {json.dumps(key)}: {json.dumps(kind)}," for key, kind in fields.items()]
    return "\n".join([f'{name} = TypedDict(\n    "{name}",\n    {{', *lines, "    },\n)", ""])


def _field(schema: Schema, *, is_there: bool) -> str:
    kind = spelled(schema)
    return kind if is_there else f"NotRequired[{kind}]"


def _area(name: str, operations: tuple[Operation, ...]) -> str:
    head = [f"class {_class(name)}(Area):", f'    """{name.replace("_", " ").capitalize()}."""', ""]
    return "\n".join([*head, *("\n".join(_method(each)) for each in operations)])


def _method(operation: Operation) -> Iterator[str]:
    yield f"    def {_free(operation.name)}("
    yield "        self,"
    for each in operation.in_path:
        yield f"        {_free(each.name)}: {spelled(each.schema, 'shapes.')},"
    if operation.takes_file:
        yield "        content: bytes | IO[bytes],"
    yield "        /,"
    if operation.in_query:
        yield "        *,"
    # What must be said comes first; the others have a value for not being said.
    for each in operation.in_query:
        yield f"        {_free(each.name)}: {_asked(each)},"
    if operation.body:
        yield f"        **body: Unpack[shapes.{operation.body}],"
    yield f"    ) -> {_result(operation)}:"
    yield _quoted(operation.words, 8)
    yield from (f"        {line}" for line in _do(operation))
    yield ""


def _asked(parameter: Parameter) -> str:
    kind = spelled(parameter.schema, "shapes.")
    if parameter.is_required:
        return kind
    return f"{kind if 'None' in kind.split(' | ') else f'{kind} | None'} = None"


def _result(operation: Operation) -> str:
    if not operation.is_json:
        return "Answer"
    if operation.item:
        return f"Iterator[shapes.{operation.item}]"
    return f"shapes.{operation.answer}" if operation.answer else "None"


def _do(operation: Operation) -> Iterator[str]:
    place = _place(operation.path)
    given = [f"{json.dumps(each.name)}: {_free(each.name)}" for each in operation.in_query]
    query = f", query={{{', '.join(given)}}}" if given else ""
    if operation.item:
        yield f"return self._client.each({place}{query})"
        return
    body = ", body" if operation.body else ", content=content" if operation.takes_file else ""
    way = "call" if operation.is_json else "open"
    words = f'self._client.{way}("{operation.verb}", {place}{body}{query})'
    if operation.is_json and operation.answer:
        yield f"answer: shapes.{operation.answer} = {words}"
        yield "return answer"
    else:
        yield words if operation.is_json else f"return {words}"


def _place(path: str) -> str:
    pieces = [
        words + (f"{{segment(str({_free(name)}))}}" if name else "") for words, name in parts(path)
    ]
    return f'{"f" if "{" in path else ""}"{"".join(pieces)}"'


def _api(described: Description) -> str:
    lines = [
        "class Api:",
        '    """The whole API, as one user. Keeps the client that asks: `client`."""',
        "",
        "    def __init__(self, client: Client) -> None:",
        "        self.client = client",
        *(f"        self.{name} = {_class(name)}(client)" for name in described.areas),
    ]
    return "\n".join([*lines, ""])


def _class(area: str) -> str:
    return "".join(word.capitalize() for word in area.split("_"))


def _free(name: str) -> str:
    """A name that Python does not keep for itself, nor a method for its first argument."""
    return name if _is_name(name) and name != "self" else f"{name}_"


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _quoted(words: str, indent: int) -> str:
    """A docstring."""
    safe = words.replace("\\", "\\\\").replace('"""', "'''").strip()
    blocks = [
        textwrap.fill(" ".join(block.split()), WIDTH - indent - 6) for block in safe.split("\n\n")
    ]
    text = textwrap.indent("\n\n".join(blocks), " " * indent)
    end = "\n" + " " * indent if "\n" in text else ""
    return f'{" " * indent}"""{text.lstrip()}{end}"""'
