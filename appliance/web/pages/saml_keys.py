"""Changing the keys by which SAML identity providers know the appliance."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.domain.saml_keys import KeyStep
from appliance.errors import ConflictError
from appliance.web import cookies, language, saml_key
from appliance.web.pages.page_forms import confirmed_first

pages = flask.Blueprint("saml_keys", __name__)
DONE = {
    KeyStep.PREPARE: lazy("The next key is in the metadata. Give them to every provider."),
    KeyStep.SWITCH: lazy("The next key signs now. The one before it still opens."),
    KeyStep.RETIRE: lazy("The earlier key is gone."),
}


@pages.post("/administration/saml-keys/<any(prepare, switch, retire):step>")
def change(step: str) -> ResponseReturnValue:
    """Take one step, and go back to the page that offered it."""
    confirmed_first()
    after = cookies.own_path(flask.request.form.get("next"), "/administration/providers")
    try:
        saml_key.take_step(KeyStep(step))
    except ConflictError as error:
        flask.flash(_("Failed: %(why)s", why=language.said(error.message)), "bad")
    else:
        flask.flash(str(DONE[KeyStep(step)]), "good")
    return flask.redirect(after, 303)
