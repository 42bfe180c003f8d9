"""The audit logs as any reader of transparency logs takes them: checkpoints, tiles and entries.

Source: c2sp.org/tlog-tiles. Here it needs the right to read the log, unless a setting opens it.
"""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import HiddenError
from appliance.services.audit_log import trees
from appliance.web import requests
from audit import tiles

blueprint = flask.Blueprint("audit_tiles", __name__, url_prefix="/audit")

FOR_EVER = "max-age=31536000, immutable"
AGAIN = "no-cache"


@blueprint.get("/<log>/checkpoint")
def checkpoint(log: str) -> ResponseReturnValue:
    """The newest signed state."""
    with requests.reading() as work:
        tree = trees.published(work, log)
    return _answer(tree.note.encode(), "text/plain; charset=utf-8", AGAIN)


@blueprint.get("/<log>/witnessed")
def witnessed(log: str) -> ResponseReturnValue:
    """The newest state that enough witnesses have signed, with their signatures."""
    with requests.reading() as work:
        tree = trees.published_witnessed(work, log)
    return _answer(tree.note.encode(), "text/plain; charset=utf-8", AGAIN)


@blueprint.get("/<log>/tile/<path:tail>")
def tile(log: str, tail: str) -> ResponseReturnValue:
    """Hashes of the tree, or the entries below them."""
    try:
        level, index, width = tiles.parse_path(f"tile/{tail}")
    except ValueError as error:
        raise HiddenError("There is no such tile.") from error
    with requests.reading() as work:
        if level == tiles.ENTRIES:
            found = trees.entries(work, log, index, width)
        else:
            found = trees.tile(work, log, level, index, width)
    # A tile never changes; but a part of one need not be kept, as there will be the whole.
    return _answer(found, "application/octet-stream", FOR_EVER)


def _is_open() -> bool:
    return requests.wiring().settings.audit.public_tiles


def _answer(data: bytes, kind: str, caching: str) -> flask.Response:
    response = flask.Response(data, content_type=kind)
    response.headers["Cache-Control"] = f"{'public' if _is_open() else 'private'}, {caching}"
    return response
