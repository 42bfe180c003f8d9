"""How much of a repository one wants to be told, and who is told all of it."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.notifications import WatchLevel
from appliance.services import watching
from appliance.web import forms, requests
from appliance.web.pages.notification_words import LEVELS
from appliance.web.pages.page_forms import USUAL, after, listed, signed_in
from appliance.web.pages.repository_frame import blueprint, opened, show

pages = blueprint("watching")


class WatchForm(forms.Form):
    """How much one wants to be told."""

    level: WatchLevel


@pages.post("/<owner>/<name>/watch")
def set_level(owner: str, name: str) -> ResponseReturnValue:
    """Be told so much of this repository from now on."""
    signed_in()
    frame = opened(owner, name)
    form = WatchForm.parse(flask.request.form)
    with requests.begin() as work:
        watching.set_level(work, frame.repository.path, form.level, now=requests.now())
    words, means = LEVELS[form.level]
    flask.flash(_("%(words)s: %(means)s", words=words, means=means), "good")
    return flask.redirect(frame.links.home, 303)


@pages.get("/<owner>/<name>/watchers")
def watchers(owner: str, name: str) -> ResponseReturnValue:
    """Who is told all of this repository."""
    frame = opened(owner, name)
    with requests.reading() as work:
        found = watching.watchers(work, frame.repository.path, after=after(), limit=USUAL)
    return show("repositories/watchers.html", frame, found=listed(found))
