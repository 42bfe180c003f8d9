"""Users, for administrators: create, let in and keep out, rename, delete."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from pydantic import Field

from appliance.domain.permissions import InstanceRole
from appliance.services import (
    identity_links,
    identity_providers,
    passwords,
    second_factors,
    sessions,
    users,
)
from appliance.services.users import UserState
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.admin import for_inspectors, frame
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
    from appliance.services.passwords import ChosenPassword, ResetLink

pages = flask.Blueprint("admin_users", __name__)
words.give_to_templates(pages)

SESSIONS_SHOWN = 20


class NewForm(forms.Form):
    """A user who is to be."""

    name: str = Field(max_length=39)
    email: str = Field("", max_length=255)
    display_name: str = Field("", max_length=100)
    role: InstanceRole = InstanceRole.USER
    password: str = Field("", max_length=1024)


class RoleForm(forms.Form):
    """What a user is to the appliance."""

    role: InstanceRole


class NameForm(forms.Form):
    """Another name."""

    name: str = Field(max_length=39)


class ReasonForm(forms.Form):
    """Why."""

    reason: str = Field("", max_length=500)


COLUMNS: lists.Columns = {
    "name": lambda each: each.user.name,
    "display_name": lambda each: each.user.display_name,
    "email": lambda each: each.email,
    "role": lambda each: each.user.instance_role,
    "state": lambda each: each.user.state,
    "is_machine": lambda each: each.user.is_machine,
    "since": lambda each: each.user.created_at,
}
ACTS = {
    "suspend": lists.Act(
        lazy("Suspend"),
        lambda work, name: users.suspend(work, name, now=requests.now()),
        lazy(
            "Their sessions end, and tokens and keys do not work until they are reinstated. "
            "What they own stays."
        ),
    ),
    "reinstate": lists.Act(lazy("Reinstate"), users.reinstate),
}


@pages.get("/administration/users")
def listing() -> ResponseReturnValue:
    """Everyone, by name."""
    state = asked("state")
    wanted = UserState(state) if state in {UserState.ACTIVE, UserState.SUSPENDED} else None
    sorting = lists.sorting(users.ORDERS, "name")
    find = lists.finder(functools.partial(users.list_users, state=wanted), sorting)
    if file := lists.export("users", for_inspectors(find), COLUMNS):
        return file
    with requests.reading() as work:
        context = frame(work, "users")
        found = find(work, after=after(), limit=USUAL)
    context |= lists.tools(sorting)
    return page("admin/users.html", found=listed(found), query=asked("q"), state=wanted, acts=ACTS,
                **context)  # fmt: skip


@pages.post("/administration/users")
def act_on_several() -> ResponseReturnValue:
    """Keep several people out, or let them in again."""
    return lists.act_on_several(ACTS, back=flask.url_for(".listing"))


@pages.get("/administration/users/new")
def new() -> ResponseReturnValue:
    """Describe a new user."""
    confirmed_first()
    return _new_page({})


@pages.post("/administration/users/new")
def create() -> ResponseReturnValue:
    """Create one; without a password, with a link to set one."""

    def act() -> ResponseReturnValue:
        form = NewForm.parse(flask.request.form)
        chosen = _chosen(form)
        with requests.begin() as work:
            user = users.create(
                work,
                name=form.name,
                email=form.email,
                display_name=form.display_name,
                password=chosen,
                instance_role=form.role,
                now=requests.now(),
            )
        if chosen is not None:
            said = _("%(name)s can sign in and will be asked for a new password.", name=user.name)
            return done(said, ".show", name=user.name)
        return _link_page(_issue_link(user.name))

    return attempt(act, _new_page, at="name")


@pages.get("/administration/users/<name>")
def show(name: str) -> ResponseReturnValue:
    """One user, and what can be done about them."""
    confirmed_first()
    return user_page(name, {})


@pages.post("/administration/users/<name>/role")
def change_role(name: str) -> ResponseReturnValue:
    """Give them another role on the appliance."""

    def act() -> ResponseReturnValue:
        form = RoleForm.parse(flask.request.form)
        with requests.begin() as work:
            users.change_role(work, name, form.role)
        said = _("%(name)s is now %(role)s.", name=name, role=words.INSTANCE_ROLES[form.role])
        return done(said, ".show", name=name)

    return attempt(act, lambda problems: user_page(name, problems), at="role")


@pages.post("/administration/users/<name>/rename")
def rename(name: str) -> ResponseReturnValue:
    """Give them another name."""

    def act() -> ResponseReturnValue:
        form = NameForm.parse(flask.request.form)
        with requests.begin() as work:
            renamed = users.rename(work, name, form.name)
        said = _("They are now called %(name)s. The old name redirects here.", name=renamed.name)
        return done(said, ".show", name=renamed.name)

    return attempt(act, lambda problems: user_page(name, problems), at="name")


@pages.post("/administration/users/<name>/suspend")
def suspend(name: str) -> ResponseReturnValue:
    """Keep them out."""

    def act() -> ResponseReturnValue:
        form = ReasonForm.parse(flask.request.form)
        with requests.begin() as work:
            users.suspend(work, name, reason=form.reason, now=requests.now())
        return done(_("%(name)s is suspended.", name=name), ".show", name=name)

    return attempt(act, lambda problems: user_page(name, problems))


@pages.post("/administration/users/<name>/reinstate")
def reinstate(name: str) -> ResponseReturnValue:
    """Let them in again."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            users.reinstate(work, name)
        return done(_("%(name)s can sign in again.", name=name), ".show", name=name)

    return attempt(act, lambda problems: user_page(name, problems))


@pages.post("/administration/users/<name>/reset-link")
def reset_link(name: str) -> ResponseReturnValue:
    """Make a one-time link to set a password, and show it once."""
    return attempt(
        lambda: _link_page(_issue_link(name)), lambda problems: user_page(name, problems)
    )


@pages.post("/administration/users/<name>/end-sessions")
def end_sessions(name: str) -> ResponseReturnValue:
    """Sign them out everywhere."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            count = sessions.revoke_other_sessions(work, name=name, now=requests.now())
        said = ngettext("%(num)s session has ended.", "%(num)s sessions have ended.", count)
        return done(said, ".show", name=name)

    return attempt(act, lambda problems: user_page(name, problems))


@pages.post("/administration/users/<name>/delete")
def delete(name: str) -> ResponseReturnValue:
    """Delete them for good."""

    def act() -> ResponseReturnValue:
        insist(is_confirmed(name), "", _("Type the name to confirm."))
        with requests.begin() as work:
            users.delete(work, name, now=requests.now())
        return done(_("%(name)s was deleted.", name=name), ".listing")

    return attempt(act, lambda problems: user_page(name, problems))


def _chosen(form: NewForm) -> ChosenPassword | None:
    if not form.password:
        return None
    with requests.reading() as work:
        return passwords.choose_for_new_user(
            work,
            password=form.password,
            name=form.name,
            email=form.email,
            tools=requests.wiring().sign_in,
        )


def _issue_link(name: str) -> ResetLink:
    with requests.begin() as work:
        return passwords.issue_reset_link(
            work, name, tools=requests.wiring().sign_in, now=requests.now()
        )


def _link_page(link: ResetLink) -> str:
    with requests.reading() as work:
        context = frame(work, "users")
    address = flask.url_for("sign_in.show_reset", secret=link.secret)
    url = f"{requests.wiring().settings.server.url}{address}"
    return page("admin/link.html", link=link, url=url, **context)


def _new_page(problems: Problems) -> str:
    with requests.reading() as work:
        context = frame(work, "users")
    return page("admin/user_new.html", problems, **context)


def user_page(name: str, problems: Problems) -> str:
    """One user, and what can be done about them."""
    with requests.reading() as work:
        context = frame(work, "users")
        profile = users.show(work, name)
        found = sessions.list_sessions(work, name=name, limit=SESSIONS_SHOWN, now=requests.now())
        context["identities"] = identity_links.of_user(work, name)
        context["factors"] = second_factors.show(work, name)
        context["providers"] = identity_providers.list_providers(work)
        context["may_impersonate"] = work.rules.sign_in.impersonation_seconds // 60
    return page("admin/user.html", problems, profile=profile, sessions=found.items, **context)
