"""The bytes of a file, as they are: streamed, in ranges, and harmless to whoever opens them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import NotFoundError
from appliance.services import files, lfs, lfs_objects
from appliance.services.files import EntryKind
from appliance.web import headers, present, requests
from appliance.web.git_http import Answer, take_slot
from appliance.web.pages import content_types
from appliance.web.pages.repository_frame import Place, blueprint, located, opened

if TYPE_CHECKING:
    from appliance.git.blobs import File
    from appliance.git.lfs_pointers import Pointer

pages = blueprint("raw")

LOADED_BYTES = 1024 * 1024  # Larger files are streamed from git instead of being held.


@pages.get("/<owner>/<name>/raw/<tail:tail>")
def show(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """A file's bytes."""
    place = located(opened(owner, name))
    return of_place(place, place.frame.repository.path)


def of_place(
    place: Place, recorded_as: str, *, follows_pictures: bool = False
) -> ResponseReturnValue:
    """The bytes of the file at a place, in the repository that git names `recorded_as`.

    With `follows_pictures`, those that a pointer stands for if its name says that it is a picture.

    Errors:
        NotFoundError: there is no file.
    """
    repository = place.frame.repository
    entry = files.entry(repository, place.commit, place.path)
    if entry.kind in {EntryKind.FOLDER, EntryKind.SUBMODULE} or entry.size_bytes is None:
        raise NotFoundError("There is no file at that path in this commit.")
    is_followed = follows_pictures and content_types.is_picture(place.path)
    if flask.request.if_none_match.contains(entry.oid):
        return _unchanged(entry.oid)
    file = files.read(repository, place.commit, place.path, most_bytes=LOADED_BYTES)
    if file.lfs is not None and (is_followed or "large" in flask.request.args):
        return _large(place, recorded_as, file.lfs)
    if flask.request.method != "HEAD":
        _note(place, recorded_as, entry.size_bytes)
    if file.content is not None:
        return _answer(place, [file.content], file, entry.oid)
    return _answer(place, files.chunks(repository, entry.oid), file, entry.oid)


def _note(place: Place, path: str, size_bytes: int) -> None:
    with requests.begin() as work:
        files.note_raw(work, path, place.path, commit=place.commit, size_bytes=size_bytes)


def _answer(place: Place, body: Iterable[bytes], file: File, tag: str) -> flask.Response:
    """The bytes of a file of git; those that are streamed take a slot of the transfers."""
    path, here = place.path, place.frame.repository.id
    start, whole = _peek(iter(body))
    kind = content_types.of(path, start, is_binary=file.is_binary)
    stream = Answer(whole, take_slot(), here) if file.content is None else whole
    response = _response(stream, path, kind)
    response.content_length = file.size_bytes
    response.set_etag(tag)
    response.make_conditional(
        flask.request.environ, accept_ranges=True, complete_length=file.size_bytes
    )
    return response


def _large(place: Place, path: str, pointer: Pointer) -> flask.Response:
    """The bytes that a pointer stands for, from the store for large files; recorded.

    Errors:
        NotFoundError: this repository has no such object.
    """
    tools = requests.wiring().git
    repository = place.frame.repository
    wanted = lfs.Wanted(pointer.oid, pointer.size_bytes)
    with requests.begin() as work:
        answers = lfs.batch(
            work,
            path,
            lfs.Operation.DOWNLOAD,
            [wanted],
            tools=tools,
            now=requests.now(),
        )
    if answers[0].error is not None:
        raise answers[0].error
    leave = lfs.Leave(requests.actor(), repository.id, lfs.Operation.DOWNLOAD, wanted)
    start, stream = _peek(lfs_objects.read(leave, start=0, end=pointer.size_bytes, tools=tools))
    answer = Answer(stream, take_slot(), repository.id)
    response = _response(answer, place.path, content_types.of_large(place.path, start))
    response.content_length = pointer.size_bytes
    return response


def _response(body: Iterable[bytes], path: bytes, kind: str) -> flask.Response:
    """Somebody else's bytes under our name: they may show themselves and do nothing."""
    response = flask.Response(body, content_type=kind)
    response.headers["Content-Security-Policy"] = headers.RAW_POLICY
    is_attached = "download" in flask.request.args or kind == content_types.BYTES
    response.headers["Content-Disposition"] = disposition(path, attached=is_attached)
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

    def whole() -> Iterator[bytes]:
        yield start
        yield from body

    return start[: content_types.START_BYTES], whole()


def _unchanged(oid: str) -> flask.Response:
    response = flask.Response(status=304)
    response.set_etag(oid)
    return response
