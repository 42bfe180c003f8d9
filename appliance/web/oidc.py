"""Signing in by an OpenID provider: the browser is sent away, and comes back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import (
    ApplianceError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
)
from appliance.services import beginnings, oidc, oidc_grants, oidc_logout
from appliance.services.oidc_trials import TRY
from appliance.web import cookies, leaving, provider_doors, requests
from appliance.web.pages import provider_trial, words

if TYPE_CHECKING:
    from appliance.federation.oidc import Peer
    from appliance.services.oidc import Begun

blueprint = flask.Blueprint("oidc", __name__, url_prefix="/auth/oidc")
words.give_to_templates(blueprint)  # For the page of a trial.

ANSWERS = ("code", "state", "iss", "error")
LONGEST_ANSWER = 4096


@blueprint.get("/<provider>/login")
def login(provider: str) -> ResponseReturnValue:
    """Send the browser to a provider."""
    tools = requests.wiring().oidc
    browser = cookies.attempt()
    with requests.reading() as work:
        peer = oidc.peer_of(work, provider, tools=tools)
    with requests.begin() as work:
        beginnings.claim(work, tools.beginnings)
        begun = oidc.begin(
            work,
            peer,
            browser=browser,
            act=provider_doors.act_of(flask.request.args.get("act")),
            target=cookies.own_path(flask.request.args.get("next")),
            now=requests.now(),
        )
    try:
        address = oidc.address(peer, begun, tools=tools, now=requests.now())
    except (UnauthenticatedError, UnavailableError) as error:
        return _refused(peer.id, error)
    response = leaving.page(address, provider=provider)
    cookies.set_attempt(response, browser)
    return response


@blueprint.get("/<provider>/callback")
def callback(provider: str) -> ResponseReturnValue:
    """Take back whom a provider vouches for."""
    tools, browser, given = requests.wiring().oidc, cookies.attempt_kept(), flask.request.args
    said = {name: given[name][:LONGEST_ANSWER] for name in ANSWERS if name in given}
    state = said.get("state", "")
    with requests.reading() as work:
        is_trial = oidc.act_of(work, state, browser=browser) == TRY
    if is_trial:
        return provider_trial.oidc_shown(provider, said, browser=browser)
    with requests.reading() as work:
        peer = oidc.peer_of(work, provider, tools=tools)
    with requests.begin() as work:
        found = oidc.come_back(work, state, browser=browser, now=requests.now())
    if isinstance(found, str):
        return _refuse(peer.id, found)
    provider_id, begun = found
    if provider_id != peer.id:
        return _refuse(peer.id, "mixed_up")
    return _taken(peer, begun, said)


def _taken(peer: Peer, begun: Begun, said: dict[str, str]) -> ResponseReturnValue:
    tools = requests.wiring().oidc
    try:
        vouched = oidc.vouched(peer, begun, said, tools=tools, now=requests.now())
    except (UnauthenticatedError, UnavailableError) as error:
        return _refused(peer.id, error)
    act = provider_doors.act_of(begun.act)
    claims = vouched.claims
    answered = provider_doors.come_back(act, peer.id, claims, target=begun.target)
    with requests.begin() as work:
        beginnings.ended(work, tools.beginnings)
        oidc_grants.keep(work, peer, claims.subject, vouched.given, tools=tools, now=requests.now())
    return answered


@blueprint.get("/<provider>/jwks")
def jwks(provider: str) -> ResponseReturnValue:
    """The keys by which a provider knows the appliance."""
    with requests.reading() as work:
        peer = oidc.peer_of(work, provider, tools=requests.wiring().oidc)
    return flask.jsonify(oidc.shown_keys(peer))


@blueprint.post("/<provider>/backchannel-logout")
def logout_token(provider: str) -> ResponseReturnValue:
    """Hear from a provider itself that a session there has ended."""
    tools, now = requests.wiring().oidc, requests.now()
    text = flask.request.form.get("logout_token", "")
    with requests.reading() as work:
        peer = oidc.peer_of(work, provider, tools=tools)
        oidc_logout.insist_on_patience(work, tools=tools)
    try:
        ended = oidc_logout.read(peer, text, tools=tools, now=now)
        with requests.begin() as work:
            oidc_logout.end(work, peer, ended, now=now)
            oidc_logout.keep_patience(work, tools=tools)
    except (UnauthenticatedError, UnavailableError) as error:
        return _not_ended(peer.id, error)
    return _uncached(flask.Response(status=200))


@blueprint.get("/<provider>/frontchannel-logout")
def logout_frame(provider: str) -> ResponseReturnValue:
    """Hear by a frame in somebody's browser that their session at a provider has ended."""
    tools, given = requests.wiring().oidc, flask.request.args
    with requests.reading() as work:
        peer = oidc.peer_of(work, provider, tools=tools)
        oidc_logout.insist_on_patience(work, tools=tools)
    try:
        oidc_logout.insist_on_issuer(peer, given.get("iss", ""), tools=tools, now=requests.now())
        with requests.begin() as work:
            oidc_logout.end_session(work, peer, given.get("sid", ""), now=requests.now())
            oidc_logout.keep_patience(work, tools=tools)
    except (UnauthenticatedError, UnavailableError) as error:
        return _not_ended(peer.id, error)
    return _uncached(flask.Response("", mimetype="text/plain"))


def _not_ended(provider_id: UUID, error: ApplianceError) -> ResponseReturnValue:
    with requests.reading() as work:
        oidc_logout.lose_patience(work, tools=requests.wiring().oidc)
    with suppress(UnauthenticatedError, ThrottledError), requests.begin() as work:
        oidc.refuse(work, provider_id, oidc.reason_of(error), tools=requests.wiring().oidc)
    answer = flask.jsonify(error="invalid_request")
    answer.status_code = 503 if isinstance(error, UnavailableError) else 400
    return _uncached(answer)


def _uncached(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(provider_id: UUID, error: ApplianceError) -> ResponseReturnValue:
    return _refuse(provider_id, oidc.reason_of(error))


def _refuse(provider_id: UUID, reason: str) -> ResponseReturnValue:
    """The page that says nothing of why; the log does."""
    try:
        with requests.begin() as work:
            oidc.refuse(work, provider_id, reason, tools=requests.wiring().oidc)
    except UnauthenticatedError as error:
        return provider_doors.refused(error)
