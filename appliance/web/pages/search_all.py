"""Search over everything one may see: repositories, organisations and users."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.services import organisations, repositories, users
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.page_forms import after, asked, listed, signed_in

pages = flask.Blueprint("search_all", __name__)
words.give_to_templates(pages)

KINDS = ("repositories", "organisations", "users")


@pages.get("/search")
def show() -> ResponseReturnValue:
    """What has these words in its name; one kind at a time."""
    signed_in()
    query = asked("q")
    kind = asked("kind") if asked("kind") in KINDS else KINDS[0]
    with requests.reading() as work:
        if not query:
            found = None
        elif kind == "users":
            found = listed(users.list_users(work, search=query, after=after()))
        elif kind == "organisations":
            found = listed(organisations.list_organisations(work, search=query, after=after()))
        else:
            wanted = repositories.Filter(words=query)
            found = listed(repositories.listed(work, wanted, after=after()))
        return flask.render_template("search_all/show.html", query=query, kind=kind, found=found)
