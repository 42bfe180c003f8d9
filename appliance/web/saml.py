"""Signing in by a SAML identity provider: away with a question, and back with an answer.

The provider's page lets the browser post its answer here, from another site, and so without
our cookies. The answer is posted once more by a page of ours; then they come along.
"""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.errors import ConflictError, UnauthenticatedError
from appliance.services import saml, saml_logout, saml_trials
from appliance.services.saml import SAID
from appliance.services.saml_keys import ANSWERS_PATH, LOGOUT_PATH, METADATA_PATH
from appliance.services.saml_logout import Brought
from appliance.web import cookies, leaving, provider_doors, requests, saml_key
from appliance.web.pages import provider_trial, words
from appliance.web.provider_doors import Act

BROUGHT = ("SAMLRequest", "SAMLResponse", "RelayState")
blueprint = flask.Blueprint("saml", __name__)
words.give_to_templates(blueprint)  # For the page of a trial.


@blueprint.get("/auth/saml/login")
def login() -> ResponseReturnValue:
    """Send a browser to the provider that it names."""
    saml_key.insist()
    given, browser = flask.request.args, cookies.attempt()
    name = given.get("provider", "")
    with requests.begin() as work:
        address = saml.begin(
            work,
            name,
            browser=browser,
            act=provider_doors.act_of(given.get("act")),
            target=cookies.own_path(given.get("next")),
            tools=requests.wiring().saml,
            now=requests.now(),
        )
    response = leaving.page(address, provider=name)
    cookies.set_attempt(response, browser)
    return response


@blueprint.get(METADATA_PATH)
def metadata() -> ResponseReturnValue:
    """What identity providers have to know about us."""
    saml_key.insist()
    with requests.reading() as work:
        content = saml.metadata(work, tools=requests.wiring().saml)
    return flask.Response(content, mimetype="application/samlmetadata+xml")


@blueprint.post(ANSWERS_PATH)
def answer() -> ResponseReturnValue:
    """Take a provider's answer."""
    given = flask.request.form
    text, browser = given.get("SAMLResponse", ""), cookies.attempt_kept()
    if not browser and "again" not in given:
        relay = given.get("RelayState", "")
        return _brought_again(flask.url_for(".answer"), text, relay)
    with requests.reading() as work:
        tried = saml_trials.asked(work, text, browser=browser, now=requests.now())
    if tried is not None:
        return provider_trial.saml_shown(text, tried)
    try:
        return _taken(text, browser)
    except (UnauthenticatedError, ConflictError):
        return provider_doors.refused(UnauthenticatedError(SAID))


@blueprint.get(LOGOUT_PATH)
def logout() -> ResponseReturnValue:
    """Take a provider's word that somebody signs out there, or has done so as we asked."""
    brought = Brought(query=flask.request.query_string.decode("ascii", "replace"))
    return _left(brought, is_asked="SAMLRequest" in flask.request.args)


@blueprint.post(LOGOUT_PATH)
def logout_by_form() -> ResponseReturnValue:
    """Take the same from a form."""
    given = flask.request.form
    is_asked = "SAMLRequest" in given
    if not is_asked and not cookies.attempt_kept() and "again" not in given:
        text, relay = given.get("SAMLResponse", ""), given.get("RelayState", "")
        return _brought_again(flask.url_for(".logout_by_form"), text, relay)
    fields = {name: given[name] for name in BROUGHT if name in given}
    return _left(Brought(fields=fields), is_asked=is_asked)


def _brought_again(action: str, text: str, relay: str) -> ResponseReturnValue:
    """The page by which our cookies come along."""
    return flask.render_template(
        "sign_in/onward.html", action=action, name="SAMLResponse", content=text, relay=relay
    )


def _left(brought: Brought, *, is_asked: bool) -> ResponseReturnValue:
    try:
        return _ended(brought) if is_asked else _has_ended(brought)
    except (UnauthenticatedError, ConflictError):
        return provider_doors.refused(UnauthenticatedError(SAID))


def _ended(brought: Brought) -> ResponseReturnValue:
    tools, now = requests.wiring().saml, requests.now()
    with requests.reading() as work:
        ending = saml_logout.check(work, brought, tools=tools, now=now)
    with requests.begin() as work:
        saml_logout.end(work, ending, now=now)
    onward = ending.onward
    if onward.fields:
        return leaving.page(onward.address, fields=onward.fields)
    response = flask.make_response(flask.redirect(onward.address, 303))
    response.headers["Cache-Control"] = "no-store"
    return response


def _has_ended(brought: Brought) -> ResponseReturnValue:
    tools, now, browser = requests.wiring().saml, requests.now(), cookies.attempt_kept()
    with requests.begin() as work:
        is_done = saml_logout.come_back(work, brought, browser=browser, tools=tools, now=now)
    if is_done:
        flask.flash(_("You are signed out here and there."), "good")
    else:
        flask.flash(_("You are signed out here, but possibly not there."), "bad")
    return flask.redirect(flask.url_for("sign_in.show"), 303)


def _taken(text: str, browser: str) -> ResponseReturnValue:
    tools, now = requests.wiring().saml, requests.now()
    with requests.begin() as work:
        claimed = saml.claim(work, text, browser=browser, tools=tools, now=now)
    with requests.reading() as work:
        vouched = saml.check(work, text, browser=browser, claimed=claimed, tools=tools, now=now)
    with requests.begin() as work:
        saml.take(work, vouched, tools=tools, now=now)
    asked = vouched.asked
    act = provider_doors.act_of(asked.act) if asked else Act.SIGN_IN
    target = asked.target if asked else flask.request.form.get("RelayState", "")
    return provider_doors.come_back(act, vouched.provider_id, vouched.claims, target=target)
