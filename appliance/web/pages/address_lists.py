"""From which networks people may come: to the appliance, and to an organisation."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import address_lists
from appliance.web import forms, requests
from appliance.web.pages.admin import frame
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("address_lists", __name__)


class ListForm(forms.Form):
    """Networks, one a line."""

    networks: str = Field("", max_length=20_000)


@pages.get("/administration/addresses")
def show() -> ResponseReturnValue:
    """Those of the appliance."""
    confirmed_first()
    return _instance_page({})


@pages.post("/administration/addresses")
def change() -> ResponseReturnValue:
    """Set them."""

    def act() -> ResponseReturnValue:
        _change("")
        return done(_("The list was saved."), "address_lists.show")

    return attempt(act, _instance_page, at="networks")


@pages.get("/<owner>/-/settings/addresses")
def show_of(owner: str) -> ResponseReturnValue:
    """Those of an organisation."""
    confirmed_first()
    return _organisation_page(owner, {})


@pages.post("/<owner>/-/settings/addresses")
def change_of(owner: str) -> ResponseReturnValue:
    """Set them."""

    def act() -> ResponseReturnValue:
        _change(owner)
        return done(_("The list was saved."), "address_lists.show_of", owner=owner)

    return attempt(act, lambda problems: _organisation_page(owner, problems), at="networks")


def _change(organisation: str) -> None:
    form = ListForm.parse(flask.request.form)
    with requests.begin() as work:
        address_lists.change(work, organisation, form.networks.split())


def _instance_page(problems: Problems) -> str:
    with requests.reading() as work:
        context = frame(work, "addresses")
        shown = address_lists.show(work)
    action = flask.url_for("address_lists.change")
    return page("admin/addresses.html", problems, shown=shown, action=action, **context)


def _organisation_page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        shown = address_lists.show(work, owner)
        context = settings_frame(work, owner)
    action = flask.url_for("address_lists.change_of", owner=owner)
    return page(
        "organisations/addresses.html",
        problems,
        shown=shown,
        action=action,
        section="addresses",
        **context,
    )
