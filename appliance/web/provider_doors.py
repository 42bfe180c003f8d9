"""Where a browser begins to sign in by a provider, and what happens when it comes back.

Each protocol is a blueprint that bears the name of its kind and has a view `login`, with the
provider's name as `provider`. It is asked `next` and `act`, sends the browser away, and when that
comes back it calls `come_back`. A kind without such a view is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.errors import UnauthenticatedError
from appliance.services import (
    identities,
    identity_links,
    offered_providers,
    session_opening,
    sign_in,
)
from appliance.web import cookies, language, requests

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.claims import Claims
    from appliance.services.offered_providers import Offered
    from appliance.services.session_opening import Opened, Waiting

THEMES = frozenset({"light", "dark"})
LANGUAGES = frozenset({"en", "de"})


class Act(StrEnum):
    """What somebody goes to a provider for."""

    SIGN_IN = "sign_in"
    CONFIRM = "confirm"
    """The protocol has to insist that the provider asks them anew."""
    LINK = "link"


@dataclass(frozen=True)
class Door:
    """A provider as the sign-in page offers it."""

    label: str
    address: str


def act_of(text: str | None) -> Act:
    """The act that an address or a kept state names."""
    return Act(text) if text in set(Act) else Act.SIGN_IN


def doors(work: UnitOfWork, *, target: str, act: Act = Act.SIGN_IN) -> list[Door]:
    """Every provider that a browser can be sent to, in the administrators' order."""
    found = (door(each, target=target, act=act) for each in offered_providers.listed(work))
    return [each for each in found if each is not None]


def door(offered: Offered, *, target: str, act: Act = Act.SIGN_IN) -> Door | None:
    """Where a browser begins with a provider; nothing where this release has no door for it."""
    endpoint = f"{offered.kind}.login"
    if endpoint not in flask.current_app.view_functions:
        return None
    address = flask.url_for(endpoint, provider=offered.name, next=target, act=act)
    return Door(offered.label, address)


def come_back(act: Act, provider_id: UUID, claims: Claims, *, target: str) -> ResponseReturnValue:
    """Do what somebody went to a provider for, now that it has vouched for them; where they may not
    enter, a page that says so.

    Errors:
        ConflictError: it is somebody else, or was not asked anew.
    """
    try:
        return _done(act, provider_id, claims, cookies.own_path(target))
    except UnauthenticatedError as error:
        return refused(error)


def refused(error: UnauthenticatedError) -> ResponseReturnValue:
    """The page for who came back from a provider and may not enter. The log knows why; protocols
    hand in errors that do not say it.
    """
    page = flask.render_template(
        "sign_in/refused.html",
        said=language.said(error.message),
        reference=requests.request_id(),
    )
    return page, error.http_status


def _done(act: Act, provider_id: UUID, claims: Claims, after: str) -> ResponseReturnValue:
    if act is Act.LINK:
        with requests.begin() as work:
            made = identity_links.link_own(work, provider_id, claims, now=requests.now())
        flask.flash(_("%(label)s leads to you now.", label=made.label), "good")
        return flask.redirect(after, 303)
    with requests.begin() as work:
        arrived = identities.arrive(work, provider_id, claims, now=requests.now())
    if act is Act.CONFIRM:
        with requests.begin() as work:
            sign_in.elevate_by_provider(work, arrived, now=requests.now())
        flask.flash(_("Confirmed. Sensitive actions are unlocked for a while."), "good")
        return flask.redirect(after, 303)
    with requests.begin() as work:
        opened = sign_in.by_provider(
            work, arrived, tools=requests.wiring().sign_in, now=requests.now()
        )
    if arrived.wished_name:
        said = _(
            "You are called %(name)s here, because %(wished)s is taken or not allowed.",
            name=arrived.name,
            wished=arrived.wished_name,
        )
        flask.flash(said, "info")
    return entered(opened, after)


def entered(opened: Opened | Waiting, target: str) -> flask.Response:
    """The answer that lets a browser carry its new session, or leads it to the second step."""
    if isinstance(opened, session_opening.Waiting):
        step = flask.url_for("second_step.show", next=target)
        response = flask.make_response(flask.redirect(step, 303))
        cookies.set_waiting(response, opened.secret, opened.expires_at)
        return response
    if opened.user.must_change_password:
        target = flask.url_for("account.security")
    response = flask.make_response(flask.redirect(target, 303))
    cookies.set_session(response, opened.secret, opened.session.ends_at)
    cookies.set_device(response)
    cookies.clear_waiting(response)
    # Let another browser of theirs begin with what their profile says.
    if opened.user.theme in THEMES:
        cookies.set_preference(response, cookies.THEME_COOKIE, opened.user.theme)
    if opened.user.locale in LANGUAGES:
        cookies.set_preference(response, cookies.LOCALE_COOKIE, opened.user.locale)
    return response
