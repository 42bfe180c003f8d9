"""An administrator tries a provider: goes there, and sees what it answers."""

from __future__ import annotations

from collections.abc import Mapping

import flask
from flask.typing import ResponseReturnValue

from appliance.services import oidc_trials, provider_trials, saml_trials
from appliance.services.provider_trials import Step
from appliance.services.saml_questions import Asked
from appliance.web import cookies, leaving, requests, saml_key
from appliance.web.pages import words
from appliance.web.pages.admin import frame

pages = flask.Blueprint("provider_trial", __name__)
words.give_to_templates(pages)


@pages.post("/administration/providers/<name>/try")
def leave(name: str) -> ResponseReturnValue:
    """Send the administrator there."""
    browser = cookies.attempt()
    with requests.reading() as work:
        by_saml = provider_trials.speaks_saml(work, name)
    address = _address_of_saml(name, browser) if by_saml else _address_of_oidc(name, browser)
    response = leaving.page(address, provider=name)
    cookies.set_attempt(response, browser)
    return response


def saml_shown(text: str, asked: Asked) -> ResponseReturnValue:
    """What a SAML provider answered, step by step, and what would come of it."""
    tools, now = requests.wiring().saml, requests.now()
    with requests.begin() as work:
        claimed = saml_trials.claim(work, text, asked, now=now)
    with requests.reading() as work:
        found = saml_trials.explain(work, text, asked, claimed=claimed, tools=tools, now=now)
    with requests.begin() as work:
        saml_trials.finish(work, found, now=now)
    return _page(found.name, found.steps)


def oidc_shown(name: str, said: Mapping[str, str], *, browser: str) -> ResponseReturnValue:
    """What an OpenID provider answered, step by step, and what would come of it."""
    tools, now = requests.wiring().oidc, requests.now()
    with requests.begin() as work:
        answered = oidc_trials.take(
            work, name, said["state"], browser=browser, tools=tools, now=now
        )
    shown = oidc_trials.run(answered, said, tools=tools, now=now)
    with requests.reading() as work:
        steps = oidc_trials.explain(work, answered, shown)
    with requests.begin() as work:
        oidc_trials.finish(work, name, steps)
    return _page(name, steps)


def _address_of_saml(name: str, browser: str) -> str:
    saml_key.insist()
    tools, now = requests.wiring().saml, requests.now()
    with requests.begin() as work:
        return saml_trials.begin(work, name, browser=browser, tools=tools, now=now)


def _address_of_oidc(name: str, browser: str) -> str:
    tools, now = requests.wiring().oidc, requests.now()
    with requests.reading() as work:
        peer = oidc_trials.peer_to_try(work, name, tools=tools)
    with requests.begin() as work:
        begun = oidc_trials.begin(work, name, peer, browser=browser, now=now)
    return oidc_trials.address(peer, begun, tools=tools, now=now)


def _page(name: str, steps: list[Step]) -> str:
    with requests.reading() as work:
        context = frame(work, "providers")
    return flask.render_template("admin/provider_trial.html", name=name, steps=steps, **context)
