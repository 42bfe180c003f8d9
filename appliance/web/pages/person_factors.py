"""Taking somebody's second factors away, for who has lost them."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import second_factors
from appliance.web import forms, requests
from appliance.web.pages import admin_users, words
from appliance.web.pages.page_forms import attempt, done

pages = flask.Blueprint("person_factors", __name__)
words.give_to_templates(pages)


class ReasonForm(forms.Form):
    """Why."""

    reason: str = Field(max_length=second_factors.LONGEST_REASON)


@pages.post("/administration/users/<name>/factors/reset")
def reset(name: str) -> ResponseReturnValue:
    """Take them away; their sessions end."""

    def act() -> ResponseReturnValue:
        form = ReasonForm.parse(flask.request.form)
        with requests.begin() as work:
            second_factors.reset(work, name, reason=form.reason, now=requests.now())
        said = _("%(name)s has no second factor now.", name=name)
        return done(said, "admin_users.show", name=name)

    return attempt(act, lambda problems: admin_users.user_page(name, problems), at="reason")
