"""What every endpoint of the API has: who may call how often, repeats, ETags, errors, pages."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NoReturn

import flask
import structlog
from flask_limiter import HeaderNames, Limiter, RequestLimit
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from appliance.errors import (
    FieldProblem,
    InvalidError,
    PreconditionError,
    ThrottledError,
    sentence,
)
from appliance.services import idempotency
from appliance.web import paging, requests
from appliance.web.late_description import Area

log = structlog.get_logger()

PREFIX = "/api/v1"
SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "An access token or a JWT."},
    "session": {"type": "apiKey", "in": "cookie", "name": requests.SESSION_COOKIE},
}
WAITING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STREAMED = frozenset(
    {
        *("api_archive imports.upload_archive", "api_feeds.bring_feed"),
        *("api_files of dependencies.upload_vex", "api_files of dependencies.upload_inventory"),
        *("api_reports of other tools.upload", "api_reports of other tools.upload_as_elsewhere"),
    }
)
"""Whose bodies are files, too long for the memory: nobody here looks at them."""
FILE_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
"""What such an endpoint says in the description of the API that it takes."""


class Body(BaseModel):
    """What a client sends: nothing unknown in it. None at all is one that says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _from_nothing(cls, sent: Any) -> Any:
        return {} if sent is None else sent


class Answer(BaseModel):
    """What we send."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class PageQuery(BaseModel):
    """Where in a list to go on, and how far."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    limit: int = Field(paging.DEFAULT_LIMIT, ge=1, le=paging.LARGEST_LIMIT)
    cursor: str | None = Field(None, max_length=1024, description="`next` of the page before")


class Problem(Answer):
    """What went wrong, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[dict[str, str]] | None = None


_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
PROBLEMS: dict[Any, Any] = {
    "3XX": {"description": "Unchanged (304), or at another address now: see Location"},
    "4XX": {"description": "What went wrong", "content": _PROBLEM},
    "503": {"description": "Not now; Retry-After says when", "content": _PROBLEM},
}


def area(name: str, description: str) -> Area:
    """The blueprint of one row of the API's table."""
    return Area(
        f"api_{name}",
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=name, description=description)],
        abp_security=SECURITY,
        abp_responses=PROBLEMS,
        operation_id_callback=_operation,
    )


def _operation(*, bp_name: str, name: str, **_route: str) -> str:
    """What an operation is called: its area and its function, `users_create`. Clients of programs
    are made from it, so it changes with a new version of the API only.
    """
    return re.sub(r"\W+", "_", f"{bp_name.removeprefix('api_')}_{name}").lower()


def install(app: OpenAPI) -> None:
    """Rate limits, repeats and ETags for everything under the prefix."""
    app.validation_error_callback = refuse_invalid
    app.after_request(_say_rates)  # What is registered first comes last: after the limiter.
    _limit_rates(app)
    app.before_request(_insist_on_json)
    app.before_request(_answer_a_repeat)
    app.after_request(_finish)


def refuse_invalid(error: ValidationError) -> NoReturn:
    """A request that does not fit its model, as a problem that names the fields."""
    problems = [
        FieldProblem(".".join(str(part) for part in each["loc"]) or "body", each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = problems[0]
    raise InvalidError(
        sentence("%(field)s: %(message)s", field=first.field, message=first.message), *problems
    )


def page(items: Sequence[BaseModel], after: Any | None) -> flask.Response:
    """A page of a list: `items`, and `next` if there is more; `after` is where that goes on."""
    return _page({"items": [item.model_dump(mode="json") for item in items]}, after)


def page_of(answer: BaseModel, after: Any | None) -> flask.Response:
    """The same of an answer that says more than its items."""
    return _page(answer.model_dump(mode="json"), after)


def _page(body: dict[str, Any], after: Any | None) -> flask.Response:
    next_cursor = None if after is None else paging.cursor(after)
    response = flask.jsonify({**body, "next": next_cursor})
    response.headers.update(paging.next_link(next_cursor))
    return response


def answer(item: BaseModel, status: int = HTTPStatus.OK, location: str | None = None) -> Any:
    """One thing; for a new one with its status 201 and address."""
    response = flask.jsonify(item.model_dump(mode="json"))
    response.status_code = status
    if location is not None:
        response.headers["Location"] = location
    return response


def insist_on_match(item: BaseModel) -> None:
    """Go on only if a thing still is as the client read it, where it says which (`If-Match`).

    Errors:
        PreconditionError: it was changed meanwhile.
    """
    wanted = flask.request.if_match
    if wanted and not wanted.contains(paging.etag(answer(item).get_data())):
        raise PreconditionError(sentence("It was changed in the meantime. Reload and try again."))


def nothing() -> Any:
    """An answer without a body."""
    return flask.Response(status=HTTPStatus.NO_CONTENT)


def is_api() -> bool:
    """Whether this request is for the API."""
    return flask.request.path.startswith(PREFIX)


def _limit_rates(app: OpenAPI) -> None:
    settings = requests.wiring_of(app).settings
    patient, stranger, client = (
        f"{settings.limits.api_requests_per_minute}/minute",
        f"{settings.limits.stranger_requests_per_minute}/minute",
        f"{settings.limits.scim_requests_per_minute}/minute",
    )

    def rate() -> str:
        if not requests.actor_or_stranger().is_signed_in:
            return stranger
        return client if requests.is_scim() else patient

    Limiter(
        _who,
        app=app,
        default_limits=[rate],
        default_limits_exempt_when=lambda: (
            not (is_api() or requests.is_scim()) or requests.is_internal()
        ),
        storage_uri=requests.wiring_of(app).limiter_url,
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},
        strategy="moving-window",
        headers_enabled=True,
        header_name_mapping={
            HeaderNames.LIMIT: "RateLimit-Limit",
            HeaderNames.REMAINING: "RateLimit-Remaining",
            HeaderNames.RESET: "RateLimit-Reset",
        },
        retry_after="delta-seconds",
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        on_breach=_refuse_breach,
        key_prefix="codara",
    )


def _who() -> str:
    actor = requests.actor_or_stranger()
    return actor.pseudonym if actor.is_signed_in else f"address:{actor.origin.address}"


def _refuse_breach(limit: RequestLimit) -> NoReturn:
    raise ThrottledError(
        "Too many requests in a minute.",
        retry_after_seconds=max(1, int(limit.reset_at - requests.now().timestamp())),
    )


def _say_rates(response: flask.Response) -> flask.Response:
    """The limiter's headers in their standard form: seconds from now, and Retry-After on a refusal.

    Source: draft-ietf-httpapi-ratelimit-headers-03; RFC 9110, section 10.2.3.
    """
    reset = response.headers.get("RateLimit-Reset")
    if reset is not None:
        left = max(0, round(float(reset) - requests.now().timestamp()))
        response.headers["RateLimit-Reset"] = str(left)
        if response.status_code not in WAITING:
            response.headers.pop("Retry-After", None)
    return response


def _insist_on_json() -> None:
    """Say what is wrong with a body that no model could be made from, rather than that none was."""
    request = flask.request
    if not is_api() or request.method not in UNSAFE_METHODS or request.endpoint in STREAMED:
        return
    if not request.get_data():
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, and say so: Content-Type: application/json.")
    if not isinstance(request.get_json(silent=True), dict):
        raise BadRequest('The body is no JSON object. Write it as {"name": "value"}.')


def _answer_a_repeat() -> Any:
    """If this very write was answered before, answer the same again."""
    key = flask.request.headers.get("Idempotency-Key")
    if key is None or not is_api() or flask.request.method not in UNSAFE_METHODS:
        return None
    if flask.request.endpoint in STREAMED:
        return None
    if not requests.actor().is_signed_in:
        return None
    request = flask.request
    # With the credential: what one token was answered, such as a new token, is not for another.
    credential = str(requests.actor().origin.credential_id).encode()
    said = b"\n".join(
        (credential, request.method.encode(), request.full_path.encode(), request.get_data())
    )
    wiring = requests.wiring()
    with requests.begin() as work:
        earlier = idempotency.claim(
            work,
            key,
            request_proof=hmac.digest(wiring.repeat_key, said, "sha256"),
            sealer=wiring.sealer,
            now=requests.now(),
        )
    if isinstance(earlier, idempotency.Claim):
        flask.g.idempotency_claim = earlier
        return None
    return flask.Response(
        earlier.body, earlier.status, {**earlier.headers, "Idempotency-Replayed": "true"}
    )


def _finish(response: flask.Response) -> flask.Response:
    if not is_api():
        return response
    _keep_for_a_repeat(response)
    if flask.request.method == "GET" and response.status_code == HTTPStatus.OK:
        _tag(response)
    return response


def _keep_for_a_repeat(response: flask.Response) -> None:
    claim = flask.g.pop("idempotency_claim", None)
    if claim is None:
        return
    with requests.begin() as work:
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            idempotency.release(work, claim)
            return
        headers = {
            name: response.headers[name]
            for name in ("Content-Type", "Location")
            if name in response.headers
        }
        body = response.get_data(as_text=True)
        kept = idempotency.Answer(response.status_code, body, headers)
        idempotency.keep(work, claim, kept, sealer=requests.wiring().sealer)


def _tag(response: flask.Response) -> None:
    if response.is_streamed or response.direct_passthrough:
        return
    if "ETag" not in response.headers:
        response.set_etag(paging.etag(response.get_data()))
    response.make_conditional(flask.request)
