"""Who asks at the addresses of git and git-lfs, and how they are told no.

Git sends a user name and a password; the password is an access token, and the name is not looked
at. Somebody who has not said who they are is asked to, whether or not a repository is there: only
who may know gets to hear that something does not exist.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import flask

from appliance.domain.identity import Actor, stranger
from appliance.errors import (
    ApplianceError,
    ConflictError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
    sentence,
)
from appliance.services import identify, sign_in
from appliance.web import requests

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

TOKEN_PREFIX = "cod_"  # noqa: S105 - what every token begins with, not a token.
JWT_DOTS = 2
NO_PASSWORDS = sentence(
    "Use an access token instead of a password. You can make one in your settings."
)
CHALLENGE = 'Basic realm="Codara", charset="UTF-8"'
WHO = sentence("Say who you are.")


def actor() -> Actor:
    """Who is asking; a stranger if they do not say. Cookies do not count here.

    Errors:
        UnauthenticatedError: what they sent is not valid.
        ThrottledError: there were too many wrong attempts lately.
    """
    with reading() as work:
        return work.actor


@contextmanager
def reading() -> Generator[UnitOfWork]:
    """A transaction in the name of who is asking, which is found out in it; nothing can be written.

    Errors:
        UnauthenticatedError, ThrottledError: as for `actor`.
    """
    requests.become(nobody())
    try:
        with requests.wiring().database.reading(nobody()) as work:
            work.actor = _identified(work)
            requests.become(work.actor)
            yield work
    finally:
        requests.note_use(requests.actor())


def insist_on_credentials() -> None:
    """Ask who it is at once, where a stranger may do nothing: git shows its token only then.

    Errors:
        UnauthenticatedError: they have not said.
    """
    if flask.request.authorization is None:
        requests.become(nobody())
        raise UnauthenticatedError(WHO)


def nobody() -> Actor:
    """Whoever sent this request, before they have said who they are."""
    return stranger(requests.origin())


def refusal(error: ApplianceError) -> flask.Response:
    """The error as git and git-lfs show it: a sentence of plain text."""
    if not requests.actor().is_signed_in and isinstance(error, NotFoundError | RefusedError):
        error = UnauthenticatedError(WHO)  # Signing in could change the answer.
    # Git shows the sentence that comes with 403, and does not try again.
    status = 403 if isinstance(error, ConflictError) else error.http_status
    response = flask.Response(f"{error}\n", status, content_type="text/plain; charset=utf-8")
    if isinstance(error, UnauthenticatedError):
        response.headers["WWW-Authenticate"] = CHALLENGE
    if isinstance(error, ThrottledError | UnavailableError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _identified(work: UnitOfWork) -> Actor:
    authorization = flask.request.authorization
    if authorization is None:
        return stranger(requests.origin())
    if authorization.type == "bearer":
        return _by_secret(work, "", authorization.token or "")
    secret = authorization.password or authorization.username or ""
    if authorization.type != "basic" or not secret:
        raise UnauthenticatedError(WHO)
    return _by_secret(work, authorization.username or "", secret)


def _by_secret(work: UnitOfWork, name: str, secret: str) -> Actor:
    tools, origin, now = requests.wiring().sign_in, requests.origin(), requests.now()
    if secret.startswith(TOKEN_PREFIX):
        key = tools.fingerprint_key
        return identify.by_token(work, secret, origin=origin, fingerprint_key=key, now=now)
    if secret.count(".") == JWT_DOTS and len(secret) > 64:  # noqa: PLR2004 - no password is a JWT.
        return identify.by_bearer(work, secret, origin=origin, bearer=tools.bearer, now=now)
    if not work.rules.sign_in.password_over_git:
        raise UnauthenticatedError(NO_PASSWORDS)
    return sign_in.password_for_git(work, name_or_email=name, password=secret, tools=tools)
