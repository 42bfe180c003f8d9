"""The cookies of the portal: one says which session, two say how a person likes to see it."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from urllib.parse import urlsplit

import flask

from appliance.web import requests

THEME_COOKIE = "codara_theme"
LOCALE_COOKIE = "codara_locale"
ATTEMPT_COOKIE = "codara_attempt"
ATTEMPT_PATH = "/auth/"
ATTEMPT_SECONDS = 3600
LONGEST_PATH = 2048
ATTEMPT = re.compile(r"[A-Za-z0-9_-]{43}")
WAITING_COOKIE = "codara_waiting"
WAITING_PATH = "/sign-in"
ONE_YEAR_SECONDS = 365 * 24 * 3600


def set_session(response: flask.Response, secret: str, ends_at: datetime) -> None:
    """Let the browser carry the session's secret, where no script can read it."""
    response.set_cookie(
        requests.SESSION_COOKIE,
        secret,
        expires=ends_at,
        httponly=True,
        samesite="Lax",
        secure=_is_https(),
    )


def set_device(response: flask.Response) -> None:
    """Let the browser keep what binds its sessions to it."""
    response.set_cookie(
        requests.DEVICE_COOKIE,
        requests.device(),
        max_age=ONE_YEAR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=_is_https(),
    )


def clear_session(response: flask.Response) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(
        requests.SESSION_COOKIE, httponly=True, samesite="Lax", secure=_is_https()
    )


def attempt_kept() -> str:
    """What binds the answer of an identity provider to this browser; empty where it has nothing."""
    kept = flask.request.cookies.get(ATTEMPT_COOKIE, "")
    return kept if ATTEMPT.fullmatch(kept) else ""


def attempt() -> str:
    """The same, made now where it has nothing."""
    return attempt_kept() or secrets.token_urlsafe(32)


def set_waiting(response: flask.Response, secret: str, ends_at: datetime) -> None:
    """Let the browser carry what shows that the first factor was right, to the second step only."""
    response.set_cookie(
        WAITING_COOKIE,
        secret,
        expires=ends_at,
        path=WAITING_PATH,
        httponly=True,
        samesite="Lax",
        secure=_is_https(),
    )


def clear_waiting(response: flask.Response) -> None:
    """Let it forget that."""
    if WAITING_COOKIE in flask.request.cookies:
        response.delete_cookie(WAITING_COOKIE, path=WAITING_PATH, httponly=True, samesite="Lax")


def set_attempt(response: flask.Response, secret: str) -> None:
    """Let the browser carry what binds the answer of an identity provider to it."""
    response.set_cookie(
        ATTEMPT_COOKIE,
        secret,
        max_age=ATTEMPT_SECONDS,
        path=ATTEMPT_PATH,
        httponly=True,
        samesite="Lax",
        secure=_is_https(),
    )


def set_preference(response: flask.Response, name: str, value: str) -> None:
    """Remember how a person likes to see the portal in this browser; empty forgets it."""
    if not value:
        response.delete_cookie(name, samesite="Lax")
        return
    response.set_cookie(
        name, value, max_age=ONE_YEAR_SECONDS, samesite="Lax", httponly=True, secure=_is_https()
    )


def own_path(target: str | None, otherwise: str = "/") -> str:
    """The target if it is a path of ours, so that no link of ours leads elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if len(target) > LONGEST_PATH:  # It is kept while they are away, and a stranger chooses it.
        return otherwise
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in target):  # noqa: PLR2004 - control characters.
        return otherwise
    return target


def _is_https() -> bool:
    return requests.wiring().settings.server.url.startswith("https:")
