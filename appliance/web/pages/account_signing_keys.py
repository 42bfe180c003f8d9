"""One's own OpenPGP keys, by which one signs."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import openpgp_keys
from appliance.web import forms, requests
from appliance.web.pages import lists
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    listed,
    page,
)

pages = flask.Blueprint("account_signing_keys", __name__)

COLUMNS: lists.Columns = {
    "fingerprint": lambda key: key.fingerprint,
    "algorithm": lambda key: key.algorithm,
    "user_ids": lambda key: key.user_ids,
    "made_at": lambda key: key.made_at,
    "expires_at": lambda key: key.expires_at,
    "is_revoked": lambda key: key.is_revoked,
    "created_at": lambda key: key.created_at,
}


class SigningKeyForm(forms.Form):
    """A key that somebody has."""

    key: str = Field(max_length=openpgp_keys.LONGEST_TEXT)


@pages.get("/settings/gpg-keys")
def listing() -> ResponseReturnValue:
    """One's own OpenPGP keys."""
    sorting = lists.sorting(openpgp_keys.ORDERS, "-created")
    find = lists.finder(openpgp_keys.list_keys, sorting)
    if file := lists.export("gpg-keys", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
    return page(
        "account/signing_keys.html",
        found=listed(found),
        section="signing",
        query=asked("q"),
        now=requests.now(),
        **lists.tools(sorting),
    )


@pages.get("/settings/gpg-keys/new")
def new() -> ResponseReturnValue:
    """Paste a key."""
    confirmed_first()
    return _new_page({})


@pages.post("/settings/gpg-keys/new")
def add() -> ResponseReturnValue:
    """Add it, or bring what is here up to date."""

    def act() -> ResponseReturnValue:
        form = SigningKeyForm.parse(flask.request.form)
        with requests.begin() as work:
            _key, is_new = openpgp_keys.add(work, text=form.key, now=requests.now())
        says = _("The key was added.") if is_new else _("The key was updated.")
        return done(says, "account_signing_keys.listing")

    return attempt(act, _new_page, at="key")


@pages.post("/settings/gpg-keys/<uuid:key_id>/remove")
def remove(key_id: UUID) -> ResponseReturnValue:
    """Remove a key."""
    with requests.begin() as work:
        openpgp_keys.remove(work, key_id)
    says = _("The key was removed. Its signatures now count as unverified.")
    return done(says, "account_signing_keys.listing")


def _new_page(problems: Problems) -> str:
    return page("account/signing_key_new.html", problems, section="signing")
