"""An administrator tries a SAML identity provider: goes there, and sees what it answers."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.services import saml_trials
from appliance.services.saml_questions import Asked
from appliance.web import cookies, requests, saml_key
from appliance.web.pages import words
from appliance.web.pages.admin import frame

pages = flask.Blueprint("saml_trial", __name__)
words.give_to_templates(pages)


@pages.post("/administration/providers/<name>/try")
def leave(name: str) -> ResponseReturnValue:
    """Send the administrator there."""
    saml_key.insist()
    browser = cookies.attempt()
    with requests.begin() as work:
        address = saml_trials.begin(
            work, name, browser=browser, tools=requests.wiring().saml, now=requests.now()
        )
    page = flask.render_template("sign_in/leave.html", address=address, provider=name)
    response = flask.make_response(page)
    cookies.set_attempt(response, browser)
    return response


def shown(text: str, asked: Asked) -> ResponseReturnValue:
    """What it answered, step by step, and what would come of it."""
    tools, now = requests.wiring().saml, requests.now()
    with requests.reading() as work:
        found = saml_trials.explain(work, text, asked, tools=tools, now=now)
        context = frame(work, "providers")
    with requests.begin() as work:
        saml_trials.finish(work, found, now=now)
    return flask.render_template(
        "admin/provider_trial.html", name=found.name, steps=found.steps, **context
    )
