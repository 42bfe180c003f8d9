"""The API describes itself: an OpenAPI 3.1 document, and a page to read it by."""

from __future__ import annotations

import copy
from typing import Any, cast

import flask
from flask.typing import ResponseReturnValue
from flask_openapi3.openapi import OpenAPI
from werkzeug.exceptions import BadRequest, MethodNotAllowed, RequestTimeout, UnsupportedMediaType

from appliance import errors, version
from appliance.errors import NotFoundError
from appliance.web import requests, scim_description
from appliance.web.api.frame import PREFIX, Problem
from appliance.web.errors import code_of
from appliance.web.scim import base as scim_base

blueprint = flask.Blueprint("describe", __name__)

NEVER_ANSWERED = (errors.SettingsError, errors.UnrecordedChangeError)
OF_HTTP = (BadRequest(), MethodNotAllowed(), RequestTimeout(), UnsupportedMediaType())
VERBS = ("get", "post", "put", "patch", "delete")


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of this release, generated from the code."""
    app = cast("OpenAPI", flask.current_app)
    generated = copy.deepcopy(app.api_doc)
    for item in generated["paths"].values():
        for operation in item.values():
            # The library describes a refusal of its own form; ours is a problem like all others.
            operation["responses"].pop("422", None)
    # The frame names it in every answer, and no single endpoint brings it.
    generated["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    return {
        **generated,
        "openapi": "3.1.0",
        "info": {
            "title": "Codara Appliance",
            "version": version.RELEASE,
            "description": "Git hosting whose evidence can be checked without trusting it.",
        },
        "servers": [{"url": "/"}],
    }


@blueprint.get(f"{PREFIX}/openapi.json")
def openapi() -> ResponseReturnValue:
    """The document itself."""
    return flask.jsonify(document())


@blueprint.get("/api/scim/openapi.json")
def scim() -> ResponseReturnValue:
    """That of the door for SCIM, which speaks as its RFCs say and not as the rest does."""
    return flask.jsonify(scim_description.document(scim_base()))


@blueprint.get("/api/docs")
def page() -> ResponseReturnValue:
    """Every endpoint in a line, with nothing from outside."""
    return flask.render_template(
        "api/docs.html",
        areas=_areas(document()),
        problems=problems(),
        prefix=requests.wiring().settings.server.url + PREFIX,
        current="",
    )


@blueprint.get("/api/docs/<area>")
def page_of_area(area: str) -> ResponseReturnValue:
    """The endpoints of one area, with what they take and give."""
    described = document()
    areas = _areas(described)
    found = next((each for each in areas if each["slug"] == area), None)
    if found is None:
        raise NotFoundError("The API has no area of that name.")
    schemas = described["components"]["schemas"]
    return flask.render_template(
        "api/area.html",
        areas=areas,
        current=area,
        area=found,
        schemas={name: schemas[name] for name in sorted(_used(found["operations"], schemas))},
    )


def problems() -> list[tuple[int, str, str]]:
    """Status, code and title of each kind of problem: where the `type` of one leads."""
    ours = (
        (each.http_status, each.code, each.title)
        for each in vars(errors).values()
        if isinstance(each, type)
        and issubclass(each, errors.ApplianceError)
        and not issubclass(each, NEVER_ANSWERED)
    )
    of_http = ((each.code or 0, code_of(each.name), each.name) for each in OF_HTTP)
    return sorted({*ours, *of_http})


def _areas(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the API's table, in the order in which they are put together."""
    found = [
        {
            "slug": tag["name"].replace(" ", "-"),
            "name": tag["name"],
            "description": tag.get("description", ""),
            "operations": [],
        }
        for tag in described["tags"]
    ]
    by_name = {area["name"]: area for area in found}
    for path, item in described["paths"].items():
        for verb in VERBS:
            if verb in item:
                operation = {"verb": verb, "path": path, **item[verb]}
                by_name[operation["tags"][0]]["operations"].append(operation)
    return found


def _used(part: Any, schemas: dict[str, Any]) -> set[str]:
    """The shapes that a part of the document names, and those that these name."""
    found: set[str] = set()
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found
