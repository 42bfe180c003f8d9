"""Signing in, second step: show what you have beside the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.errors import ApplianceError, ThrottledError, UnauthenticatedError
from appliance.services import passkeys, second_step
from appliance.web import cookies, forms, language, provider_doors, requests

if TYPE_CHECKING:
    from appliance.services.session_opening import Opened

pages = flask.Blueprint("second_step", __name__)


class CodeForm(forms.Form):
    """A code of an app, or one for emergencies."""

    code: str = Field(max_length=40)


@pages.get("/sign-in/factor")
def show() -> ResponseReturnValue:
    """Ask for it."""
    target = cookies.own_path(flask.request.args.get("next"))
    return _ask(target, {}) or _begin_again(target)


class KeyForm(forms.Form):
    """What a key answered."""

    answer: str = Field(max_length=passkeys.LONGEST_ANSWER)


@pages.post("/sign-in/factor")
def enter() -> ResponseReturnValue:
    """Open the session."""
    target = cookies.own_path(flask.request.form.get("next"))
    secret = flask.request.cookies.get(cookies.WAITING_COOKIE, "")
    try:
        opened = _by_key(secret) if "answer" in flask.request.form else _by_code(secret)
    except ApplianceError as error:
        return _ask_again(error, target)
    return provider_doors.entered(opened, target)


@pages.post("/sign-in/key")
def enter_by_key_alone() -> ResponseReturnValue:
    """Open a session by a key and nothing else."""
    target = cookies.own_path(flask.request.form.get("next"))
    try:
        form = KeyForm.parse(flask.request.form)
        with requests.begin() as work:
            opened = passkeys.enter(
                work, answer=form.answer, tools=requests.wiring().factors, now=requests.now()
            )
    except ApplianceError as error:
        flask.flash(language.said(error.message), "bad")
        return flask.redirect(flask.url_for("sign_in.show", next=target), 303)
    return provider_doors.entered(opened, target)


def _by_code(secret: str) -> Opened:
    form = CodeForm.parse(flask.request.form)
    with requests.begin() as work:
        return second_step.enter_by_code(
            work, secret, code=form.code, tools=requests.wiring().factors, now=requests.now()
        )


def _by_key(secret: str) -> Opened:
    form = KeyForm.parse(flask.request.form)
    with requests.begin() as work:
        return passkeys.enter_by_key(
            work, secret, answer=form.answer, tools=requests.wiring().factors, now=requests.now()
        )


def _ask_again(error: ApplianceError, target: str) -> ResponseReturnValue:
    found = forms.problems(error)
    asked = _ask(target, found if "code" in found else {"code": str(error)})
    if asked is None:
        return _begin_again(target)
    response = flask.make_response(asked, error.http_status)
    if isinstance(error, ThrottledError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _ask(target: str, problems: dict[str, str]) -> str | None:
    """The page, or nothing where nobody waits in this browser."""
    secret = flask.request.cookies.get(cookies.WAITING_COOKIE, "")
    try:
        with requests.reading() as work:
            user = second_step.who_waits(
                work, secret, tools=requests.wiring().factors, now=requests.now()
            )
            name, kinds = user.name, second_step.kinds_of(work, user)
    except UnauthenticatedError:
        return None
    return flask.render_template(
        "sign_in/factor.html", target=target, name=name, kinds=kinds, problems=problems
    )


def _begin_again(target: str) -> ResponseReturnValue:
    flask.flash(_("That took too long. Sign in again."), "info")
    return flask.redirect(flask.url_for("sign_in.show", next=target), 303)
