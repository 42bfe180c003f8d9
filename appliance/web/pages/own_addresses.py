"""E-mail addresses of one's own: say one, confirm it by the code of a letter, choose, give up."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.services import own_addresses, users
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("own_addresses", __name__)
words.give_to_templates(pages)


@pages.get("/settings/email")
def show() -> ResponseReturnValue:
    """One's own e-mail addresses; the link of a letter leads here with its code."""
    confirmed_first()
    return _page({})


@pages.post("/settings/email")
def save() -> ResponseReturnValue:
    """Be written to at another address. It counts when it was shown to be one's own."""
    address = _said("email")

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            users.change(work, None, {"email": address})
        return done(_("Your e-mail address was saved."), "own_addresses.show")

    return attempt(act, _page, at="email")


@pages.post("/settings/email/<any(ask, confirm, primary, remove):verb>")
def act_on(verb: str) -> ResponseReturnValue:
    """Have a letter sent to an address, confirm it, choose it, or give it up."""

    def act() -> ResponseReturnValue:
        now, key = requests.now(), requests.wiring().sign_in.fingerprint_key
        with requests.begin() as work:
            if verb == "ask":
                own_addresses.ask(work, _said("address"), now=now)
                words = _("An e-mail is on its way. Open the link in it, or enter its code here.")
            elif verb == "confirm":
                own_addresses.confirm(work, _said("code"), key=key, now=now)
                words = _("The address is verified.")
            elif verb == "primary":
                own_addresses.make_primary(work, _said("address"))
                words = _("This is now your primary address.")
            else:
                own_addresses.remove(work, _said("address"))
                words = _("The address was removed.")
        return done(words, "own_addresses.show")

    return attempt(act, _page, at="code" if verb == "confirm" else "address")


def _said(name: str) -> str:
    return flask.request.form.get(name, "").strip()[:255]


def _page(problems: Problems) -> str:
    with requests.reading() as work:
        own = users.show_self(work)
        found = own_addresses.listed(work, now=requests.now())
    return page(
        "account/email.html",
        problems,
        own=own,
        found=found,
        code=flask.request.args.get("code", ""),
        is_sent=bool(requests.wiring().settings.mail.host),
        section="profile",
    )
