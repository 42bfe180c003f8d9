"""Where each right of a person comes from, for themself, administrators and organisations."""

from __future__ import annotations

from typing import Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.services import organisations, person_access
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import confirmed_first, page, signed_in

pages = flask.Blueprint("person_access", __name__)
words.give_to_templates(pages)

SOURCES = {
    "direct": lazy("given by a person"),
    "provider": lazy("given by a group of"),
    "team": lazy("by the team"),
    "request": lazy("given on request until a time"),
    "base": lazy("base permission of the organisation"),
    "organisation": lazy("by the role in the organisation"),
    "owner": lazy("owner"),
    "instance": lazy("by the role on the appliance"),
}
ON = {
    "instance": lazy("Appliance"),
    "organisation": lazy("Organisation"),
    "team": lazy("Team"),
    "repository": lazy("Repository"),
    "repositories": lazy("All repositories"),
}


@pages.get("/settings/access")
def own() -> ResponseReturnValue:
    """One's own."""
    signed_in()
    with requests.reading() as work:
        found = person_access.of_user(work, None, now=requests.now())
    return _page("account/access.html", found, section="access")


@pages.get("/administration/users/<name>/access")
def of_user(name: str) -> ResponseReturnValue:
    """Somebody's, for administrators."""
    confirmed_first()
    with requests.reading() as work:
        found = person_access.of_user(work, name, now=requests.now())
        context = frame(work, "users")
    return _page("admin/access.html", found, **context)


@pages.get("/<owner>/-/members/<name>/access")
def of_member(owner: str, name: str) -> ResponseReturnValue:
    """A member's, for owners of the organisation."""
    with requests.reading() as work:
        found = person_access.of_member(work, owner, name)
        organisation = organisations.show(work, owner)
        allowed = organisations.allowed(work, owner)
    return _page(
        "organisations/access.html",
        found,
        organisation=organisation,
        allowed=allowed,
        tab_name="members",
    )


def _page(template: str, found: person_access.PersonAccess, **context: Any) -> str:
    return page(template, found=found, sources=SOURCES, kinds=ON, **context)
