"""Signing in, second step: show what you have beside the password."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.errors import ApplianceError, ThrottledError, UnauthenticatedError
from appliance.services import second_step
from appliance.web import cookies, forms, provider_doors, requests

pages = flask.Blueprint("second_step", __name__)


class CodeForm(forms.Form):
    """A code of an app, or one for emergencies."""

    code: str = Field(max_length=40)


@pages.get("/sign-in/factor")
def show() -> ResponseReturnValue:
    """Ask for it."""
    target = cookies.own_path(flask.request.args.get("next"))
    return _ask(target, {}) or _begin_again(target)


@pages.post("/sign-in/factor")
def enter() -> ResponseReturnValue:
    """Open the session."""
    target = cookies.own_path(flask.request.form.get("next"))
    try:
        form = CodeForm.parse(flask.request.form)
        with requests.begin() as work:
            opened = second_step.enter_by_code(
                work,
                flask.request.cookies.get(cookies.WAITING_COOKIE, ""),
                code=form.code,
                tools=requests.wiring().factors,
                now=requests.now(),
            )
    except ApplianceError as error:
        return _ask_again(error, target)
    return provider_doors.entered(opened, target)


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
            name = user.name
    except UnauthenticatedError:
        return None
    return flask.render_template("sign_in/factor.html", target=target, name=name, problems=problems)


def _begin_again(target: str) -> ResponseReturnValue:
    flask.flash(_("That took too long. Sign in again."), "info")
    return flask.redirect(flask.url_for("sign_in.show", next=target), 303)
