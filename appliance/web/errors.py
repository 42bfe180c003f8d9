"""The error family as problem JSON (RFC 9457) for programs and as pages for people."""

from __future__ import annotations

import errno
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import flask
import structlog
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed, RequestTimeout

from appliance.errors import (
    NO_ROOM,
    ApplianceError,
    ElevationRequiredError,
    InvalidError,
    MergeConflictError,
    MovedError,
    NotFoundError,
    SecondPersonNeededError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
    sentence,
)
from appliance.web import language, merge_conflicts, requests, scim_answers

log = structlog.get_logger()

JSON_PLACES = ("/api/", "/internal/", "/healthz", "/readyz")
PROBLEM_TYPE = "application/problem+json"
# Where names of things stand in addresses, the most exact first.
ROOTS = ("/api/v1/repos/", "/api/v1/orgs/", "/api/v1/users/", "/")
LATE = sentence("The request did not arrive completely, or too slowly. Send it again.")
NOTHING = sentence("There is nothing at this address.")
NO_ROOM_ERRNO = {errno.ENOSPC, errno.EDQUOT}
UNEXPECTED = sentence("Something went wrong here. Give the reference to your administrator.")

NOT_POSSIBLE = sentence("Browsers do not send such requests. Go back and try again.")
OF_HTTP: dict[int, tuple[str, str]] = {
    HTTPStatus.METHOD_NOT_ALLOWED: (
        sentence("This address cannot be opened this way"),
        sentence("This address is used by a form on another page. Go there first."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        sentence("That is too large"),
        sentence("A form cannot hold that much. Push large files with git instead."),
    ),
}
"""Titles and words for what HTTP itself finds wrong with a browser's request."""

ADVICE = {
    "not_found": sentence(
        "It may have been renamed or deleted, or you may lack access. Search for it by name, "
        "or ask whoever gave you this address."
    ),
    "refused": sentence("Nothing was changed. If you need this, ask somebody who can grant it."),
    "unavailable": sentence("Wait a moment, then load this page again."),
    "throttled": sentence("Wait a moment, then load this page again."),
    "damaged": sentence("Tell an administrator, with the reference below."),
}
"""What to do about an error that a page shows."""


def install(app: flask.Flask) -> None:
    """Answer every error in the form that the asker reads."""
    app.register_error_handler(ApplianceError, answer)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def wants_json() -> bool:
    """Whether a program is asking: an API path, or an Accept header without HTML."""
    request = flask.request
    if requests.is_scim() or request.path.startswith(JSON_PLACES):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def answer(error: ApplianceError) -> flask.Response:
    """The error as an answer."""
    if error.http_status >= 500:  # noqa: PLR2004 - server errors, RFC 9110.
        log.warning("request.failed", code=error.code, message=str(error), exc_info=error)
    if isinstance(error, SecondPersonNeededError):
        return _proposed(error)
    if isinstance(error, NotFoundError) and _is_no_page():
        error = NotFoundError(NOTHING)
    if isinstance(error, MovedError) and (target := _new_address(error)):
        return _redirect(target)
    if requests.is_scim():
        response = scim_answers.error(error)
    else:
        response = _problem(error) if wants_json() else _page(error)
    if isinstance(error, ThrottledError | UnavailableError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, UnauthenticatedError) and wants_json():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _is_no_page() -> bool:
    """Whether the address is one of the API that a page took for the name of an owner."""
    at_page = flask.request.blueprint
    return flask.request.path.startswith("/api/") and not (at_page or "").startswith("api_")


def _proposed(error: SecondPersonNeededError) -> flask.Response:
    """The act as it was kept: for programs with the status that says so, for people its page."""
    if not wants_json():
        flask.flash(language.said(error.message), "hold")
        target = flask.url_for("proposals.show", proposal_id=error.proposal_id)
        return flask.make_response(flask.redirect(target, 303))
    place = flask.url_for("api_proposals.show", id=error.proposal_id)
    kept = {
        "id": str(error.proposal_id),
        "expires_at": error.expires_at.isoformat() if error.expires_at else None,
        "detail": str(error),
    }
    response = flask.jsonify({"proposal": kept})
    response.status_code = error.http_status
    response.headers["Location"] = place
    return response


def problem(error: ApplianceError) -> dict[str, object]:
    """The body of a problem, RFC 9457, with our `code`, `request_id` and `errors`."""
    body: dict[str, object] = {
        "type": f"{requests.wiring().settings.server.url}/api/docs#error-{error.code}",
        "title": error.title,
        "status": error.http_status,
        "detail": str(error),
        "instance": flask.request.path,
        "code": error.code,
        "request_id": requests.request_id(),
    }
    if isinstance(error, InvalidError) and error.fields:
        body["errors"] = [{"field": each.field, "message": each.message} for each in error.fields]
    if isinstance(error, MergeConflictError):
        body["conflicts"] = [merge_conflicts.fields(each) for each in error.conflicts]
    return body


def _problem(error: ApplianceError) -> flask.Response:
    response = flask.jsonify(problem(error))
    response.status_code = error.http_status
    response.content_type = PROBLEM_TYPE
    return response


def _page(error: ApplianceError) -> flask.Response:
    if isinstance(error, ElevationRequiredError):
        return flask.make_response(
            flask.redirect(flask.url_for("sign_in.confirm", next=_where_they_were()), 303)
        )
    if isinstance(error, UnauthenticatedError):
        return flask.make_response(
            flask.redirect(flask.url_for("sign_in.show", next=_where_they_were()), 303)
        )
    return flask.make_response(
        flask.render_template(
            "error.html",
            title=language.said(error.title),
            explanation=language.said(error.message),
            advice=language.said(ADVICE.get(error.code, "")),
            status=error.http_status,
            reference=requests.request_id(),
            ask=_where_to_ask(error),
        ),
        error.http_status,
    )


def _where_to_ask(error: ApplianceError) -> str | None:
    """The form in which somebody asks for what they were not let into; the same for what is not."""
    askable = getattr(error, "askable", None)
    if askable is None or not requests.actor().is_signed_in:
        return None
    wanted = {"thing": askable.thing, "name": askable.name, "role": askable.role or None}
    return flask.url_for("access_requests.new", **wanted)


def _where_they_were() -> str:
    """The page to go back to: this one, or for a form the page it stood on."""
    request = flask.request
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    return came_from.path if came_from.netloc == request.host else "/"


def _new_address(error: MovedError) -> str | None:
    """This address with the new name in it; None where the old one was said elsewhere."""
    # As bytes, because a path may hold `%`, `?` and what is no UTF-8.
    path = quote(flask.request.environ["PATH_INFO"].encode("latin-1"))
    query = flask.request.query_string.decode("ascii", "replace")
    for root in ROOTS:
        before = root + quote(error.was)
        rest = path.removeprefix(before)
        if path.startswith(before) and rest[:1] in {"", "/"}:
            return f"{root}{quote(error.path)}{rest}" + (f"?{query}" if query else "")
    return None


def _redirect(target: str) -> flask.Response:
    status = 302 if flask.request.method in {"GET", "HEAD"} else 307
    return flask.make_response(flask.redirect(target, status))


def _answer_http(error: HTTPException) -> flask.Response:
    """Flask's and Werkzeug's own errors, in our words."""
    if error.response is not None:
        return flask.make_response(error.response)
    if error.code == HTTPStatus.NOT_FOUND:
        return answer(NotFoundError(NOTHING))
    if isinstance(error, MethodNotAllowed):
        response = answer(_TranslatedError(error))
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response
    if isinstance(error, ClientDisconnected):  # It is there to read this if it was only slow.
        return answer(_TranslatedError(RequestTimeout(LATE)))
    return answer(_TranslatedError(error))


class _TranslatedError(InvalidError):
    """An error of HTTP itself, with its own status and name."""

    def __init__(self, error: HTTPException) -> None:
        status = error.code or HTTPStatus.BAD_REQUEST
        title, words = error.name, error.description or error.name
        if not wants_json():
            title, words = OF_HTTP.get(status, (InvalidError.title, NOT_POSSIBLE))
        super().__init__(words)
        self.http_status = status
        self.code = code_of(error.name)
        self.title = title


def code_of(name: str) -> str:
    """The code of an error of HTTP itself, by its name."""
    return name.lower().replace(" ", "_")


def _answer_unexpected(error: Exception) -> flask.Response:
    """The one handler of this door that catches everything: log it, show a reference only."""
    if isinstance(error, OSError) and error.errno in NO_ROOM_ERRNO:
        return answer(UnavailableError(NO_ROOM))
    log.error("request.crashed", exc_info=error)
    return answer(ApplianceError(UNEXPECTED))
