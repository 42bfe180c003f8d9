"""The properties of an organisation's repositories, by which its rulesets choose them."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.services import rulesets
from appliance.web import forms, requests
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import Problems, attempt, done, page
from appliance.web.pages.repository_frame import blueprint
from appliance.web.pages.ruleset_forms import pairs

pages = blueprint("repository_properties")

PLACE = "/<owner>/-/settings/properties"


class PropertiesForm(forms.Form):
    """What is said of one repository."""

    repository: str
    properties: str = ""


@pages.get(PLACE)
def show(owner: str) -> ResponseReturnValue:
    """All repositories, with what is said of them."""
    return _page(owner, {})


@pages.post(PLACE)
def change(owner: str) -> ResponseReturnValue:
    """Say anew what one of them is."""

    def act() -> ResponseReturnValue:
        form = PropertiesForm.parse(flask.request.form)
        with requests.begin() as work:
            path = f"{owner}/{form.repository}"
            rulesets.set_properties(work, path, pairs(form.properties))
        return done(_("The properties are set."), ".show", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems), at="properties")


def _page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        frame = settings_frame(work, owner)
        found = rulesets.properties_in(work, owner)
    chosen = flask.request.values.get("repository", "")
    here = next((each for each in found if each.repository == chosen), None)
    return page(
        "organisations/properties.html",
        problems,
        found=found,
        chosen=chosen,
        lines="\n".join(here.lines) if here else "",
        filled=flask.request.form,
        **{**frame, "section": "properties"},
    )
