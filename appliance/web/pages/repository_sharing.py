"""Who may do what with a repository, and why; and the keys that open it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.permissions import PERMISSIONS_OF, Permission, Role
from appliance.errors import NotFoundError
from appliance.services import repository_access, ssh_keys
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.account_credentials import day_end
from appliance.web.pages.page_forms import (
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
)
from appliance.web.pages.repository_frame import blueprint
from appliance.web.pages.repository_settings import settings_page

if TYPE_CHECKING:
    from appliance.services.repository_access import Explained

pages = blueprint("repository_sharing")
words.give_to_templates(pages)


class GrantForm(forms.Form):
    """Who is to have which role."""

    grantee: str = Field(max_length=100)
    role: Role = Role.READER


class KeyForm(forms.Form):
    """A key for one repository."""

    key: str = Field(max_length=20_000)
    title: str = Field("", max_length=100)
    may_write: str = ""
    expires: str = Field("", max_length=10)


@pages.get("/<owner>/<name>/settings/access")
def access(owner: str, name: str) -> ResponseReturnValue:
    """The roles that were given, and why somebody has access."""
    return _access_page(owner, name, {})


@pages.post("/<owner>/<name>/settings/access")
def give(owner: str, name: str) -> ResponseReturnValue:
    """Give somebody a role, or another one."""

    def act() -> ResponseReturnValue:
        form = GrantForm.parse(flask.request.form)
        with requests.begin() as work:
            given = repository_access.give(
                work, f"{owner}/{name}", form.grantee, form.role, now=requests.now()
            )
        said = _("%(name)s is now %(role)s.", name=given.name, role=words.ROLES[given.role])
        return done(said, ".access", owner=owner, name=name)

    return attempt(act, lambda problems: _access_page(owner, name, problems), at="grantee")


@pages.post("/<owner>/<name>/settings/access/withdraw")
def withdraw(owner: str, name: str) -> ResponseReturnValue:
    """Take a role back."""
    grantee = flask.request.form.get("grantee", "")

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            repository_access.withdraw(work, f"{owner}/{name}", grantee)
        said = _("%(name)s no longer has a direct role here.", name=grantee)
        return done(said, ".access", owner=owner, name=name)

    return attempt(act, lambda problems: _access_page(owner, name, problems))


@pages.get("/<owner>/<name>/settings/keys")
def keys(owner: str, name: str) -> ResponseReturnValue:
    """The keys that open this repository and nothing else."""
    return _keys_page(owner, name, {})


@pages.post("/<owner>/<name>/settings/keys")
def add_key(owner: str, name: str) -> ResponseReturnValue:
    """Add one."""

    def act() -> ResponseReturnValue:
        form = KeyForm.parse(flask.request.form)
        with requests.begin() as work:
            ssh_keys.add_deploy_key(
                work,
                f"{owner}/{name}",
                text=form.key,
                title=form.title,
                may_write=bool(form.may_write),
                expires_at=day_end(form.expires),
                now=requests.now(),
            )
        return done(
            _("The key now has access to this repository."), ".keys", owner=owner, name=name
        )

    return attempt(act, lambda problems: _keys_page(owner, name, problems), at="key")


@pages.post("/<owner>/<name>/settings/keys/<uuid:key_id>/remove")
def remove_key(owner: str, name: str, key_id: UUID) -> ResponseReturnValue:
    """Remove one."""
    with requests.begin() as work:
        ssh_keys.remove_deploy_key(work, f"{owner}/{name}", key_id)
    return done(_("The key was removed and no longer works."), ".keys", owner=owner, name=name)


def _access_page(owner: str, name: str, problems: Problems) -> str:
    explained, missing = None, ""
    who = asked("why")
    if who:
        explained, missing = _explain(f"{owner}/{name}", who)
    return settings_page(
        "access.html",
        owner,
        name,
        problems,
        "access",
        explained=explained,
        why=[(words.ROLES[each.role], _reason(each.source, each.name)) for each in
             (explained.reasons if explained else [])],
        who=who,
        missing=missing,
        table=_table(),
    )  # fmt: skip


def _explain(path: str, who: str) -> tuple[Explained | None, str]:
    """Why somebody has access, or the words that say that there is nobody of that name."""
    try:
        with requests.reading() as work:
            return repository_access.explain(work, path, who), ""
    except NotFoundError as error:
        return None, str(error)


def _reason(source: str, name: str) -> str:
    """One way in which somebody came to a role, in words."""
    said = {
        "owner": _("because they own the repository"),
        "direct": _("given directly"),
        "request": _("given on request until a time"),
        "team": _("by team %(name)s", name=name),
        "organisation": _("by their role in %(name)s", name=name),
        "base": _("by the base permission of %(name)s", name=name),
        "instance": _("by their role on the appliance"),
        "visibility": _("because everyone who is signed in may read it")
        if name == "internal"
        else _("because the repository is public"),
    }
    return str(said[source])


def _table() -> list[tuple[str, list[bool]]]:
    """What each role may do, for the table on the page."""
    said = {
        Permission.REPOSITORY_READ: _("Read, clone and export"),
        Permission.REPOSITORY_TRIAGE: _("Triage alerts and requests"),
        Permission.REPOSITORY_WRITE: _("Push"),
        Permission.REPOSITORY_LOCK_FILES: _("Lock large files"),
        Permission.REPOSITORY_MAINTAIN: _("Change description and default branch"),
        Permission.REPOSITORY_PROTECT: _("Protect branches and tags"),
        Permission.REPOSITORY_SEE_ACCESS: _("See who has access"),
        Permission.REPOSITORY_GRANT: _("Manage access"),
        Permission.REPOSITORY_KEYS: _("Manage deploy keys"),
        Permission.REPOSITORY_HOOKS: _("Manage webhooks"),
        Permission.REPOSITORY_BYPASS_PROTECTION: _("Bypass branch protection"),
        Permission.REPOSITORY_ARCHIVE: _("Rename and archive"),
        Permission.REPOSITORY_DELETE: _("Change visibility, transfer, delete"),
    }
    return [
        (label, [permission in PERMISSIONS_OF[role] for role in Role])
        for permission, label in said.items()
    ]


def _keys_page(owner: str, name: str, problems: Problems) -> str:
    with requests.reading() as work:
        found = ssh_keys.list_deploy_keys(work, f"{owner}/{name}", after=after())
    return settings_page(
        "keys.html", owner, name, problems, "keys", keys=listed(found), now=requests.now()
    )
