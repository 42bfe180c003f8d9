"""One's own access tokens and SSH keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.signatures import KeyUse
from appliance.errors import InvalidError
from appliance.services import credentials, inbox_signs, repositories, ssh_keys
from appliance.web import forms, requests
from appliance.web.pages import lists, words
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

if TYPE_CHECKING:
    from appliance.db.paging import Page
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("account_credentials", __name__)
words.give_to_templates(pages)

LIVES = (7, 30, 90, 365)
USUAL_LIFE = 30
OFFERED_REPOSITORIES = 100


class TokenForm(forms.Form):
    """A token that is to be."""

    name: str = Field(max_length=100)
    scopes: list[str] = Field(default_factory=list)
    reach: str = "all"
    repositories: str = Field("", max_length=10_000)
    days: str = str(USUAL_LIFE)
    networks: str = Field("", max_length=10_000)
    reason: str = Field("", max_length=500)


class KeyForm(forms.Form):
    """A key that somebody has."""

    key: str = Field(max_length=20_000)
    title: str = Field("", max_length=100)
    usage: KeyUse = KeyUse.BOTH
    expires: str = Field("", max_length=10)


@dataclass(frozen=True)
class Kind:
    """Tokens or keys, as a list of one's own."""

    section: str
    """What its page and its template are called."""
    file: str
    listed: Callable[..., Page[Any]]
    orders: Mapping[str, Any]
    columns: lists.Columns
    acts: Mapping[str, lists.Act]
    key: Callable[[Any], UUID]
    """By which its checkbox names an item."""


TOKEN_COLUMNS: lists.Columns = {
    "name": lambda each: each.token.name,
    "begins_with": lambda each: each.token.shown_prefix,
    "scopes": lambda each: each.token.scopes,
    "repositories": lambda each: "all" if each.token.all_repositories else each.repositories,
    "created_at": lambda each: each.token.created_at,
    "expires_at": lambda each: each.token.expires_at,
    "used_at": lambda each: each.used_at,
    "used_from": lambda each: each.used_from,
}
KEY_COLUMNS: lists.Columns = {
    "name": lambda each: each.key.title,
    "type": lambda each: each.key.key_type,
    "fingerprint": lambda each: each.key.fingerprint,
    "usage": lambda each: each.key.usage,
    "created_at": lambda each: each.key.created_at,
    "expires_at": lambda each: each.key.expires_at,
    "used_at": lambda each: each.used_at,
    "used_from": lambda each: each.used_from,
}
TOKEN_ACTS = {
    "revoke": lists.Act(
        lazy("Revoke"),
        lambda work, key: credentials.revoke_token(work, lists.id_of(key), now=requests.now()),
        lazy(
            "What uses them stops working immediately. This cannot be undone; create new "
            "ones instead."
        ),
    )
}
KEY_ACTS = {
    "remove": lists.Act(
        lazy("Remove"),
        lambda work, key: ssh_keys.remove(work, lists.id_of(key)),
        lazy("They no longer give access."),
    )
}

TOKENS = Kind(
    "tokens", "tokens", credentials.list_tokens, credentials.ORDERS, TOKEN_COLUMNS, TOKEN_ACTS,
    lambda each: each.token.id,
)  # fmt: skip
KEYS = Kind(
    "keys", "ssh-keys", ssh_keys.list_keys, ssh_keys.ORDERS, KEY_COLUMNS, KEY_ACTS,
    lambda each: each.key.id,
)  # fmt: skip


@pages.get("/settings/tokens")
def tokens() -> ResponseReturnValue:
    """One's own tokens."""
    return _listing(TOKENS)


@pages.post("/settings/tokens")
def revoke_tokens() -> ResponseReturnValue:
    """Stop several tokens."""
    return _act_on_several(TOKENS)


@pages.get("/settings/tokens/new")
def new_token() -> ResponseReturnValue:
    """Choose what a new token may do."""
    confirmed_first()
    return _token_page({})


@pages.post("/settings/tokens/new")
def create_token() -> ResponseReturnValue:
    """Make it, and show its secret once: here and never again."""

    def act() -> ResponseReturnValue:
        form = TokenForm.parse(flask.request.form)
        with requests.begin() as work:
            made = credentials.create_token(
                work,
                name=form.name,
                scopes=form.scopes,
                repositories=None if form.reach == "all" else form.repositories.split(),
                expires_at=token_end(form.days),
                networks=form.networks.split(),
                reason=form.reason,
                tools=requests.wiring().sign_in,
                now=requests.now(),
            )
        return page("account/token_made.html", made=made, section="tokens")

    return attempt(act, _token_page, at="repositories")


@pages.post("/settings/tokens/<uuid:token_id>/revoke")
def revoke_token(token_id: UUID) -> ResponseReturnValue:
    """Stop a token."""
    with requests.begin() as work:
        credentials.revoke_token(work, token_id, now=requests.now())
    return done(_("The token was revoked and no longer works."), "account_credentials.tokens")


@pages.get("/settings/keys")
def keys() -> ResponseReturnValue:
    """One's own SSH keys."""
    return _listing(KEYS)


@pages.post("/settings/keys")
def remove_keys() -> ResponseReturnValue:
    """Stop several keys."""
    return _act_on_several(KEYS)


@pages.get("/settings/keys/new")
def new_key() -> ResponseReturnValue:
    """Paste a key."""
    confirmed_first()
    return _key_page({})


@pages.post("/settings/keys/new")
def add_key() -> ResponseReturnValue:
    """Add it."""

    def act() -> ResponseReturnValue:
        form = KeyForm.parse(flask.request.form)
        with requests.begin() as work:
            ssh_keys.add(
                work,
                text=form.key,
                title=form.title,
                usage=form.usage,
                expires_at=day_end(form.expires),
                now=requests.now(),
            )
        return done(_("The key was added. You can use it at once."), "account_credentials.keys")

    return attempt(act, _key_page, at="key")


@pages.post("/settings/keys/<uuid:key_id>/remove")
def remove_key(key_id: UUID) -> ResponseReturnValue:
    """Remove a key."""
    with requests.begin() as work:
        ssh_keys.remove(work, key_id)
    return done(_("The key was removed and no longer works."), "account_credentials.keys")


def _listing(kind: Kind) -> ResponseReturnValue:
    sorting = lists.sorting(kind.orders, "-created")
    find = lists.finder(kind.listed, sorting)
    if file := lists.export(kind.file, find, kind.columns):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
    return page(f"account/{kind.section}.html", found=listed(found), section=kind.section,
                query=asked("q"), soon=requests.now() + inbox_signs.SOON, now=requests.now(),
                acts=kind.acts, **lists.tools(sorting))  # fmt: skip


def _act_on_several(kind: Kind) -> ResponseReturnValue:
    def names(work: UnitOfWork, _chosen: list[str]) -> dict[str, str]:
        found = kind.listed(work, limit=lists.MOST_NAMED).items
        return {str(kind.key(each)): kind.columns["name"](each) for each in found}

    return lists.act_on_several(kind.acts, back=flask.url_for(f".{kind.section}"), names=names)


def day_end(text: str) -> datetime | None:
    """The end of a day that a form names; None where it names none.

    Errors:
        InvalidError: that is no day.
    """
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError.of("expires", _("That is not a day.")) from error
    return datetime.combine(day, time.max, tzinfo=UTC)


def token_end(days: str) -> datetime | None:
    """The end of a life that a form names in days; None for `never`.

    Errors:
        InvalidError: that is no number of days.
    """
    if days == "never":
        return None
    if not days.isdigit() or len(days) > 4:  # noqa: PLR2004 - ten years have four digits.
        raise InvalidError.of("days", _("Choose one of these."))
    # A minute less, so that the longest life allowed is not over the limit by the time it is made.
    return requests.now() + timedelta(days=int(days)) - timedelta(minutes=1)


def _token_page(problems: Problems) -> str:
    rules = requests.wiring().settings.access
    with requests.reading() as work:
        readable = repositories.listed(work, limit=OFFERED_REPOSITORIES)
    lives = [days for days in LIVES if days <= rules.token_lifetime_days]
    if rules.token_lifetime_days not in lives:
        lives.append(rules.token_lifetime_days)
    return page(
        "account/token_new.html",
        problems,
        lives=lives,
        usual=USUAL_LIFE if USUAL_LIFE in lives else lives[0],
        may_never_expire=rules.tokens_may_never_expire,
        readable=[repository.path for repository in readable.items],
        chosen=flask.request.form.getlist("scopes"),
        section="tokens",
    )


def _key_page(problems: Problems) -> str:
    return page("account/key_new.html", problems, section="keys")
