"""Signing in and out, confirming that it is you, and setting a password by a one-time link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.errors import ApplianceError, ThrottledError, UnauthenticatedError
from appliance.services import (
    offered_providers,
    oidc_logout,
    passkeys,
    passwords,
    saml_logout,
    second_step,
    sign_in,
)
from appliance.web import acting_as, cookies, forms, leaving, provider_doors, requests
from appliance.web.provider_doors import LANGUAGES, THEMES

if TYPE_CHECKING:
    from appliance.services.session_opening import Opened, Waiting

pages = flask.Blueprint("sign_in", __name__)


class NameForm(forms.Form):
    """The first step: who are you."""

    name: str = Field(max_length=255)
    next: str = "/"


class PasswordForm(NameForm):
    """The second step: show it."""

    password: forms.Exact = Field(max_length=1024)


class ConfirmForm(forms.Form):
    """Show once more that it is you."""

    password: forms.Exact = Field(max_length=1024)
    next: str = "/"


class CodeForm(forms.Form):
    """Show once more that it is you, by a second factor."""

    code: str = Field(max_length=40)


class KeyForm(forms.Form):
    """Show once more that it is you, by a key."""

    answer: str = Field(max_length=passkeys.LONGEST_ANSWER)


class NewPasswordForm(forms.Form):
    """A new password."""

    password: forms.Exact = Field(max_length=1024)


@pages.get("/sign-in")
def show() -> ResponseReturnValue:
    """The first step."""
    target = cookies.own_path(flask.request.args.get("next"))
    if requests.actor().is_signed_in:
        return flask.redirect(target, 303)
    return _ask_name(target, {})


@pages.post("/sign-in")
def enter() -> ResponseReturnValue:
    """The name leads to the field for the password; both open a session."""
    name = flask.request.form.get("name", "").strip()
    target = cookies.own_path(flask.request.form.get("next"))
    if not name:
        return _ask_name(target, {"name": _("Your user name or e-mail address is required.")})
    if "password" not in flask.request.form:
        return _lead(name, target)
    try:
        opened = _open_session(PasswordForm.parse(flask.request.form))
    except ApplianceError as error:
        return _ask_password_again(error, name, target)
    return provider_doors.entered(opened, target)


@pages.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Close this browser's session."""
    address, browser = "", cookies.attempt()
    fields: dict[str, str] = {}
    if requests.uses_session():
        wiring, now = requests.wiring(), requests.now()
        acting_as.leave(why="signed_out")
        with requests.reading() as work:
            opener = oidc_logout.opener(work, tools=wiring.oidc)
        with requests.begin() as work:
            onward = saml_logout.begin(work, browser=browser, tools=wiring.saml, now=now)
            sign_in.sign_out(work, now=now)
        if onward is not None:
            address, fields = onward.address, dict(onward.fields)
        if opener is not None:
            address = oidc_logout.address(opener, tools=wiring.oidc, now=now)
    flask.session.clear()
    response = flask.make_response(_onward(address, fields, browser))
    cookies.clear_session(response)
    return response


def _onward(address: str, fields: dict[str, str], browser: str) -> ResponseReturnValue:
    """Where somebody goes who has signed out: to who signed them in, if that is to know."""
    if not address:
        return flask.redirect(flask.url_for("sign_in.show"), 303)
    response = leaving.page(address, fields=fields)
    cookies.set_attempt(response, browser)
    return response


@pages.get("/confirm")
def confirm() -> ResponseReturnValue:
    """Ask for the password before a sensitive act, or send them to who opened their session."""
    if not requests.uses_session():
        raise UnauthenticatedError(_("Sign in first."))
    acting_as.insist_on_oneself()
    return _ask_to_confirm(cookies.own_path(flask.request.args.get("next")), {})


@pages.post("/confirm")
def elevate() -> ResponseReturnValue:
    """Allow sensitive acts for a while."""
    target = cookies.own_path(flask.request.form.get("next"))
    at = next((name for name in CONFIRM_BY if name in flask.request.form), "password")
    try:
        CONFIRM_BY[at]()
    except ApplianceError as error:
        return _ask_to_confirm(target, _at(error, at)), error.http_status
    flask.flash(_("Confirmed. Sensitive actions are unlocked for a while."), "good")
    return flask.redirect(target, 303)


@pages.get("/reset/<secret>")
def show_reset(secret: str) -> ResponseReturnValue:
    """Choose a password by a one-time link."""
    with requests.reading() as work:
        user = passwords.whose_link(
            work, secret, tools=requests.wiring().sign_in, now=requests.now()
        )
    return flask.render_template("sign_in/reset.html", name=user.name, problems={})


@pages.post("/reset/<secret>")
def reset(secret: str) -> ResponseReturnValue:
    """Set it. The link works once."""
    tools = requests.wiring().sign_in
    try:
        form = NewPasswordForm.parse(flask.request.form)
        with requests.reading() as work:
            chosen = passwords.choose_by_link(
                work, secret, password=form.password, tools=tools, now=requests.now()
            )
        with requests.begin() as work:
            user = passwords.reset(work, secret, chosen, tools=tools, now=requests.now())
    except ApplianceError as error:
        problems = _at_password(error)
        page = flask.render_template("sign_in/reset.html", name="", problems=problems)
        return page, error.http_status
    flask.flash(_("The new password is set. Sign in with it."), "good")
    return flask.render_template("sign_in/password.html", target="/", name=user.name, problems={})


@pages.post("/theme")
def theme() -> ResponseReturnValue:
    """Light, dark, or as the system says."""
    return _prefer(cookies.THEME_COOKIE, flask.request.form.get("theme", ""), THEMES)


@pages.post("/language")
def language() -> ResponseReturnValue:
    """The language of the portal in this browser."""
    return _prefer(cookies.LOCALE_COOKIE, flask.request.form.get("language", ""), LANGUAGES)


def _ask_name(target: str, problems: dict[str, str]) -> str:
    with requests.reading() as work:
        doors = provider_doors.doors(work, target=target)
    return flask.render_template(
        "sign_in/name.html",
        target=target,
        name="",
        problems=problems,
        doors=doors,
        takes_keys=passkeys.are_possible(requests.wiring().settings.server.url),
    )


def _lead(name: str, target: str) -> ResponseReturnValue:
    """To the identity provider of their address, or to the field for the password."""
    with requests.reading() as work:
        offered = offered_providers.for_address(work, name)
        door = provider_doors.door(offered, target=target) if offered else None
    if door is not None:
        return flask.redirect(door.address, 303)
    return flask.render_template("sign_in/password.html", target=target, name=name, problems={})


def _confirm_by_password() -> None:
    form = ConfirmForm.parse(flask.request.form)
    with requests.reading() as work:
        proof = sign_in.confirm_password(
            work, password=form.password, tools=requests.wiring().sign_in
        )
    with requests.begin() as work:
        sign_in.elevate(work, proof, now=requests.now())


def _confirm_by_code() -> None:
    form = CodeForm.parse(flask.request.form)
    with requests.begin() as work:
        second_step.confirm_by_code(
            work, code=form.code, tools=requests.wiring().factors, now=requests.now()
        )


def _confirm_by_key() -> None:
    form = KeyForm.parse(flask.request.form)
    with requests.begin() as work:
        passkeys.confirm(work, answer=form.answer, now=requests.now())


CONFIRM_BY = {
    "answer": _confirm_by_key,
    "code": _confirm_by_code,
    "password": _confirm_by_password,
}


def _ask_to_confirm(target: str, problems: dict[str, str]) -> str:
    known = requests.known_session()
    by = known.provider_id if known else None
    with requests.reading() as work:
        offered = offered_providers.of_id(work, by) if by else None
        act = provider_doors.Act.CONFIRM
        door = provider_doors.door(offered, target=target, act=act) if offered else None
        kinds = second_step.kinds_of(work, known.user) if known else frozenset()
    has_password = known is not None and known.user.password_hash is not None
    return flask.render_template(
        "sign_in/confirm.html",
        target=target,
        problems=problems,
        door=door,
        has_password=has_password,
        kinds=kinds,
    )


def _prefer(cookie: str, value: str, allowed: frozenset[str]) -> ResponseReturnValue:
    referrer = flask.request.referrer or ""
    back = referrer.removeprefix(flask.request.host_url.rstrip("/"))
    response = flask.make_response(flask.redirect(cookies.own_path(back), 303))
    cookies.set_preference(response, cookie, value if value in allowed else "")
    return response


def _open_session(form: PasswordForm) -> Opened | Waiting:
    tools = requests.wiring().sign_in
    with requests.reading() as work:
        proof = sign_in.check_password(
            work, name_or_email=form.name, password=form.password, tools=tools
        )
    with requests.begin() as work:
        return sign_in.sign_in(work, proof, tools=tools, now=requests.now())


def _ask_password_again(error: ApplianceError, name: str, target: str) -> ResponseReturnValue:
    page = flask.render_template(
        "sign_in/password.html", target=target, name=name, problems=_at_password(error)
    )
    response = flask.make_response(page, error.http_status)
    if isinstance(error, ThrottledError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _at_password(error: ApplianceError) -> dict[str, str]:
    return _at(error, "password")


def _at(error: ApplianceError, field: str) -> dict[str, str]:
    found = forms.problems(error)
    return found if field in found else {field: str(error)}
