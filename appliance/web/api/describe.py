"""The API describes itself: an OpenAPI 3.1 document, and a page to read it by."""

from __future__ import annotations

import copy
import itertools
from typing import Any, cast

import flask
from flask.typing import ResponseReturnValue
from flask_openapi3.openapi import OpenAPI

from appliance import version
from appliance.web.api.frame import PREFIX

blueprint = flask.Blueprint("describe", __name__)

VERBS = ("get", "post", "put", "patch", "delete")


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of this release, generated from the code."""
    app = cast("OpenAPI", flask.current_app)
    generated = copy.deepcopy(app.api_doc)
    for item in generated["paths"].values():
        for operation in item.values():
            # The library describes a refusal of its own form; ours is a problem like all others.
            operation["responses"].pop("422", None)
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


@blueprint.get("/api/docs")
def page() -> ResponseReturnValue:
    """A page of it, with nothing from outside."""
    described = document()
    operations = [
        {"verb": verb, "path": path, **item[verb]}
        for path, item in described["paths"].items()
        for verb in VERBS
        if verb in item
    ]
    by_area = itertools.groupby(
        sorted(operations, key=lambda each: each["tags"][0]), key=lambda each: each["tags"][0]
    )
    return flask.render_template(
        "api/docs.html",
        areas=[(area, list(items)) for area, items in by_area],
        descriptions={tag["name"]: tag.get("description", "") for tag in described.get("tags", [])},
        schemas=described["components"]["schemas"],
    )
