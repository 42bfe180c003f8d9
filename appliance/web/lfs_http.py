"""Git LFS over HTTPS: batch, basic transfer, locks.

Source: git-lfs, docs/api/batch.md, docs/api/basic-transfers.md, docs/api/locking.md.
"""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue

from appliance.errors import (
    ApplianceError,
    InvalidError,
    MovedError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import lfs, lfs_locks, lfs_objects
from appliance.services.lfs import Operation, Wanted
from appliance.services.lfs_locks import AlreadyLockedError, Lock
from appliance.web import git_access, requests
from appliance.web.git_http import Answer, arriving_body, take_slot

blueprint = flask.Blueprint("lfs_http", __name__, url_prefix="/<owner>/<name>/info/lfs")

MEDIA_TYPE = "application/vnd.git-lfs+json"
SCHEME = "Codara-LFS"
QUESTION_BYTES = 4 * 1024 * 1024
RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})\Z")
CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})\Z")


@blueprint.errorhandler(ApplianceError)
def _explain(error: ApplianceError) -> ResponseReturnValue:
    if isinstance(error, MovedError):
        old = "/".join(flask.request.path.split("/", 3)[:3])
        target = f"/{error.path}.git" + flask.request.full_path.removeprefix(old).rstrip("?")
        return flask.redirect(target, 307)
    plain = git_access.refusal(error)
    body = {"message": plain.get_data(as_text=True).strip(), "request_id": requests.request_id()}
    response = _json(body, plain.status_code)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in plain.headers:
            response.headers[header] = plain.headers[header]
            if header == "WWW-Authenticate":
                response.headers["LFS-Authenticate"] = plain.headers[header]
    return response


@blueprint.post("/objects/batch")
def batch(owner: str, name: str) -> ResponseReturnValue:
    """Say what to do about some objects."""
    question = _question()
    try:
        operation = Operation(str(question.get("operation")))
    except ValueError as error:
        raise InvalidError.of("operation", "It is download or upload.") from error
    objects = [_wanted(each) for each in _list(question, "objects")]
    _become(operation)
    wiring = requests.wiring()
    with requests.begin() as work:
        answers = lfs.batch(
            work,
            f"{owner}/{name}",
            operation,
            objects,
            tools=wiring.git,
            now=requests.now(),
        )
    spoken = [_spoken(answer, operation, owner, name) for answer in answers]
    return _json({"transfer": "basic", "objects": spoken, "hash_algo": "sha256"})


@blueprint.get("/objects/<oid>")
def download(oid: str, **_path: str) -> ResponseReturnValue:
    """Hand out an object, or the part of it that a range names."""
    leave = _leave(Operation.DOWNLOAD, oid)
    size = leave.wanted.size_bytes
    start, end = _range(size)
    tools = requests.wiring().git
    slot = take_slot()
    try:
        stream = lfs_objects.read(leave, start=start, end=end, tools=tools)
    except BaseException:
        slot.release()
        raise
    is_part = "Range" in flask.request.headers
    response = flask.Response(
        Answer(stream, slot, leave.repository_id),
        206 if is_part else 200,
        content_type="application/octet-stream",
    )
    response.headers["Content-Length"] = str(end - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{oid}"'
    if is_part:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


@blueprint.put("/objects/<oid>")
def upload(oid: str, **_path: str) -> ResponseReturnValue:
    """Store an object, or go on where an upload broke off."""
    leave = _leave(Operation.UPLOAD, oid)
    wiring = requests.wiring()
    slot = take_slot()
    try:
        lfs_objects.receive(
            leave,
            arriving_body(),
            offset=_offset(leave.wanted),
            tools=wiring.git,
        )
    finally:
        slot.release()
    with wiring.database.begin(leave.actor) as work:
        lfs.note_stored(work, leave, tools=wiring.git, now=requests.present())
    return flask.Response(status=200)


@blueprint.get("/objects/<oid>/progress")
def progress(oid: str, **_path: str) -> ResponseReturnValue:
    """Say how much of an unfinished upload is here."""
    leave = _leave(Operation.UPLOAD, oid)
    received = lfs_objects.received_bytes(leave, tools=requests.wiring().git)
    return _json({"received": received, "size": leave.wanted.size_bytes})


@blueprint.post("/verify")
def verify(owner: str, name: str) -> ResponseReturnValue:
    """Say whether an object has arrived."""
    question = _wanted(_question())
    _become(Operation.UPLOAD)
    with requests.reading() as work:
        lfs.verify(work, f"{owner}/{name}", question)
    return _json({})


@blueprint.get("/locks")
def locks(owner: str, name: str) -> ResponseReturnValue:
    """List locks."""
    _become(Operation.DOWNLOAD)
    arguments = flask.request.args
    with requests.reading() as work:
        page = lfs_locks.listed(
            work,
            f"{owner}/{name}",
            file=arguments.get("path"),
            lock_id=_identifier(arguments["id"]) if "id" in arguments else None,
            after=arguments.get("cursor"),
            limit=_limit(arguments.get("limit")),
        )
    return _json(_with_cursor({"locks": [_lock(each) for each in page.items]}, page.next))


@blueprint.post("/locks")
def lock(owner: str, name: str) -> ResponseReturnValue:
    """Lock a file."""
    question = _question()
    _become(Operation.UPLOAD)
    try:
        with requests.begin() as work:
            taken = lfs_locks.take(
                work, f"{owner}/{name}", str(question.get("path") or ""), now=requests.now()
            )
    except AlreadyLockedError as error:
        return _json({"lock": _lock(error.lock), "message": str(error)}, 409)
    return _json({"lock": _lock(taken)}, 201)


@blueprint.post("/locks/verify")
def verify_locks(owner: str, name: str) -> ResponseReturnValue:
    """Say which locks are one's own, and which are others'."""
    question = _question()
    _become(Operation.UPLOAD)
    with requests.reading() as work:
        page = lfs_locks.listed(
            work,
            f"{owner}/{name}",
            after=str(question["cursor"]) if question.get("cursor") else None,
            limit=_limit(question.get("limit")),
        )
    spoken = {
        "ours": [_lock(each) for each in page.items if each.is_own],
        "theirs": [_lock(each) for each in page.items if not each.is_own],
    }
    return _json(_with_cursor(spoken, page.next))


@blueprint.post("/locks/<lock_id>/unlock")
def unlock(owner: str, name: str, lock_id: str) -> ResponseReturnValue:
    """Release a lock."""
    question = _question()
    _become(Operation.UPLOAD)
    with requests.begin() as work:
        released = lfs_locks.release(
            work, f"{owner}/{name}", _identifier(lock_id), force=bool(question.get("force"))
        )
    return _json({"lock": _lock(released)})


def _capability() -> str | None:
    scheme, _, value = flask.request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == SCHEME.lower() else None


def _become(operation: Operation) -> None:
    """Find out who asks: by what SSH gave git-lfs, or as git does."""
    capability = _capability()
    if capability is None:
        git_access.actor()
        return
    wiring = requests.wiring()
    with wiring.database.reading(git_access.nobody()) as work:
        leave = lfs.leave(work, capability, tools=wiring.git, now=requests.now())
    requests.become(leave.actor)
    is_ours = leave.repository_id == _repository_id(leave)
    if not is_ours or (operation is Operation.UPLOAD and leave.operation is not operation):
        raise RefusedError("This leave is for something else.")


def _repository_id(leave: lfs.Leave) -> UUID:
    values = flask.request.view_args or {}
    wiring = requests.wiring()
    with wiring.database.reading(leave.actor) as work:
        return lfs_objects.repository_id(work, f"{values['owner']}/{values['name']}")


def _leave(operation: Operation, oid: str) -> lfs.Leave:
    """What the capability of this one object allows."""
    requests.become(git_access.nobody())
    capability = _capability()
    if capability is None:
        raise UnauthenticatedError("Ask for this object by the batch address first.")
    wiring = requests.wiring()
    with wiring.database.reading(git_access.nobody()) as work:
        leave = lfs.leave(work, capability, tools=wiring.git, now=requests.now())
    requests.become(leave.actor)
    if leave.operation is not operation or leave.wanted.oid != oid:
        raise RefusedError("This leave is for something else.")
    return leave


def _range(size: int) -> tuple[int, int]:
    found = RANGE.match(flask.request.headers.get("Range", "bytes=0-"))
    start = int(found[1]) if found else 0
    end = min(int(found[2]) + 1, size) if found and found[2] else size
    if found is None or (start >= end and size > 0):
        raise _RangeError("The object has no such part.")
    return start, end


def _offset(wanted: Wanted) -> int:
    text = flask.request.headers.get("Content-Range")
    if text is None:
        return 0
    found = CONTENT_RANGE.match(text)
    if found is None or int(found[3]) != wanted.size_bytes or int(found[2]) + 1 != int(found[3]):
        raise InvalidError.of("Content-Range", "An upload goes on to the end of the object.")
    return int(found[1])


class _RangeError(InvalidError):
    """The part asked for lies behind the end."""

    code = "range_not_satisfiable"
    http_status = 416


def _question() -> dict[str, Any]:
    flask.request.max_content_length = QUESTION_BYTES
    try:
        question = json.loads(flask.request.get_data(cache=False) or b"{}")
    except ValueError as error:
        raise InvalidError("The request is no JSON.") from error
    if not isinstance(question, dict):
        raise InvalidError("The request is a JSON object.")
    return question


def _list(question: dict[str, Any], name: str) -> list[Any]:
    value = question.get(name)
    if not isinstance(value, list):
        raise InvalidError.of(name, "It is a list.")
    return value


def _wanted(value: Any) -> Wanted:
    if not isinstance(value, dict) or not isinstance(value.get("size"), int):
        raise InvalidError.of("objects", "Each has an oid and a size.")
    return Wanted(str(value.get("oid")), value["size"])


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidError.of("id", "That is no lock's id.") from error


def _limit(value: Any) -> int:
    try:
        return max(1, min(int(value or 100), 1000))
    except (TypeError, ValueError) as error:
        raise InvalidError.of("limit", "It is a number.") from error


def _spoken(answer: lfs.Answer, operation: Operation, owner: str, name: str) -> dict[str, Any]:
    wanted = answer.wanted
    spoken: dict[str, Any] = {"oid": wanted.oid, "size": wanted.size_bytes, "authenticated": True}
    if answer.error is not None:
        code = 422 if isinstance(answer.error, InvalidError) else answer.error.http_status
        return spoken | {"error": {"code": code, "message": str(answer.error)}}
    if not answer.capability:
        return spoken
    header = {"Authorization": f"{SCHEME} {answer.capability}"}
    url = requests.wiring().settings.server.url
    base = f"{url}/{owner}/{name.removesuffix('.git')}.git/info/lfs"
    action = {
        "href": f"{base}/objects/{wanted.oid}",
        "header": header,
        "expires_in": lfs.CAPABILITY_SECONDS,
    }
    return spoken | {"actions": {operation.value: action}}


def _lock(lock: Lock) -> dict[str, Any]:
    return {
        "id": str(lock.id),
        "path": lock.path,
        "locked_at": lock.locked_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "owner": {"name": lock.owner},
    }


def _with_cursor(spoken: dict[str, Any], cursor: str | None) -> dict[str, Any]:
    return spoken | ({"next_cursor": cursor} if cursor else {})


def _json(body: dict[str, Any], status: int = 200) -> flask.Response:
    return flask.Response(json.dumps(body), status, content_type=MEDIA_TYPE)
