"""What a browser asks us before it asks a key (WebAuthn): answers for the script of its forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue

from appliance.services import passkeys
from appliance.web import cookies, requests

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("keys_asked", __name__)


@pages.post("/settings/factors/key/asked")
def to_make() -> ResponseReturnValue:
    """For a new key of one's own."""
    return _asked(lambda work: passkeys.ask_to_make(work, now=requests.now()))


@pages.post("/confirm/key/asked")
def to_confirm() -> ResponseReturnValue:
    """For a key that confirms."""
    return _asked(lambda work: passkeys.ask_to_confirm(work, now=requests.now()))


@pages.post("/sign-in/factor/key/asked")
def second() -> ResponseReturnValue:
    """For a key as the second factor."""
    secret = flask.request.cookies.get(cookies.WAITING_COOKIE, "")
    tools = requests.wiring().factors
    return _asked(lambda work: passkeys.ask_second(work, secret, tools=tools, now=requests.now()))


@pages.post("/sign-in/key/asked")
def first() -> ResponseReturnValue:
    """For a key alone."""
    tools = requests.wiring().factors
    return _asked(lambda work: passkeys.ask_first(work, tools=tools, now=requests.now()))


def _asked(ask: Callable[[UnitOfWork], dict[str, Any]]) -> ResponseReturnValue:
    with requests.begin() as work:
        response = flask.jsonify(ask(work))
    response.headers["Cache-Control"] = "no-store"
    return response
