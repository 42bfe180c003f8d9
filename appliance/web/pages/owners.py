"""The page of a user or an organisation: whoever stands in front of a slash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.permissions import Permission
from appliance.services import (
    activity,
    organisation_members,
    organisations,
    stars,
    teams,
    users,
)
from appliance.web import requests
from appliance.web.pages import lists, repository_lists, words
from appliance.web.pages.page_forms import USUAL, after, asked, listed
from appliance.web.pages.social import ACTS

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("owners", __name__)
words.give_to_templates(pages)

MEMBERS_SHOWN = 20
ACTS_SHOWN = 10
TEAMS_SHOWN = 10
ORGANISATIONS_SHOWN = 50


@pages.get("/<owner>")
def show(owner: str) -> ResponseReturnValue:
    """A user with their repositories and organisations, or an organisation with its own."""
    sorting = repository_lists.sorting("newest")
    find = repository_lists.finder(sorting, owner=owner)
    with requests.reading() as work:
        found = users.show_owner(work, owner)
        shown = listed(find(work, after=after(), limit=USUAL))
        common = {"repositories": shown, "query": asked("q"), **lists.tools(sorting)}
        if file := lists.export(f"{owner}-repositories", find, repository_lists.COLUMNS):
            return file
        if hasattr(found, "pseudonym"):
            return flask.render_template("owners/user.html", **common, **_user(work, found.name))
        return flask.render_template(
            "owners/organisation.html", **common, **_organisation(work, found.name)
        )


def _user(work: UnitOfWork, name: str) -> dict[str, Any]:
    profile = users.show(work, name)
    belongs = organisations.list_of_user(work, name, limit=ORGANISATIONS_SHOWN).items
    is_self = profile.user.id == work.actor.id
    sealer = requests.wiring().sealer
    return {
        "profile": profile,
        "organisations": belongs,
        "is_self": is_self,
        "pinned": stars.pinned(work, name),
        "activity": activity.lately(work, sealer=sealer, by=name, limit=ACTS_SHOWN),
        "acts": ACTS,
    }


def _organisation(work: UnitOfWork, name: str) -> dict[str, Any]:
    allowed = organisations.allowed(work, name)
    members, around = None, []
    if Permission.ORGANISATION_READ in allowed:
        members = organisation_members.listed(work, name, limit=MEMBERS_SHOWN)
        around = teams.list_teams(work, name, limit=TEAMS_SHOWN).items
    return {
        "organisation": organisations.show(work, name),
        "allowed": allowed,
        "members": members,
        "teams": around,
        "tab_name": "repositories",
    }
