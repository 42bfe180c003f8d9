"""Files that are nearly the same: of a repository, and of an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain.duplicates import USUAL_SIMILARITY, LeftOut
from appliance.services import duplicates, organisations
from appliance.web import links, present, requests
from appliance.web.pages import lists, words
from appliance.web.pages.page_forms import USUAL, after, asked, listed, page
from appliance.web.pages.repository_frame import blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.duplicates import Family, Place
    from appliance.web.pages.page_forms import Found

pages = blueprint("duplicates")
across = flask.Blueprint("duplicates_across", __name__)
words.give_to_templates(across)
SIMILARITIES = (0.7, 0.8, 0.9, 1.0)
WHY = {
    LeftOut.TOO_SHORT: lazy("too short"),
    LeftOut.BINARY: lazy("not text"),
    LeftOut.TOO_LARGE: lazy("too large"),
    LeftOut.TOO_MANY_FILES: lazy("too many files"),
}
COLUMNS: lists.Columns = {
    "similarity": lambda each: round(each.similarity, 3),
    "files": lambda each: each.count,
    "repeated_lines": lambda each: each.repeated_lines,
    "places": lambda each: [
        f"{one.repository}:{one.path.decode('utf-8', 'backslashreplace')}" for one in each.places
    ],
}


@pages.get("/<owner>/<name>/security/duplicates")
def of_repository(owner: str, name: str) -> ResponseReturnValue:
    """Families with a file of this repository."""
    frame = opened(owner, name)
    path, alike, elsewhere = frame.repository.path, _similarity(), asked("here") != "1"

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Family]:
        return duplicates.of_repository(
            work, path, similarity=alike, elsewhere=elsewhere, after=after, limit=limit
        )

    if file := lists.export(f"{name}-duplicates", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        compared = duplicates.how_far_in_repository(work, path)
    return show(
        "security/duplicates.html",
        frame,
        tab_name="security",
        found=listed(found),
        compared=compared,
        elsewhere=elsewhere,
        **_tools(alike),
    )


@across.get("/<owner>/-/security/duplicates")
def of_organisation(owner: str) -> ResponseReturnValue:
    """Families in those repositories of an organisation that one may read."""
    alike = _similarity()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Family]:
        return duplicates.of_organisation(work, owner, similarity=alike, after=after, limit=limit)

    if file := lists.export(f"{owner}-duplicates", find, COLUMNS):
        return file
    with requests.reading() as work:
        organisation = organisations.show(work, owner)
        allowed = organisations.allowed(work, owner)
        found = find(work, after=after(), limit=USUAL)
        compared = duplicates.how_far_in_organisation(work, owner)
    return page(
        "alerts/duplicates.html",
        owner=owner,
        organisation=organisation,
        allowed=allowed,
        tab_name="security",
        part="duplicates",
        found=listed(found),
        compared=compared,
        **_tools(alike),
    )


def _similarity() -> float:
    """What no choice is called does not count."""
    return next(
        (each for each in SIMILARITIES if asked("similarity") == str(each)), USUAL_SIMILARITY
    )


def _href(place: Place) -> str:
    ref, path = present.path_url(place.ref.encode()), present.path_url(place.path)
    return f"/{place.repository}/blob/{ref}/{path}"


def _tools(alike: float) -> dict[str, Any]:
    return {
        "similarity": alike,
        "similarities": [
            (each, links.with_query(similarity=str(each), cursor=None)) for each in SIMILARITIES
        ],
        "why": WHY,
        "place_href": _href,
        **lists.tools(),
    }
