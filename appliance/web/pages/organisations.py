"""Organisations: make one, who belongs to it, what happened in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.branch_health import MOST_DAYS
from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import organisation_members, organisations, quotas
from appliance.services.organisations import OrganisationChanges
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
    insist,
    is_confirmed,
    listed,
    page,
    signed_in,
)

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("organisations", __name__)
words.give_to_templates(pages)

NO_ROLE = "none"


class NewForm(forms.Form):
    """An organisation that is to be."""

    name: str = Field(max_length=39)
    display_name: str = Field("", max_length=100)
    description: str = Field("", max_length=500)


class MemberForm(forms.Form):
    """Who, and what they are to be."""

    name: str = Field(max_length=255)
    role: OrganisationRole = OrganisationRole.MEMBER


class SettingsForm(forms.Form):
    """What an organisation is like."""

    display_name: str = Field("", max_length=100)
    description: str = Field("", max_length=500)
    base_role: str = NO_ROLE
    members_create: str = ""
    issues: str = ""
    deletes_branches: str = ""
    merged_branch_days: int | None = Field(None, ge=0, le=MOST_DAYS)


class QuotaForm(forms.Form):
    """How much room it has."""

    gibibytes: float = Field(0, ge=0, le=2**20)


class RenameForm(forms.Form):
    """Another name."""

    name: str = Field(max_length=39)


@pages.get("/organisations/new")
def new() -> ResponseReturnValue:
    """Describe a new organisation."""
    signed_in()
    return _new_page({})


@pages.post("/organisations/new")
def create() -> ResponseReturnValue:
    """Make it. Who makes it owns it."""

    def act() -> ResponseReturnValue:
        form = NewForm.parse(flask.request.form)
        with requests.begin() as work:
            made = organisations.create(
                work,
                name=form.name,
                display_name=form.display_name,
                description=form.description,
                now=requests.now(),
            )
        return done(_("%(name)s was created. Add members now.", name=made.name), ".members",
                    owner=made.name)  # fmt: skip

    return attempt(act, _new_page, at="name")


COLUMNS: lists.Columns = {
    "name": lambda each: each.user.name,
    "display_name": lambda each: each.user.display_name,
    "role": lambda each: each.role,
    "is_machine": lambda each: each.user.is_machine,
    "since": lambda each: each.since,
}


@pages.get("/<owner>/-/members")
def members(owner: str) -> ResponseReturnValue:
    """Who belongs to an organisation."""
    return lists.export(f"{owner}-members", _finder(owner), COLUMNS) or _members_page(owner, {})


@pages.post("/<owner>/-/members/several")
def act_on_several(owner: str) -> ResponseReturnValue:
    """Give several members another role, or remove them."""
    return lists.act_on_several(_acts(owner), back=flask.url_for(".members", owner=owner))


@pages.post("/<owner>/-/members")
def set_member(owner: str) -> ResponseReturnValue:
    """Add a member, or give one another role."""

    def act() -> ResponseReturnValue:
        form = MemberForm.parse(flask.request.form)
        with requests.begin() as work:
            member = organisation_members.set_role(
                work, owner, form.name, form.role, now=requests.now()
            )
        said = _("%(name)s is now %(role)s.", name=member.user.name,
                 role=words.ORGANISATION_ROLES[member.role])  # fmt: skip
        return done(said, ".members", owner=owner)

    return attempt(act, lambda problems: _members_page(owner, problems), at="name")


@pages.post("/<owner>/-/members/<name>/remove")
def remove_member(owner: str, name: str) -> ResponseReturnValue:
    """Remove a member, or leave."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            organisation_members.remove(work, owner, name)
        if name == requests.actor().label:
            return done(_("You have left %(name)s.", name=owner), "dashboard.show")
        return done(_("%(name)s is no longer a member.", name=name), ".members",
                    owner=owner)  # fmt: skip

    return attempt(act, lambda problems: _members_page(owner, problems))


@pages.get("/<owner>/-/settings")
def settings(owner: str) -> ResponseReturnValue:
    """What an organisation is like."""
    return _settings_page(owner, {})


@pages.post("/<owner>/-/settings")
def save_settings(owner: str) -> ResponseReturnValue:
    """Change it."""

    def act() -> ResponseReturnValue:
        form = SettingsForm.parse(flask.request.form)
        changes: OrganisationChanges = {
            "display_name": form.display_name,
            "description": form.description,
            "base_role": None if form.base_role == NO_ROLE else Role(form.base_role),
            "members_create_repositories": bool(form.members_create),
        }
        if form.issues:
            changes["has_issues"] = form.issues == "on"
        if form.deletes_branches:
            changes["deletes_branches"] = form.deletes_branches == "on"
        if form.merged_branch_days is not None:
            changes["merged_branch_days"] = form.merged_branch_days
        with requests.begin() as work:
            organisations.change(work, owner, changes)
        return done(_("The settings are saved."), ".settings", owner=owner)

    return attempt(act, lambda problems: _settings_page(owner, problems))


@pages.post("/<owner>/-/settings/quota")
def set_quota(owner: str) -> ResponseReturnValue:
    """Give it room of its own, as an administrator of the appliance."""

    def act() -> ResponseReturnValue:
        form = QuotaForm.parse(flask.request.form)
        with requests.begin() as work:
            organisations.change(work, owner, {"quota_bytes": int(form.gibibytes * 2**30)})
        return done(_("The quota of %(name)s was set.", name=owner), ".settings", owner=owner)

    return attempt(act, lambda problems: _settings_page(owner, problems), at="gibibytes")


@pages.get("/<owner>/-/settings/danger")
def danger(owner: str) -> ResponseReturnValue:
    """Rename or delete an organisation."""
    confirmed_first()
    return _settings_page(owner, {}, "danger")


@pages.post("/<owner>/-/settings/rename")
def rename(owner: str) -> ResponseReturnValue:
    """Give it another name."""

    def act() -> ResponseReturnValue:
        form = RenameForm.parse(flask.request.form)
        with requests.begin() as work:
            renamed = organisations.rename(work, owner, form.name)
        return done(_("It is now called %(name)s. The old name redirects here.", name=renamed.name),
                    ".settings", owner=renamed.name)  # fmt: skip

    return attempt(act, lambda problems: _settings_page(owner, problems, "danger"), at="name")


@pages.post("/<owner>/-/settings/delete")
def delete(owner: str) -> ResponseReturnValue:
    """Delete it for good, with its teams."""

    def act() -> ResponseReturnValue:
        insist(is_confirmed(owner), "confirm", _("Type the name to confirm."))
        with requests.begin() as work:
            organisations.delete(work, owner, now=requests.now())
        return done(_("%(name)s was deleted.", name=owner), "dashboard.show")

    return attempt(act, lambda problems: _settings_page(owner, problems, "danger"))


def _frame(work: UnitOfWork, name: str) -> dict[str, Any]:
    return {
        "organisation": organisations.show(work, name),
        "allowed": organisations.allowed(work, name),
    }


def _new_page(problems: Problems) -> str:
    return page("organisations/new.html", problems)


def _finder(owner: str) -> lists.Find:
    sorting = lists.sorting(organisation_members.ORDERS, "name")
    return lists.finder(organisation_members.listed, sorting, owner)


def _acts(owner: str) -> dict[str, lists.Act]:
    def give_role(work: UnitOfWork, name: str) -> object:
        form = MemberForm.parse(flask.request.form | {"name": name})
        return organisation_members.set_role(work, owner, name, form.role, now=requests.now())

    return {
        "role": lists.Act(lazy("Change role"), give_role),
        "remove": lists.Act(
            lazy("Remove"),
            lambda work, name: organisation_members.remove(work, owner, name),
            lazy(
                "They are also removed from its teams and lose roles on its repositories. An "
                "owner can add them again."
            ),
        ),
    }


def _members_page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        context = _frame(work, owner)
        found = _finder(owner)(work, after=after(), limit=USUAL)
    context |= lists.tools(lists.sorting(organisation_members.ORDERS, "name"))
    return page("organisations/members.html", problems, members=listed(found),
                query=asked("q"), acts=_acts(owner), tab_name="members", **context)  # fmt: skip


def settings_frame(work: UnitOfWork, owner: str) -> dict[str, Any]:
    """What every page of an organisation's settings shows."""
    organisations.show_to_manage(work, owner)
    return _frame(work, owner) | {"tab_name": "settings"}


def _settings_page(owner: str, problems: Problems, section: str = "settings") -> str:
    with requests.reading() as work:
        context = settings_frame(work, owner)
        context["room"] = quotas.of_organisation(work, owner)
    return page(f"organisations/{section}.html", problems, section=section,
                no_role=NO_ROLE, **context)  # fmt: skip
