"""Who asks at the addresses of git and git-lfs, and how they are told no.

Git sends a user name and a password; the password is an access token, and the name is not looked
at. Somebody who has not said who they are is asked to, whether or not a repository is there: only
who may know gets to hear that something does not exist.
"""

from __future__ import annotations

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
    requests.become(nobody())
    found = _identified()
    requests.become(found)
    requests.note_use(found)
    return found


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


def _identified() -> Actor:
    authorization = flask.request.authorization
    if authorization is None:
        return stranger(requests.origin())
    if authorization.type == "bearer":
        return _by_secret("", authorization.token or "")
    secret = authorization.password or authorization.username or ""
    if authorization.type != "basic" or not secret:
        raise UnauthenticatedError(WHO)
    return _by_secret(authorization.username or "", secret)


def _by_secret(name: str, secret: str) -> Actor:
    if secret.startswith(TOKEN_PREFIX):
        return _by_token(secret)
    if secret.count(".") == JWT_DOTS and len(secret) > 64:  # noqa: PLR2004 - no password is a JWT.
        return _by_bearer(secret)
    return _by_password(name, secret)


def _by_token(secret: str) -> Actor:
    wiring, origin = requests.wiring(), requests.origin()
    with wiring.database.reading(stranger(origin)) as work:
        return identify.by_token(
            work,
            secret,
            origin=origin,
            fingerprint_key=wiring.sign_in.fingerprint_key,
            now=requests.now(),
        )


def _by_bearer(secret: str) -> Actor:
    wiring, origin = requests.wiring(), requests.origin()
    with wiring.database.reading(stranger(origin)) as work:
        return identify.by_bearer(
            work, secret, origin=origin, bearer=wiring.sign_in.bearer, now=requests.now()
        )


def _by_password(name: str, password: str) -> Actor:
    wiring = requests.wiring()
    if not wiring.settings.sign_in.password_over_git:
        raise UnauthenticatedError(NO_PASSWORDS)
    with wiring.database.reading(stranger(requests.origin())) as work:
        return sign_in.password_for_git(
            work, name_or_email=name, password=password, tools=wiring.sign_in
        )
