"""One's own second factors, and recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import passkeys, second_factors
from appliance.web import forms, qr, requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

if TYPE_CHECKING:
    from appliance.services.second_factors import Added

pages = flask.Blueprint("account_factors", __name__)
words.give_to_templates(pages)


class AppForm(forms.Form):
    """A code that an app shows for a secret which was offered."""

    sealed: str = Field(max_length=1024)
    code: str = Field(max_length=20)
    title: str = Field(max_length=100)


class KeyForm(forms.Form):
    """A key that a browser has made."""

    answer: str = Field(max_length=passkeys.LONGEST_ANSWER)
    title: str = Field(max_length=100)


@pages.get("/settings/factors")
def listing() -> ResponseReturnValue:
    """One's second factors."""
    return _listing({})


@pages.get("/settings/factors/app")
def new_app() -> ResponseReturnValue:
    """Show a secret that an app can learn."""
    confirmed_first()
    with requests.reading() as work:
        offer = second_factors.offer_app(work, tools=requests.wiring().factors, now=requests.now())
    return _app_page(offer, {})


@pages.post("/settings/factors/app")
def add_app() -> ResponseReturnValue:
    """Let the app count, once it shows the right code."""

    def act() -> ResponseReturnValue:
        form = AppForm.parse(flask.request.form)
        with requests.begin() as work:
            made = second_factors.add_app(
                work,
                sealed=form.sealed,
                code=form.code,
                title=form.title,
                tools=requests.wiring().factors,
                now=requests.now(),
            )
        return added(made)

    def again(problems: Problems) -> str:
        with requests.reading() as work:
            offer = second_factors.offer_again(
                work,
                flask.request.form.get("sealed", ""),
                tools=requests.wiring().factors,
                now=requests.now(),
            )
        return _app_page(offer, problems)

    return attempt(act, again, at="code")


@pages.get("/settings/factors/key")
def new_key() -> ResponseReturnValue:
    """Ask for a name of a key that is to be made."""
    confirmed_first()
    return _key_page({})


@pages.post("/settings/factors/key")
def add_key() -> ResponseReturnValue:
    """Let a key count that the browser has made."""

    def act() -> ResponseReturnValue:
        form = KeyForm.parse(flask.request.form)
        with requests.begin() as work:
            made = passkeys.make(
                work,
                answer=form.answer,
                title=form.title,
                tools=requests.wiring().factors,
                now=requests.now(),
            )
        return added(made)

    return attempt(act, _key_page)


@pages.post("/settings/factors/<uuid:factor_id>/remove")
def remove(factor_id: UUID) -> ResponseReturnValue:
    """Let a factor no longer count."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            second_factors.remove(work, factor_id)
        return done(_("It was removed."), "account_factors.listing")

    return attempt(act, _listing)


@pages.post("/settings/factors/codes")
def renew_codes() -> ResponseReturnValue:
    """New recovery codes, shown once."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            codes = second_factors.renew_codes(
                work, tools=requests.wiring().factors, now=requests.now()
            )
        return _codes_page(codes)

    return attempt(act, _listing)


def added(made: Added) -> ResponseReturnValue:
    """What follows on a new factor: its codes, or the list of all."""
    said = _("%(title)s was added.", title=made.factor.title)
    if not made.codes:
        return done(said, "account_factors.listing")
    flask.flash(said, "good")
    return _codes_page(made.codes)


def _codes_page(codes: Sequence[str]) -> str:
    _keep_nowhere()
    return page("account/codes.html", codes=codes, section="factors")


def _listing(problems: Problems) -> str:
    with requests.reading() as work:
        found = second_factors.show(work, None)
    return page(
        "account/factors.html",
        problems,
        found=found,
        takes_keys=passkeys.are_possible(requests.wiring().settings.server.url),
        section="factors",
    )


def _key_page(problems: Problems) -> str:
    return page("account/key_made.html", problems, section="factors")


def _app_page(offer: second_factors.OfferedApp, problems: Problems) -> str:
    _keep_nowhere()
    return page(
        "account/app_new.html",
        problems,
        offer=offer,
        picture=qr.picture(offer.address),
        section="factors",
    )


def _keep_nowhere() -> None:
    """Ask the browser to keep no copy of a page that shows a secret."""

    @flask.after_this_request
    def _say(response: flask.Response) -> flask.Response:
        response.headers["Cache-Control"] = "no-store"
        return response
