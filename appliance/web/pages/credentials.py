"""The inventory of tokens and keys: of the instance, and of what reaches an organisation."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain.credentials import CredentialKind
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError
from appliance.services import credential_ends, credential_inventory, organisations
from appliance.services.credential_inventory import Filter, Holder
from appliance.web import requests
from appliance.web.pages import lists, words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import USUAL, after, asked, listed, signed_in

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("credentials", __name__)
words.give_to_templates(pages)

SPANS = (30, 90, 180, 365)
COLUMNS: lists.Columns = {
    "kind": lambda each: each.kind,
    "name": lambda each: each.name,
    "mark": lambda each: each.mark,
    "owner": lambda each: each.owner,
    "organisation": lambda each: each.organisation,
    "is_machine": lambda each: each.is_machine,
    "scopes": lambda each: each.scopes,
    "reach": lambda each: each.reach,
    "repositories": lambda each: each.repositories,
    "created_at": lambda each: each.created_at,
    "expires_at": lambda each: each.expires_at,
    "used_at": lambda each: each.used_at,
    "used_from": lambda each: each.used_from,
    "id": lambda each: each.id,
}


@pages.get("/administration/credentials")
def listing() -> ResponseReturnValue:
    """All there are."""
    signed_in()
    return lists.export("credentials", _find(""), COLUMNS) or _page("")


@pages.post("/administration/credentials")
def end_several() -> ResponseReturnValue:
    """End several."""
    return lists.act_on_several(_acts(""), back=flask.url_for(".listing"), names=_names(""))


@pages.get("/<owner>/-/credentials")
def listing_of(owner: str) -> ResponseReturnValue:
    """Those that reach an organisation."""
    signed_in()
    return lists.export(f"{owner}-credentials", _find(owner), COLUMNS) or _page(owner)


@pages.post("/<owner>/-/credentials")
def end_several_of(owner: str) -> ResponseReturnValue:
    """End several, or keep them out."""
    back = flask.url_for(".listing_of", owner=owner)
    return lists.act_on_several(_acts(owner), back=back, names=_names(owner))


def _acts(owner: str) -> dict[str, lists.Act]:
    def end(work: UnitOfWork, key: str) -> None:
        kind, _, text = key.partition(".")
        if kind not in set(CredentialKind):
            raise InvalidError.of("chosen", "Select something in the list first.")
        about = (CredentialKind(kind), lists.id_of(text))
        if owner:
            credential_ends.end_in(work, owner, *about, now=requests.now())
        else:
            credential_ends.end(work, *about, now=requests.now())

    consequence = lazy("What uses them stops working immediately. This cannot be undone.")
    if owner:
        consequence = lazy(
            "Tokens and keys of service accounts, and deploy keys, are revoked for good. "
            "Personal ones keep working elsewhere but lose access to this organisation: a "
            "token until an owner approves it, a key permanently."
        )
    return {"end": lists.Act(lazy("Revoke"), end, consequence)}


def _names(owner: str) -> lists.Names:
    def names(work: UnitOfWork, _chosen: list[str]) -> dict[str, str]:
        found = credential_inventory.listed(work, owner, limit=lists.MOST_NAMED).items
        return {each.key: each.name for each in found}

    return names


def _sorting() -> lists.Sorting:
    return lists.sorting(credential_inventory.ORDERS, "-created")


def _wanted() -> Filter:
    kind, holder, days = asked("kind"), asked("holder"), asked("unused")
    return Filter(
        CredentialKind(kind) if kind in set(CredentialKind) else None,
        Holder(holder) if holder in set(Holder) else None,
        int(days) if days.isdigit() and 0 < int(days[:5]) < 10_000 else None,  # noqa: PLR2004 - days.
    )


def _find(owner: str) -> lists.Find:
    verb = functools.partial(credential_inventory.listed, wanted=_wanted())
    return lists.finder(verb, _sorting(), owner)


def _page(owner: str) -> str:
    with requests.reading() as work:
        found = _find(owner)(work, after=after(), limit=USUAL)
        if owner:
            allowed = organisations.allowed(work, owner)
            context = {
                "organisation": organisations.show(work, owner),
                "allowed": allowed,
                "tab_name": "credentials",
                "may_end": Permission.ORGANISATION_MEMBERS in allowed,
                "end_at": flask.url_for(".end_several_of", owner=owner),
            }
        else:
            context = frame(work, "credentials") | {
                "may_end": work.actor.is_administrator,
                "end_at": flask.url_for(".end_several"),
            }
    wanted = _wanted()
    return flask.render_template(
        "organisations/credentials.html" if owner else "admin/credentials.html",
        found=listed(found),
        query=asked("q"),
        wanted=wanted,
        is_filtered=bool(asked("q")) or wanted != Filter(),
        spans=SPANS,
        acts=_acts(owner),
        now=requests.now(),
        **context,
        **lists.tools(_sorting()),
    )
