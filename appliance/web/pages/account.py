"""Oneself: profile, e-mail address, password, and the browsers one has signed in with."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from pydantic import Field

from appliance.errors import InvalidError, UnauthenticatedError
from appliance.services import (
    identity_links,
    impersonation,
    passwords,
    sessions,
    sign_in,
    stars,
    users,
)
from appliance.web import cookies, forms, provider_doors, requests
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
    signed_in,
)

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("account", __name__)
words.give_to_templates(pages)


class ProfileForm(forms.Form):
    """How one is shown, and how one likes to see the portal."""

    display_name: str = Field("", max_length=100)
    about: str = Field("", max_length=300)
    location: str = Field("", max_length=100)
    website: str = Field("", max_length=200)
    locale: str = Field("", max_length=16)
    theme: str = "auto"


class PasswordForm(forms.Form):
    """The password one has, and the one that is to be."""

    current: str = Field(max_length=1024)
    password: str = Field(max_length=1024)


SESSION_COLUMNS: lists.Columns = {
    "address": lambda each: each.address,
    "browser": lambda each: each.user_agent,
    "signed_in_at": lambda each: each.created_at,
    "used_at": lambda each: each.seen_at,
    "ends_at": lambda each: each.ends_at,
    "is_this_browser": lambda each: each.is_current,
}
SESSION_ACTS = {
    "end": lists.Act(
        lazy("End"),
        lambda work, key: sessions.revoke_session(work, lists.id_of(key), now=requests.now()),
        lazy("Whoever uses these browsers must sign in again."),
    )
}


@pages.get("/settings")
def profile() -> ResponseReturnValue:
    """One's own profile."""
    return profile_page({})


@pages.post("/settings")
def save_profile() -> ResponseReturnValue:
    """Change it, and let this browser show the portal so at once."""

    def act() -> ResponseReturnValue:
        form = ProfileForm.parse(flask.request.form)
        with requests.begin() as work:
            users.change(
                work,
                None,
                {
                    "display_name": form.display_name,
                    "about": form.about,
                    "location": form.location,
                    "website": form.website,
                    "theme": form.theme,
                    "locale": form.locale if form.locale in words.LANGUAGES else "",
                },
            )
        response = flask.make_response(done(_("Your profile was saved."), "account.profile"))
        theme = form.theme if form.theme in {"light", "dark"} else ""
        cookies.set_preference(response, cookies.THEME_COOKIE, theme)
        cookies.set_preference(response, cookies.LOCALE_COOKIE, form.locale)
        return response

    return attempt(act, profile_page)


@pages.get("/settings/security")
def security() -> ResponseReturnValue:
    """The password, and the sessions in force."""
    return lists.export("sessions", _sessions(), SESSION_COLUMNS) or security_page({})


@pages.post("/settings/security")
def change_password() -> ResponseReturnValue:
    """Set another password; every other session ends."""

    def act() -> ResponseReturnValue:
        form = PasswordForm.parse(flask.request.form)
        tools = requests.wiring().sign_in
        proof = _proof(form.current)
        with requests.reading() as work:
            chosen = passwords.choose_own(work, password=form.password, tools=tools)
        with requests.begin() as work:
            passwords.change(work, proof, chosen, now=requests.now())
        return done(
            _("Your password was changed. Your other sessions have ended."), "account.security"
        )

    return attempt(act, security_page)


@pages.post("/settings/sessions/<uuid:session_id>/revoke")
def revoke_session(session_id: UUID) -> ResponseReturnValue:
    """End a session."""
    with requests.begin() as work:
        sessions.revoke_session(work, session_id, now=requests.now())
    return done(_("That session has ended."), "account.security")


@pages.post("/settings/sessions")
def end_sessions() -> ResponseReturnValue:
    """End several sessions."""

    def names(work: UnitOfWork, _chosen: list[str]) -> dict[str, str]:
        found = sessions.list_sessions(work, limit=lists.MOST_NAMED, now=requests.now()).items
        return {str(each.id): f"{each.address}, {each.user_agent}" for each in found}

    return lists.act_on_several(SESSION_ACTS, back=flask.url_for(".security"), names=names)


@pages.post("/settings/sessions/revoke-others")
def revoke_others() -> ResponseReturnValue:
    """End every session but this one."""
    with requests.begin() as work:
        count = sessions.revoke_other_sessions(work, now=requests.now())
    said = ngettext("%(num)s other session has ended.", "%(num)s other sessions have ended.", count)
    return done(said, "account.security")


@pages.post("/settings/sessions/everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session, this one too; and every token, if asked."""
    with_tokens = flask.request.form.get("tokens") == "yes"
    with requests.begin() as work:
        sessions.sign_out_everywhere(work, with_tokens=with_tokens, now=requests.now())
    flask.session.clear()
    flask.flash(_("You are signed out everywhere."), "good")
    response = flask.make_response(flask.redirect(flask.url_for("sign_in.show"), 303))
    cookies.clear_session(response)
    return response


def _proof(password: str) -> sign_in.Proof:
    """That they know their password.

    Errors:
        InvalidError: they do not; at the field, because nobody has to sign in again for that.
    """
    try:
        with requests.reading() as work:
            return sign_in.confirm_password(
                work, password=password, tools=requests.wiring().sign_in
            )
    except UnauthenticatedError as error:
        signed_in()
        raise InvalidError.of("current", _("This is not your password.")) from error


def profile_page(problems: Problems) -> str:
    """One's own profile, and what stands first on one's page."""
    with requests.reading() as work:
        own = users.show_self(work)
        pinned = [each.path for each in stars.pinned(work, own.user.name)]
    return page(
        "account/profile.html",
        problems,
        own=own,
        pinned=pinned,
        most_pinned=stars.MOST_PINNED,
        section="profile",
    )


def _sessions() -> lists.Find:
    verb = functools.partial(sessions.list_sessions, now=requests.now())
    return lists.finder(verb, lists.sorting(sessions.ORDERS, "-since"))


def security_page(problems: Problems) -> str:
    """The password, the identities, and the sessions in force."""
    with requests.reading() as work:
        own = users.show_self(work)
        found = _sessions()(work, after=after(), limit=USUAL)
        acted = impersonation.of_user(work, None, now=requests.now())
        identities = identity_links.of_user(work, None)
        here = flask.url_for("account.security")
        doors = provider_doors.doors(work, target=here, act=provider_doors.Act.LINK)
    return page(
        "account/security.html",
        problems,
        own=own,
        identities=identities,
        doors=doors,
        acted=acted,
        sessions=listed(found),
        minimum=requests.wiring().settings.sign_in.minimum_password_length,
        section="security",
        acts=SESSION_ACTS,
        query=asked("q"),
        **lists.tools(lists.sorting(sessions.ORDERS, "-since")),
    )
