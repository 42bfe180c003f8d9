"""How one wants to be told what happens in conversations."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.notifications import DigestEvery, MailWhen
from appliance.services import notification_choices, watching
from appliance.services.notification_choices import Changes
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.notification_words import WORDS
from appliance.web.pages.page_forms import Problems, attempt, done, page, signed_in

pages = flask.Blueprint("notification_settings", __name__)
words.give_to_templates(pages)


class ChoicesForm(forms.Form):
    """How one wants to be told."""

    own_mail: MailWhen
    watching_mail: MailWhen
    digest: DigestEvery
    tells_own: str = ""


@pages.get("/settings/notifications")
def show() -> ResponseReturnValue:
    """What one chose, and the repositories that one watches."""
    signed_in()
    return _page({})


@pages.post("/settings/notifications")
def save() -> ResponseReturnValue:
    """Choose otherwise."""

    def act() -> ResponseReturnValue:
        form = ChoicesForm.parse(flask.request.form)
        wanted = Changes(form.own_mail, form.watching_mail, form.digest, form.tells_own == "yes")
        with requests.begin() as work:
            notification_choices.change(work, wanted)
        return done(_("Your settings were saved."), ".show")

    return attempt(act, _page)


def _page(problems: Problems) -> str:
    with requests.reading() as work:
        shown = notification_choices.show(work)
        watched = watching.own(work)
    return page(
        "account/notifications.html",
        problems,
        shown=shown,
        watched=watched,
        said=WORDS,
        section="notifications",
    )
