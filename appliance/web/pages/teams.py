"""Teams of an organisation, one inside another."""

from __future__ import annotations

from typing import Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.services import organisations, teams
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
    page,
)

pages = flask.Blueprint("teams", __name__)
words.give_to_templates(pages)

OFFERED_PARENTS = 500


class TeamForm(forms.Form):
    """What a team is called, what it is for, and what it is inside of."""

    name: str = Field(max_length=39)
    description: str = Field("", max_length=500)
    parent: str = Field("", max_length=39)


class MemberForm(forms.Form):
    """Who."""

    user: str = Field(max_length=255)


COLUMNS: lists.Columns = {
    "name": lambda each: each.team.name,
    "description": lambda each: each.team.description,
    "inside_of": lambda each: each.parent,
    "members": lambda each: each.members,
    "since": lambda each: each.team.created_at,
}
MEMBER_COLUMNS: lists.Columns = {
    "name": lambda user: user.name,
    "display_name": lambda user: user.display_name,
    "is_machine": lambda user: user.is_machine,
}


@pages.get("/<owner>/-/teams")
def listing(owner: str) -> ResponseReturnValue:
    """The teams of an organisation."""
    sorting = lists.sorting(teams.ORDERS, "name")
    find = lists.finder(teams.list_teams, sorting, owner)
    if file := lists.export(f"{owner}-teams", find, COLUMNS):
        return file
    with requests.reading() as work:
        context: dict[str, Any] = {
            "organisation": organisations.show(work, owner),
            "allowed": organisations.allowed(work, owner),
            "teams": listed(find(work, after=after(), limit=USUAL)),
            "query": asked("q"),
        }
    return page("teams/list.html", tab_name="teams", **context, **lists.tools(sorting))


@pages.get("/<owner>/-/new-team")
def new(owner: str) -> ResponseReturnValue:
    """Describe a new team."""
    return _new_page(owner, {})


@pages.post("/<owner>/-/new-team")
def create(owner: str) -> ResponseReturnValue:
    """Make it."""

    def act() -> ResponseReturnValue:
        form = TeamForm.parse(flask.request.form)
        with requests.begin() as work:
            made = teams.create(
                work,
                owner,
                name=form.name,
                description=form.description,
                parent=form.parent or None,
                now=requests.now(),
            )
        return done(_("The team was created. Add members now."), ".show", owner=owner,
                    team=made.name)  # fmt: skip

    return attempt(act, lambda problems: _new_page(owner, problems), at="name")


@pages.get("/<owner>/-/teams/<team>")
def show(owner: str, team: str) -> ResponseReturnValue:
    """Who is in a team, and what it is inside of."""
    file = lists.export(f"{owner}-{team}-members", _finder(owner, team), MEMBER_COLUMNS)
    return file or _team_page(owner, team, {})


@pages.post("/<owner>/-/teams/<team>")
def change(owner: str, team: str) -> ResponseReturnValue:
    """Change what a team is called, is for, and is inside of."""

    def act() -> ResponseReturnValue:
        form = TeamForm.parse(flask.request.form)
        with requests.begin() as work:
            changed = teams.change(
                work,
                f"{owner}/{team}",
                {
                    "name": form.name,
                    "description": form.description,
                    "parent": form.parent or None,
                },
            )
        return done(_("The team was saved."), ".show", owner=owner, team=changed.name)

    return attempt(act, lambda problems: _team_page(owner, team, problems))


@pages.post("/<owner>/-/teams/<team>/members")
def add_member(owner: str, team: str) -> ResponseReturnValue:
    """Put somebody into a team."""

    def act() -> ResponseReturnValue:
        form = MemberForm.parse(flask.request.form)
        with requests.begin() as work:
            added = teams.add_member(work, f"{owner}/{team}", form.user, now=requests.now())
        said = _("%(name)s was added to the team.", name=added.name)
        return done(said, ".show", owner=owner, team=team)

    return attempt(act, lambda problems: _team_page(owner, team, problems), at="user")


@pages.post("/<owner>/-/teams/<team>/members/several")
def act_on_several(owner: str, team: str) -> ResponseReturnValue:
    """Take several people out of a team."""
    with requests.reading() as work:
        teams.show(work, f"{owner}/{team}")
    back = flask.url_for(".show", owner=owner, team=team)
    return lists.act_on_several(_acts(owner, team), back=back)


@pages.post("/<owner>/-/teams/<team>/members/<name>/remove")
def remove_member(owner: str, team: str, name: str) -> ResponseReturnValue:
    """Take somebody out of a team, or leave it."""
    with requests.begin() as work:
        teams.remove_member(work, f"{owner}/{team}", name)
    said = _("%(name)s was removed from the team.", name=name)
    return done(said, ".show", owner=owner, team=team)


@pages.post("/<owner>/-/teams/<team>/delete")
def delete(owner: str, team: str) -> ResponseReturnValue:
    """Delete a team."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            teams.delete(work, f"{owner}/{team}")
        return done(_("The team was deleted."), ".listing", owner=owner)

    return attempt(act, lambda problems: _team_page(owner, team, problems))


def _new_page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        context: dict[str, Any] = {
            "organisation": organisations.show_to_manage(work, owner),
            "allowed": organisations.allowed(work, owner),
            "others": _names(teams.list_teams(work, owner, limit=OFFERED_PARENTS).items),
        }
    return page("teams/new.html", problems, tab_name="teams", **context)


def _finder(owner: str, team: str) -> lists.Find:
    sorting = lists.sorting(teams.MEMBER_ORDERS, "name")
    return lists.finder(teams.list_members, sorting, f"{owner}/{team}")


def _acts(owner: str, team: str) -> dict[str, lists.Act]:
    return {
        "remove": lists.Act(
            lazy("Remove from team"),
            lambda work, name: teams.remove_member(work, f"{owner}/{team}", name),
            lazy(
                "They lose the roles that this team gives. They stay in the organisation and "
                "can be added to the team again."
            ),
        )
    }


def _team_page(owner: str, team: str, problems: Problems) -> str:
    with requests.reading() as work:
        shown = teams.show(work, f"{owner}/{team}")
        others = teams.list_teams(work, owner, limit=OFFERED_PARENTS).items
        context: dict[str, Any] = {
            "organisation": organisations.show(work, owner),
            "allowed": organisations.allowed(work, owner),
            "shown": shown,
            "inner": [each for each in others if each.parent == shown.team.name],
            "others": [name for name in _names(others) if name != shown.team.name],
            "members": listed(_finder(owner, team)(work, after=after(), limit=USUAL)),
        }
    context |= lists.tools(lists.sorting(teams.MEMBER_ORDERS, "name"))
    return page("teams/show.html", problems, tab_name="teams", query=asked("q"),
                acts=_acts(owner, team), **context)  # fmt: skip


def _names(found: list[teams.ListedTeam]) -> list[str]:
    return [each.team.name for each in found]
