"""Stars, pinned repositories, and forks as a tree."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.services import forks, stars
from appliance.web import requests
from appliance.web.pages import account
from appliance.web.pages.page_forms import USUAL, after, attempt, done, listed, signed_in
from appliance.web.pages.repository_frame import blueprint, opened, show

pages = blueprint("social")

ACTS = {
    "repo.created": lazy("created the repository"),
    "repo.forked": lazy("forked into"),
    "repo.imported": lazy("brought in"),
    "git.pushed": lazy("pushed to"),
    "issue.opened": lazy("opened"),
    "issue.closed": lazy("closed"),
    "issue.reopened": lazy("reopened"),
    "merge.requested": lazy("asks to merge"),
    "merge.merged": lazy("merged"),
    "merge.closed": lazy("closed without a merge"),
}
"""What people do, in words."""


@pages.post("/<owner>/<name>/star")
def star(owner: str, name: str) -> ResponseReturnValue:
    """Star this repository, or no longer."""
    signed_in()
    frame = opened(owner, name)
    starred = flask.request.form.get("starred") == "yes"
    with requests.begin() as work:
        stars.set_star(work, frame.repository.path, starred=starred, now=requests.now())
    return flask.redirect(frame.links.home, 303)


@pages.get("/<owner>/<name>/stargazers")
def stargazers(owner: str, name: str) -> ResponseReturnValue:
    """Who has starred this repository."""
    frame = opened(owner, name)
    with requests.reading() as work:
        found = stars.stargazers(work, frame.repository.path, after=after(), limit=USUAL)
    return show("repositories/stargazers.html", frame, found=listed(found))


@pages.get("/<owner>/<name>/forks")
def fork_tree(owner: str, name: str) -> ResponseReturnValue:
    """What it was forked from, and what was forked from it."""
    frame = opened(owner, name)
    with requests.reading() as work:
        found = forks.tree(work, frame.repository.path)
    return show("repositories/forks.html", frame, found=found)


@pages.get("/<owner>/-/stars")
def of_user(owner: str) -> ResponseReturnValue:
    """What a user has starred."""
    with requests.reading() as work:
        found = stars.of_user(work, owner, after=after(), limit=USUAL)
    return flask.render_template("owners/stars.html", owner=owner, found=listed(found))


@pages.post("/settings/pins")
def pin() -> ResponseReturnValue:
    """Choose what stands first on one's own page."""
    signed_in()

    def act() -> ResponseReturnValue:
        paths = flask.request.form.get("pinned", "").split()
        with requests.begin() as work:
            stars.pin(work, paths)
        return done(_("Your pinned repositories were saved."), "account.profile")

    return attempt(act, account.profile_page, at="pinned")
