"""The home of a repository: its files, what introduces it, and how to clone or fill it."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from appliance.errors import TimeoutExceededError
from appliance.services import history
from appliance.web.pages import readme, tree_rows
from appliance.web.pages.repository_frame import (
    Place,
    blueprint,
    default,
    opened,
    show,
    show_place,
)

pages = blueprint("repositories")

COUNT_SECONDS = 0.25  # Longer counting is for nobody's good on a page; then no number is shown.


@pages.get("/<owner>/<name>")
def home(owner: str, name: str) -> ResponseReturnValue:
    """A repository."""
    frame = opened(owner, name)
    if frame.repository.content != "ready":
        return show("repositories/arriving.html", frame)
    place = Place(frame, default(frame), b"")
    if tree_rows.is_piece():
        return tree_rows.piece(place)
    rows = tree_rows.listing(place, first=tree_rows.asked_first())
    return show_place(
        "repositories/show.html",
        place,
        listing=rows,
        readme=readme.of(place, rows.entries),
        is_unborn=history.head(frame.repository).oid is None,
        commits=_commits(place),
    )


def _commits(place: Place) -> int | None:
    """How many commits there are, where that can be said quickly."""
    try:
        return history.count(place.frame.repository, place.commit, seconds=COUNT_SECONDS)
    except TimeoutExceededError:
        return None
