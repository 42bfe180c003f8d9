"""What a repository is for, where it begins, what it is called, and what of it is protected."""

from __future__ import annotations

from typing import Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.permissions import Role
from appliance.domain.signatures import SignedBy
from appliance.services import (
    protections,
    repositories,
    repository_access,
    repository_moves,
    signing_rules,
)
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import Problems, attempt, done
from appliance.web.pages.repository_frame import blueprint, opened, show

pages = blueprint("repository_settings")
words.give_to_templates(pages)

BRANCHES_OFFERED = 500


class GeneralForm(forms.Form):
    """What a repository is for, and where it begins."""

    description: str = Field("", max_length=500)
    default_branch: str = Field(max_length=255)
    template: str = ""
    issues: str = ""
    wiki: str = ""


class NameForm(forms.Form):
    """Another name."""

    name: str = Field(max_length=100)


class RuleForm(forms.Form):
    """What may not happen to some branches or tags."""

    pattern: str = Field(max_length=255)
    push_role: Role = Role.WRITER
    allow_force: str = ""
    allow_delete: str = ""
    signed_by: list[str] = Field(default_factory=list, max_length=4)
    signed_push: str = ""


@pages.get("/<owner>/<name>/settings")
def general(owner: str, name: str) -> ResponseReturnValue:
    """What the repository is for, and where it begins."""
    return _general_page(owner, name, {})


@pages.post("/<owner>/<name>/settings")
def save(owner: str, name: str) -> ResponseReturnValue:
    """Change that."""

    def act() -> ResponseReturnValue:
        form = GeneralForm.parse(flask.request.form)
        changes = repositories.Changes(
            form.description,
            form.default_branch,
            bool(form.template),
            has_issues=form.issues == "on" if form.issues else None,
            has_wiki=form.wiki == "on" if form.wiki else None,
        )
        store = requests.wiring().repositories
        with requests.begin() as work:
            repositories.change(work, f"{owner}/{name}", changes, repositories=store)
        return done(_("The settings are saved."), ".general", owner=owner, name=name)

    return attempt(act, lambda problems: _general_page(owner, name, problems))


@pages.post("/<owner>/<name>/settings/rename")
def rename(owner: str, name: str) -> ResponseReturnValue:
    """Call it otherwise."""

    def act() -> ResponseReturnValue:
        form = NameForm.parse(flask.request.form)
        with requests.begin() as work:
            renamed = repository_moves.rename(work, f"{owner}/{name}", form.name)
        said = _("It is now called %(name)s. The old address redirects here.", name=renamed.name)
        return done(said, ".general", owner=owner, name=renamed.name)

    return attempt(act, lambda problems: _general_page(owner, name, problems), at="name")


@pages.get("/<owner>/<name>/settings/branches")
def branches(owner: str, name: str) -> ResponseReturnValue:
    """The rules for branches and tags."""
    return _branches_page(owner, name, {})


@pages.post("/<owner>/<name>/settings/branches")
def protect(owner: str, name: str) -> ResponseReturnValue:
    """Add a rule, or change the one of that pattern."""

    def act() -> ResponseReturnValue:
        form = RuleForm.parse(flask.request.form)
        rule = protections.Rule(
            form.pattern,
            form.push_role,
            allow_force=bool(form.allow_force),
            allow_delete=bool(form.allow_delete),
            signed_by=frozenset(kind for kind in SignedBy if kind in form.signed_by),
            signed_push=bool(form.signed_push),
        )
        with requests.begin() as work:
            protections.protect(work, f"{owner}/{name}", rule, now=requests.now())
        return done(_("The rule now applies."), ".branches", owner=owner, name=name)

    return attempt(act, lambda problems: _branches_page(owner, name, problems), at="pattern")


@pages.post("/<owner>/<name>/settings/branches/remove")
def unprotect(owner: str, name: str) -> ResponseReturnValue:
    """Remove a rule."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            protections.unprotect(work, f"{owner}/{name}", flask.request.form.get("pattern", ""))
        return done(_("The rule is removed."), ".branches", owner=owner, name=name)

    return attempt(act, lambda problems: _branches_page(owner, name, problems))


def settings_page(
    template: str, owner: str, name: str, problems: Problems, section: str, **context: Any
) -> str:
    """A page of the settings, for those who may see who has access.

    Errors:
        HiddenError, RefusedError: the actor is not one of them.
    """
    frame = opened(owner, name)
    with requests.reading() as work:
        given = repository_access.listed(work, frame.repository.path)
    return show(
        template if "/" in template else f"repository_settings/{template}",
        frame,
        problems=problems,
        filled=flask.request.form,
        section=section,
        tab_name="settings",
        given=given,
        **context,
    )


def _general_page(owner: str, name: str, problems: Problems) -> str:
    return settings_page("general.html", owner, name, problems, "general", most=BRANCHES_OFFERED)


def _branches_page(owner: str, name: str, problems: Problems) -> str:
    with requests.reading() as work:
        rules = protections.listed(work, f"{owner}/{name}")
        firm = signing_rules.over(work, f"{owner}/{name}")
    return settings_page("branches.html", owner, name, problems, "branches", rules=rules, firm=firm)
