"""Feeds of advisories: how far vulnerabilities are known, whose signatures count, and new feeds."""

from __future__ import annotations

from pathlib import Path

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.feeds import FeedState, FeedStep
from appliance.domain.ids import new_id
from appliance.errors import InvalidError
from appliance.services import archive_imports, feed_reading, feeds
from appliance.web import forms, requests
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("admin_feeds", __name__, url_prefix="/administration/feeds")

STATES = {
    FeedState.FRESH: (lazy("Up to date"), "good"),
    FeedState.STALE: (lazy("Out of date"), "warn"),
    FeedState.EXPIRED: (lazy("Expired"), "bad"),
    FeedState.EMPTY: (lazy("No advisories"), "warn"),
    FeedState.SAMPLE: (lazy("Sample"), "hold"),
}
STEPS = {
    FeedStep.READING: (lazy("Being checked"), "accent"),
    FeedStep.READY: (lazy("Ready to use"), "accent"),
    FeedStep.CURRENT: (lazy("In use"), "good"),
    FeedStep.EARLIER: (lazy("Previous"), ""),
    FeedStep.PAST: (lazy("Replaced"), ""),
    FeedStep.FAILED: (lazy("Rejected"), "bad"),
    FeedStep.DISCARDED: (lazy("Discarded"), "hold"),
}
SHOWN = 20


class RootForm(forms.Form):
    """A root of keys."""

    root: str = Field(max_length=feeds.LARGEST_ROOT)


@pages.get("")
def show() -> ResponseReturnValue:
    """The feed in use, those that were brought, and the keys."""
    return _feeds_page({})


@pages.post("")
def upload() -> ResponseReturnValue:
    """Take a feed in; see `arriving.py` for who is asked before."""

    def act() -> ResponseReturnValue:
        sent = flask.request.files.get("feed")
        if sent is None or not sent.filename:
            raise InvalidError.of("feed", _("Choose a file."))
        wiring, feed_id = requests.wiring(), new_id()
        folder = feed_reading.folder_of(wiring.home.root, feed_id)
        size = archive_imports.keep(sent.stream, folder, wiring.settings.feeds.bundle_bytes)
        with requests.begin() as work:
            name = Path(sent.filename).name
            feeds.arrived(work, feed_id, size, name, now=requests.now())
        return done(_("The feed is uploaded and is being checked."), ".show")

    return attempt(act, _feeds_page, at="feed")


@pages.post("/keys")
def trust() -> ResponseReturnValue:
    """Trust a root of keys."""

    def act() -> ResponseReturnValue:
        form = RootForm.parse(flask.request.form)
        with requests.begin() as work:
            feeds.trust(work, form.root.encode(), now=requests.now())
        return done(_("Feeds signed with these keys are now accepted."), ".show")

    return attempt(act, _feeds_page, at="root")


@pages.post("/<int:number>/use")
def use(number: int) -> ResponseReturnValue:
    """Use a feed that was read."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            feeds.use(work, number, now=requests.now())
        return done(_("The feed is in use. All repositories are compared with it."), ".show")

    return attempt(act, _feeds_page)


@pages.post("/<int:number>/discard")
def discard(number: int) -> ResponseReturnValue:
    """Discard a feed that was read."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            feeds.discard(work, number)
        return done(_("The feed is discarded."), ".show")

    return attempt(act, _feeds_page)


@pages.post("/restore")
def restore() -> ResponseReturnValue:
    """Go back to the feed before."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            feeds.restore(work, now=requests.now())
        return done(_("The previous feed is in use again."), ".show")

    return attempt(act, _feeds_page)


def _feeds_page(problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        context = frame(work, "feeds")
        standing = feeds.standing(work, now=requests.now())
        found = feeds.listed(work)[:SHOWN]
        keys = feeds.keys(work)
    return page(
        "admin/feeds.html",
        problems,
        standing=standing,
        state=STATES[standing.state],
        steps=STEPS,
        found=found,
        keys=keys,
        has_earlier=any(each.step is FeedStep.EARLIER for each in found),
        **context,
    )
