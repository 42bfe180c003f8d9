"""All files of a ref as one archive, streamed; who took it is recorded."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import NotFoundError
from appliance.services import files, history
from appliance.services.files import Format
from appliance.web import requests
from appliance.web.git_http import Answer, take_slot
from appliance.web.pages.raw import disposition
from appliance.web.pages.repository_frame import blueprint, opened

pages = blueprint("archives")

TYPES = {Format.ZIP: "application/zip", Format.TAR_GZ: "application/gzip"}


@pages.get("/<owner>/<name>/archive/<tail:tail>")
def download(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """An archive."""
    frame = opened(owner, name)
    ref, form = split(requests.raw_tail(3))
    commit = history.resolve(frame.repository, ref).commit
    title = f"{frame.repository.name}-{ref.rpartition(b'/')[2].decode('ascii', 'ignore')}"
    tag = f"{commit}-{form}"
    if flask.request.if_none_match.contains(tag):
        response = flask.Response(status=304)
        response.set_etag(tag)
        return response
    prefix = f"{frame.repository.name}-{commit[:10]}".encode()
    body = files.archive(frame.repository, commit, form=form, prefix=prefix)
    if flask.request.method != "HEAD":
        with requests.begin() as work:
            files.note_archive(work, frame.repository.path, commit=commit, form=form)
    answer = Answer(body, take_slot(), frame.repository.id)
    response = flask.Response(answer, content_type=TYPES[form])
    response.headers["Content-Disposition"] = disposition(f"{title}.{form}".encode(), attached=True)
    response.set_etag(tag)
    return response


def split(tail: bytes) -> tuple[bytes, Format]:
    """`REF.zip` or `REF.tar.gz` as the ref and the kind of archive.

    Errors:
        NotFoundError: it ends in neither.
    """
    for form in Format:
        ending = f".{form}".encode()
        if tail.endswith(ending) and tail != ending:
            return tail.removesuffix(ending), form
    raise NotFoundError("Archives are .zip and .tar.gz.")
