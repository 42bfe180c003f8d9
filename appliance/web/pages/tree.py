"""A folder at a ref: its entries with their last commits, and what introduces it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.services import files, history
from appliance.web import signed_work
from appliance.web.pages import readme, tree_rows
from appliance.web.pages.repository_frame import Place, blueprint, located, opened, show_place

if TYPE_CHECKING:
    from appliance.services.signatures import Checked

pages = blueprint("tree")


@pages.get("/<owner>/<name>/tree", defaults={"tail": ""})
@pages.get("/<owner>/<name>/tree/<tail:tail>")
def show(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """A folder."""
    place = located(opened(owner, name))
    if tree_rows.is_piece():
        return tree_rows.piece(place)
    if place.path and not _is_folder(place.frame.repository, place.commit, place.path):
        return flask.redirect(place.frame.links.blob(place.ref, place.path), 302)
    rows = tree_rows.listing(place, first=tree_rows.asked_first())
    return show_place(
        "tree/show.html",
        place,
        listing=rows,
        readme=readme.of(place, rows.entries),
        tag_signature=_signature_of_tag(place),
    )


def _signature_of_tag(place: Place) -> Checked | None:
    """What came of checking the annotated tag that is looked at."""
    if place.found.kind is not history.RefKind.TAG or place.found.name is None:
        return None
    tag = history.one(place.frame.repository, place.found.name)
    return signed_work.of_tags(place.frame.repository, [tag]).get(tag.target)


def _is_folder(repository: files.OpenRepository, commit: str, path: bytes) -> bool:
    return files.entry(repository, commit, path).is_folder
