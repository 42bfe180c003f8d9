"""The bytes of a file, as they are: streamed, in ranges, and harmless to whoever opens them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import NotFoundError
from appliance.services import files
from appliance.services.files import EntryKind
from appliance.web import headers, present
from appliance.web.pages import content_types
from appliance.web.pages.repository_frame import blueprint, located, opened

pages = blueprint("raw")

LOADED_BYTES = 1024 * 1024  # Larger files are streamed from git instead of being held.


@pages.get("/<owner>/<name>/raw/<tail:tail>")
def show(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """A file's bytes."""
    place = located(opened(owner, name))
    repository = place.frame.repository
    entry = files.entry(repository, place.commit, place.path)
    if entry.kind in {EntryKind.FOLDER, EntryKind.SUBMODULE} or entry.size_bytes is None:
        raise NotFoundError("There is no file at that path in this commit.")
    if flask.request.if_none_match.contains(entry.oid):
        return _unchanged(entry.oid)
    file = files.read(repository, place.commit, place.path, most_bytes=LOADED_BYTES)
    body = [file.content] if file.content is not None else files.chunks(repository, entry.oid)
    start, whole = _peek(iter(body))
    kind = content_types.of(place.path, start, is_binary=file.is_binary)
    response = flask.Response(whole, mimetype=kind, direct_passthrough=False)
    response.headers["Content-Type"] = kind
    response.headers["Content-Security-Policy"] = headers.RAW_POLICY
    response.headers["Content-Disposition"] = disposition(
        place.path, attached="download" in flask.request.args or kind == content_types.BYTES
    )
    response.content_length = file.size_bytes
    response.set_etag(entry.oid)
    response.make_conditional(
        flask.request.environ, accept_ranges=True, complete_length=file.size_bytes
    )
    return response


def disposition(path: bytes, *, attached: bool) -> str:
    """How a browser should name the file. Source: RFC 6266, section 4; RFC 8187."""
    name = path.rpartition(b"/")[2]
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_"
        for letter in present.name_text(name)
    )
    kind = "attachment" if attached else "inline"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(present.name_text(name))}"


def _peek(body: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of a stream, and the whole stream."""
    start = next(body, b"")
    return start[: content_types.START_BYTES], chain([start], body)


def _unchanged(oid: str) -> flask.Response:
    response = flask.Response(status=304)
    response.set_etag(oid)
    return response
