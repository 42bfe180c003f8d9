"""Service accounts: those of an organisation, all there are, and the page of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.services import credentials, service_accounts, ssh_keys
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.account_credentials import LIVES, USUAL_LIFE, day_end, token_end
from appliance.web.pages.admin import frame
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    insist,
    is_confirmed,
    listed,
    page,
)

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.credentials import NewToken

pages = flask.Blueprint("service_accounts", __name__)
words.give_to_templates(pages)

MOST_SHOWN = 200


class NewForm(forms.Form):
    """A service account that is to be."""

    name: str = Field(max_length=39)
    title: str = Field("", max_length=100)


class TokenForm(forms.Form):
    """A token of one."""

    name: str = Field(max_length=100)
    scopes: list[str] = Field(default_factory=list)
    repositories: str = Field("", max_length=10_000)
    networks: str = Field("", max_length=10_000)
    days: str = str(USUAL_LIFE)


class KeyForm(forms.Form):
    """A key of one."""

    key: str = Field(max_length=20_000)
    title: str = Field("", max_length=100)
    expires: str = Field("", max_length=10)


class ReasonForm(forms.Form):
    """Why."""

    reason: str = Field("", max_length=500)


COLUMNS: lists.Columns = {
    "name": lambda each: each.user.name,
    "title": lambda each: each.user.display_name,
    "organisation": lambda each: each.organisation,
    "state": lambda each: each.user.state,
    "tokens": lambda each: each.tokens,
    "keys": lambda each: each.keys,
    "since": lambda each: each.user.created_at,
    "used_at": lambda each: each.used_at,
}
ACTS = {
    "suspend": lists.Act(
        lazy("Suspend"),
        lambda work, name: service_accounts.suspend(work, name, now=requests.now()),
        lazy("Their tokens and keys do not work until they are reinstated."),
    ),
    "reinstate": lists.Act(lazy("Reinstate"), service_accounts.reinstate),
}


@pages.get("/administration/service-accounts")
def listing() -> ResponseReturnValue:
    """All there are."""
    confirmed_first()
    return _list("") or _list_page("", {})


@pages.post("/administration/service-accounts")
def create() -> ResponseReturnValue:
    """Create one of the instance."""
    return _create("")


@pages.post("/administration/service-accounts/several")
def act_on_several() -> ResponseReturnValue:
    """Suspend or reinstate several."""
    return lists.act_on_several(ACTS, back=flask.url_for(".listing"))


@pages.get("/<owner>/-/settings/service-accounts")
def listing_of(owner: str) -> ResponseReturnValue:
    """Those of an organisation."""
    confirmed_first()
    return _list(owner) or _list_page(owner, {})


@pages.post("/<owner>/-/settings/service-accounts")
def create_of(owner: str) -> ResponseReturnValue:
    """Create one of an organisation."""
    return _create(owner)


@pages.post("/<owner>/-/settings/service-accounts/several")
def act_on_several_of(owner: str) -> ResponseReturnValue:
    """Suspend or reinstate several."""
    return lists.act_on_several(ACTS, back=flask.url_for(".listing_of", owner=owner))


@pages.get("/accounts/<name>")
def show(name: str) -> ResponseReturnValue:
    """One of them: its tokens, its keys, and ending it."""
    confirmed_first()
    return _one_page(name, {})


@pages.post("/accounts/<name>/tokens")
def make_token(name: str) -> ResponseReturnValue:
    """Make a token for it, and show the secret once."""

    def act() -> ResponseReturnValue:
        form = TokenForm.parse(flask.request.form)
        with requests.begin() as work:
            service_accounts.show(work, name)
            made = credentials.create_token(
                work,
                name=form.name,
                scopes=form.scopes,
                repositories=form.repositories.split() or None,
                expires_at=token_end(form.days),
                networks=form.networks.split(),
                user=name,
                tools=requests.wiring().sign_in,
                now=requests.now(),
            )
        return _one_page(name, {}, made)

    return attempt(act, lambda problems: _one_page(name, problems), at="repositories")


@pages.post("/accounts/<name>/tokens/<uuid:token_id>/revoke")
def revoke_token(name: str, token_id: UUID) -> ResponseReturnValue:
    """Stop a token of it."""
    with requests.begin() as work:
        credentials.revoke_token(work, token_id, now=requests.now())
    return done(_("The token was revoked and no longer works."), ".show", name=name)


@pages.post("/accounts/<name>/keys")
def add_key(name: str) -> ResponseReturnValue:
    """Add an SSH key to it."""

    def act() -> ResponseReturnValue:
        form = KeyForm.parse(flask.request.form)
        with requests.begin() as work:
            service_accounts.show(work, name)
            ssh_keys.add(
                work,
                text=form.key,
                title=form.title,
                expires_at=day_end(form.expires),
                user=name,
                now=requests.now(),
            )
        return done(_("The key was added. It can be used at once."), ".show", name=name)

    return attempt(act, lambda problems: _one_page(name, problems), at="key")


@pages.post("/accounts/<name>/keys/<uuid:key_id>/remove")
def remove_key(name: str, key_id: UUID) -> ResponseReturnValue:
    """Remove an SSH key of it."""
    with requests.begin() as work:
        ssh_keys.remove(work, key_id)
    return done(_("The key was removed and no longer works."), ".show", name=name)


@pages.post("/accounts/<name>/<any(suspend, reinstate):verb>")
def switch(name: str, verb: str) -> ResponseReturnValue:
    """Keep it out, or let it in again."""

    def act() -> ResponseReturnValue:
        form = ReasonForm.parse(flask.request.form)
        with requests.begin() as work:
            if verb == "suspend":
                service_accounts.suspend(work, name, reason=form.reason, now=requests.now())
                said = _("%(name)s is suspended. Its tokens and keys no longer work.", name=name)
            else:
                service_accounts.reinstate(work, name)
                said = _("%(name)s is active again.", name=name)
        return done(said, ".show", name=name)

    return attempt(act, lambda problems: _one_page(name, problems))


@pages.post("/accounts/<name>/delete")
def delete(name: str) -> ResponseReturnValue:
    """Delete it for good."""

    def act() -> ResponseReturnValue:
        insist(is_confirmed(name), "", _("Type the name to confirm."))
        with requests.begin() as work:
            owner = service_accounts.show(work, name).organisation
            service_accounts.delete(work, name, now=requests.now())
        said = _("%(name)s was deleted.", name=name)
        return done(said, ".listing_of", owner=owner) if owner else done(said, ".listing")

    return attempt(act, lambda problems: _one_page(name, problems))


def _sorting() -> lists.Sorting:
    return lists.sorting(service_accounts.ORDERS, "name")


def _find(owner: str) -> lists.Find:
    return lists.finder(service_accounts.listed, _sorting(), owner)


def _list(owner: str) -> ResponseReturnValue | None:
    name = f"{owner}-service-accounts" if owner else "service-accounts"
    return lists.export(name, _find(owner), COLUMNS)


def _create(owner: str) -> ResponseReturnValue:
    def act() -> ResponseReturnValue:
        form = NewForm.parse(flask.request.form)
        with requests.begin() as work:
            made = service_accounts.create(
                work, form.name, organisation=owner, title=form.title, now=requests.now()
            )
        said = _("%(name)s was created. Create a token or add a key now.", name=made.user.name)
        return done(said, ".show", name=made.user.name)

    return attempt(act, lambda problems: _list_page(owner, problems), at="name")


def _list_page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        context = _frame(work, owner)
        found = _find(owner)(work, after=after(), limit=USUAL)
    template = "organisations" if owner else "admin"
    several = ".act_on_several_of" if owner else ".act_on_several"
    create_at = ".create_of" if owner else ".create"
    values: dict[str, Any] = {"owner": owner} if owner else {}
    return page(
        f"{template}/service_accounts.html",
        problems,
        found=listed(found),
        query=asked("q"),
        acts=ACTS,
        several_at=flask.url_for(several, **values),
        create_at=flask.url_for(create_at, **values),
        **context,
        **lists.tools(_sorting()),
    )


def _frame(work: UnitOfWork, owner: str) -> dict[str, Any]:
    if owner:
        return settings_frame(work, owner) | {"section": "service_accounts"}
    return frame(work, "service_accounts")


def _one_page(name: str, problems: Problems, made: NewToken | None = None) -> str:
    rules = requests.wiring().settings.access
    with requests.reading() as work:
        machine = service_accounts.show(work, name)
        tokens = credentials.list_tokens(work, user=name, limit=MOST_SHOWN).items
        keys = ssh_keys.list_keys(work, user=name, limit=MOST_SHOWN).items
    return page(
        "service_accounts/show.html",
        problems,
        machine=machine,
        tokens=tokens,
        keys=keys,
        made=made,
        now=requests.now(),
        lives=[days for days in LIVES if days <= rules.token_lifetime_days] or [1],
        usual=USUAL_LIFE,
        may_never_expire=rules.tokens_may_never_expire,
        chosen=flask.request.form.getlist("scopes"),
    )
