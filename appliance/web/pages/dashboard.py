"""The first page: what waits for one, one's repositories, and where somebody pushed lately."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.services import activity, notifications, repositories
from appliance.web import requests
from appliance.web.pages import inbox, lists, repository_lists, words
from appliance.web.pages.page_forms import USUAL, after, asked, listed
from appliance.web.pages.social import ACTS

pages = flask.Blueprint("dashboard", __name__)
words.give_to_templates(pages)

MOST_WAITING = 5
RECENT = 8


@pages.get("/")
def show() -> ResponseReturnValue:
    """What waits for me, then what I and others touched."""
    if not requests.actor().is_signed_in:
        return _for_strangers()
    query, mine = asked("q"), asked("show") == "mine"
    own = requests.actor().label
    sorting = repository_lists.sorting("newest")
    find = repository_lists.finder(sorting, owner=own if mine else "")
    if file := lists.export("repositories", find, repository_lists.COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        waiting = inbox.waiting(work)
        unread = notifications.counted(work).unread
        flask.g.inbox_count = len(waiting) + unread
        return flask.render_template(
            "dashboard/show.html",
            repositories=listed(found),
            waiting=waiting[:MOST_WAITING],
            waiting_in_all=len(waiting),
            unread=unread,
            recent=repositories.recently_pushed(work, limit=RECENT),
            activity=activity.lately(work, sealer=requests.wiring().sealer, limit=RECENT),
            acts=ACTS,
            query=query,
            mine=mine,
            **lists.tools(sorting),
        )


def _for_strangers() -> ResponseReturnValue:
    """The public repositories, where there may be any; otherwise the way in."""
    if not requests.wiring().settings.access.public_repositories:
        return flask.redirect(flask.url_for("sign_in.show"), 303)
    query = asked("q")
    with requests.reading() as work:
        found = repositories.listed(work, repositories.Filter(words=query), after=after())
    return flask.render_template("dashboard/public.html", repositories=listed(found), query=query)
