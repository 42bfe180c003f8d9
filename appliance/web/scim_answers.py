"""What a SCIM client is answered: resources, lists and errors in the form of RFC 7644."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import flask

from appliance.domain.scim import ScimType
from appliance.errors import (
    ApplianceError,
    ConflictError,
    InvalidError,
    PreconditionError,
    UnauthenticatedError,
)

if TYPE_CHECKING:
    from appliance.services.scim_answers import Answered, Found

MEDIA_TYPE = "application/scim+json"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0"


def answer(body: Any, status: int = HTTPStatus.OK) -> flask.Response:
    """A JSON answer of SCIM."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return flask.Response(text, status, mimetype=MEDIA_TYPE)


def resource(found: Answered, status: int = HTTPStatus.OK) -> flask.Response:
    """One resource: with its version, and its address where it is new. Nothing, where the client
    has this version.
    """
    known = [each.strip() for each in flask.request.headers.get("If-None-Match", "").split(",")]
    is_known = flask.request.method in {"GET", "HEAD"} and (found.etag in known or "*" in known)
    response = (
        flask.Response(status=HTTPStatus.NOT_MODIFIED) if is_known else answer(found.body, status)
    )
    response.headers["ETag"] = found.etag
    if status == HTTPStatus.CREATED:
        response.headers["Location"] = found.location
    return response


def listed(found: Found) -> flask.Response:
    """A page of a list."""
    return answer(
        {
            "schemas": [f"{MESSAGES}:ListResponse"],
            "totalResults": found.total,
            "startIndex": found.start,
            "itemsPerPage": len(found.items),
            "Resources": found.items,
        }
    )


def error_body(error: ApplianceError) -> dict[str, Any]:
    """An error in the words of RFC 7644, section 3.12."""
    status = status_of(error)
    body: dict[str, Any] = {
        "schemas": [f"{MESSAGES}:Error"],
        "status": str(status),
        "detail": str(error),
    }
    scim_type = getattr(error, "scim_type", _usual_type(error))
    return body | ({"scimType": str(scim_type)} if scim_type else {})


def error(error: ApplianceError) -> flask.Response:
    """The answer that an error is."""
    response = answer(error_body(error), status_of(error))
    if isinstance(error, UnauthenticatedError) and response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def status_of(error: ApplianceError) -> int:
    """Its status: SCIM knows no 422."""
    status = error.http_status
    return HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_ENTITY else status


def _usual_type(error: ApplianceError) -> str:
    if isinstance(error, PreconditionError):
        return ""
    if isinstance(error, ConflictError):
        return ScimType.UNIQUE
    is_ours = isinstance(error, InvalidError) and error.code == InvalidError.code
    return ScimType.VALUE if is_ours else ""
