"""The door of SCIM describes itself: an OpenAPI 3.1 document, made of its routes and schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import flask
from werkzeug.routing import Rule

from appliance import version
from appliance.domain.scim import PREFIX
from appliance.late import Late
from appliance.web.scim import ASKED
from appliance.web.scim_answers import MEDIA_TYPE, MESSAGES

if TYPE_CHECKING:
    from appliance.services import scim_discovery
else:
    scim_discovery = Late("appliance.services.scim_discovery")

Json = dict[str, Any]
PART = re.compile(r"<(?:any\(([^)]*)\):)?(\w+)>")
TYPES: Mapping[str, Json] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "dateTime": {"type": "string", "format": "date-time"},
}
"""What is no text. Source: RFC 7643, section 2.3."""
TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
SENT = {
    "create_user": "User",
    "replace_user": "User",
    "patch_user": "PatchOp",
    "create_group": "Group",
    "replace_group": "Group",
    "patch_group": "PatchOp",
    "search_users": "SearchRequest",
    "search_groups": "SearchRequest",
    "search": "SearchRequest",
    "bulk": "BulkRequest",
}
"""What a body is, by endpoint."""
ANSWERED: Mapping[str, Mapping[str, str]] = {
    **{name: {"200": "UserList"} for name in ("list_users", "search_users")},
    **{name: {"200": "GroupList"} for name in ("list_groups", "search_groups")},
    "create_user": {"201": "UserShown"},
    "create_group": {"201": "GroupShown"},
    "show_user": {"200": "UserShown", "304": ""},
    "show_group": {"200": "GroupShown", "304": ""},
    "replace_user": {"200": "UserShown"},
    "replace_group": {"200": "GroupShown"},
    "patch_user": {"200": "UserShown"},
    "patch_group": {"200": "GroupShown", "204": ""},
    "delete_user": {"204": ""},
    "delete_group": {"204": ""},
    "search": {"200": "List"},
    "bulk": {"200": "BulkResponse"},
    "service": {"200": "Resource"},
    "discover": {"200": "List"},
    "discover_one": {"200": "Resource"},
    "me": {"501": "Error"},
}
"""What is answered where all is well, by endpoint; nothing: no body."""


def document(base: str) -> Json:
    """The OpenAPI 3.1 document of this release."""
    paths: dict[str, Json] = {}
    for rule in sorted(flask.current_app.url_map.iter_rules(), key=lambda each: each.rule):
        door, _, name = rule.endpoint.partition(".")
        if door == "scim" and name in ANSWERED:
            path = PART.sub(r"{\2}", rule.rule.removeprefix(PREFIX))
            found = {each.lower(): _operation(rule, name) for each in _methods(rule)}
            paths[path] = {**paths.get(path, {}), **found}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Codara Appliance: SCIM 2.0",
            "version": version.RELEASE,
            "description": "People and groups, as a customer's own system tells of them.",
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**_messages(), **dict(_resources(base))},
        },
    }


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _operation(rule: Rule, name: str) -> Json:
    text = flask.current_app.view_functions[rule.endpoint].__doc__ or ""
    said = {status: _answer(schema) for status, schema in ANSWERED[name].items()}
    made: Json = {
        "summary": text.strip().partition("\n")[0],
        "parameters": [*_parts(rule), *_asked(name)],
        "responses": {**said, "4XX": _answer("Error"), "5XX": _answer("Error")},
    }
    if name in SENT:
        made["requestBody"] = {"required": True, "content": _content(SENT[name])}
    return made


def _parts(rule: Rule) -> Iterator[Json]:
    for choices, name in PART.findall(rule.rule):
        words = [each.strip() for each in choices.split(",") if each.strip()]
        schema = {**TEXT, "enum": words} if words else {**TEXT, "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _asked(name: str) -> Iterator[Json]:
    """What stands behind the question mark, and what a version is compared with."""
    verb = name.partition("_")[0]
    wanted = {"list": ASKED, "show": ASKED[:2], "replace": ASKED[:2], "patch": ASKED[:2]}
    for each in wanted.get(verb, ASKED[:2] if verb == "create" else ()):
        schema = NUMBER if each in {"startIndex", "count"} else TEXT
        yield {"name": each, "in": "query", "required": False, "schema": schema}
    if verb in {"replace", "patch", "delete"}:
        yield {"name": "If-Match", "in": "header", "required": False, "schema": TEXT}


def _answer(schema: str) -> Json:
    if not schema:
        return {"description": "Nothing more to say."}
    return {"description": schema, "content": _content(schema)}


def _content(schema: str) -> Json:
    return {MEDIA_TYPE: {"schema": _ref(schema)}}


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _resources(base: str) -> Iterator[tuple[str, Json]]:
    """Users and groups as their schemas say, a user with the extension."""
    schemas = {each["id"]: each for each in scim_discovery.everything("Schemas", base)}
    for kind in scim_discovery.everything("ResourceTypes", base):
        made = _object(schemas[kind["schema"]]["attributes"])
        made["properties"] |= {
            "schemas": {"type": "array", "items": TEXT},
            "id": TEXT,
            "externalId": TEXT,
            "meta": {"type": "object"},
        }
        made["required"] = ["schemas", *made.get("required", [])]
        for each in kind.get("schemaExtensions", ()):
            made["properties"][each["schema"]] = _object(schemas[each["schema"]]["attributes"])
        yield kind["name"], made
        # A client may have asked for some attributes only.
        yield f"{kind['name']}Shown", {**made, "required": ["schemas", "id"]}
        yield f"{kind['name']}List", _listed(_ref(f"{kind['name']}Shown"))


def _object(attributes: Iterable[Mapping[str, Any]]) -> Json:
    found = list(attributes)
    made: Json = {"type": "object", "properties": {each["name"]: _value(each) for each in found}}
    required = [each["name"] for each in found if each.get("required")]
    return {**made, "required": required} if required else made


def _value(attribute: Mapping[str, Any]) -> Json:
    if attribute["type"] == "complex":
        made = _object(attribute.get("subAttributes") or ())
    else:
        made = dict(TYPES.get(attribute["type"], TEXT))
    made |= {"description": attribute["description"]} if attribute.get("description") else {}
    return {"type": "array", "items": made} if attribute.get("multiValued") else made


def _listed(item: Json) -> Json:
    return {
        "type": "object",
        "required": ["schemas", "totalResults", "Resources"],
        "properties": {
            "schemas": {"const": [f"{MESSAGES}:ListResponse"]},
            **dict.fromkeys(("totalResults", "startIndex", "itemsPerPage"), NUMBER),
            "Resources": {"type": "array", "items": item},
        },
    }


def _messages() -> dict[str, Json]:
    """What is sent and answered around resources. Source: RFC 7644, section 8.2."""
    some = {"type": "object"}
    change = {
        "type": "object",
        "required": ["op"],
        "properties": {"op": {"enum": ["add", "remove", "replace"]}, "path": TEXT, "value": {}},
    }
    bulk = {
        "type": "object",
        "required": ["method", "path"],
        "properties": {
            "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
            **dict.fromkeys(("path", "bulkId", "version"), TEXT),
            "data": some,
        },
    }
    texts = {"type": "array", "items": TEXT}
    asked: Json = dict.fromkeys(("filter", "sortBy"), TEXT)
    asked |= {"sortOrder": {"enum": ["ascending", "descending"]}}
    asked |= dict.fromkeys(("startIndex", "count"), NUMBER)
    asked |= dict.fromkeys(("attributes", "excludedAttributes"), texts)
    return {
        "Resource": some,
        "List": _listed(some),
        "PatchOp": _message("PatchOp", Operations={"type": "array", "items": change}),
        "BulkRequest": _message("BulkRequest", Operations={"type": "array", "items": bulk}),
        "BulkResponse": _message("BulkResponse", Operations={"type": "array", "items": some}),
        "SearchRequest": {**_message("SearchRequest", **asked), "required": ["schemas"]},
        "Error": {**_message("Error", status=TEXT, detail=TEXT), "required": ["schemas", "status"]},
    }


def _message(name: str, **properties: Json) -> Json:
    return {
        "type": "object",
        "required": ["schemas", *properties],
        "properties": {"schemas": {"const": [f"{MESSAGES}:{name}"]}, **properties},
    }
