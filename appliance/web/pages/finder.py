"""Finds a file by part of its path: a list that a script narrows, and a form for who has none."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.services import files, search
from appliance.web import links, present
from appliance.web.pages.repository_frame import Place, blueprint, located, opened, selector, show

pages = blueprint("finder")

MOST_SHOWN = 200
MOST_LISTED = 50_000  # More than a browser narrows without a pause; the form finds the others.


@pages.get("/<owner>/<name>/find", defaults={"tail": ""})
@pages.get("/<owner>/<name>/find/<tail:tail>")
def find(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """The file finder, and its list as JSON."""
    place = located(opened(owner, name))
    if flask.request.args.get("part") == "list":
        return _list(place)
    query = links.asked("q")
    repository = place.frame.repository
    found = (
        search.files(repository, place.commit, query, most=MOST_SHOWN) if query.strip() else None
    )
    return show(
        "finder/show.html",
        place.frame,
        place=place,
        query=query,
        found=found,
        list_href=f"{place.frame.links.find(place.permanent)}?part=list&ref="
        + present.query_url(place.ref),
        **selector(place, "find"),
    )


def _list(place: Place) -> ResponseReturnValue:
    """`[[path to show, address], …]`; it changes only with the commit, and is asked for by that."""
    ref = links.asked("ref") or place.ref
    tag = f"{place.commit}-{present.query_url(ref)}"
    if flask.request.if_none_match.contains(tag):
        response = flask.Response(status=304)
    else:
        known = files.paths(place.frame.repository, place.commit)
        to = place.frame.links
        response = flask.jsonify(
            [[present.name_text(path), to.blob(ref, path)] for path in known.paths[:MOST_LISTED]]
        )
    response.set_etag(tag)
    return response
