"""Clone, fetch and push over HTTPS: git's smart protocol, streamed.

No database connection is held while bytes flow: who may is asked before, and what is recorded is
recorded in short transactions of its own. Source: gitprotocol-http(5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, cast

import flask
import structlog
from flask.typing import ResponseReturnValue

from appliance.errors import ApplianceError, InvalidError, MovedError
from appliance.services import fetches, pushes, transfers
from appliance.web import git_access, requests
from appliance.web.git_slots import GitSlots, Slot
from appliance.web.paced_socket import TRANSFER, PacedSocket
from appliance.web.push_hooks import PushHooks
from appliance.web.transfer_watch import TransferWatch

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.git.duplex import Body
    from appliance.web.transfer_watch import Insist

log = structlog.get_logger()
blueprint = flask.Blueprint("git_http", __name__)

PROTOCOL = "https"
UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
ARCHIVE = "git-upload-archive"
NO_ARCHIVES = (
    "git archive --remote works over SSH. "
    "Over HTTPS, download OWNER/NAME/archive/REF.tar.gz instead."
)
COMPLAINT_BYTES = 1000
NOT_CACHED = {
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
}


class BrokenOffError(Exception):
    """Whoever a transfer was for may no longer have it. The connection ends with it, so that what
    was sent does not look whole.
    """


class Answer:
    """A transfer as the web server sends it, until whoever asked may no longer enter. Its state is
    the stream, the slot it holds, and whether it was broken off.
    """

    def __init__(
        self,
        stream: Iterator[bytes],
        slot: Slot,
        repository_id: UUID,
        *,
        afterwards: Callable[[], None] | None = None,
        insist: Insist = fetches.again,
    ) -> None:
        self._stream = stream
        self._slot = slot
        self._afterwards = afterwards
        self._is_broken_off = False
        watch = cast("TransferWatch", flask.current_app.extensions["codara_transfer_watch"])
        self._is_over = watch.begin(requests.actor(), repository_id, self._break_off, insist=insist)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._stream)
        if self._is_broken_off:
            raise BrokenOffError("they may no longer enter")
        return chunk

    def close(self) -> None:
        """End the transfer. The web server calls this when all is sent or the client has gone."""
        self._is_over()
        afterwards, self._afterwards = self._afterwards, None
        try:
            closing = getattr(self._stream, "close", None)
            if closing is not None:
                closing()
        finally:
            self._slot.release()
        self._log_failure()
        if afterwards is not None:
            afterwards()

    def _break_off(self) -> None:
        """End it from another thread."""
        self._is_broken_off = True
        break_off = getattr(self._stream, "break_off", None)
        if break_off is not None:
            break_off()

    def _log_failure(self) -> None:
        status = getattr(self._stream, "status", None)
        if status:
            complaint = getattr(self._stream, "complaint", b"")[-COMPLAINT_BYTES:]
            said = complaint.decode("utf-8", "replace")
            if transfers.is_malformed(complaint):
                log.info("git.request_malformed", status=status, complaint=said)
            else:
                log.warning("git.transfer_failed", status=status, complaint=said)


@blueprint.record_once
def _make_slots(state: flask.blueprints.BlueprintSetupState) -> None:
    threads = state.app.extensions["codara"].settings.server.web_threads
    state.app.extensions["codara_git_slots"] = GitSlots(threads)
    database = state.app.extensions["codara"].database
    state.app.extensions["codara_transfer_watch"] = TransferWatch(database)


@blueprint.errorhandler(ApplianceError)
def _explain(error: ApplianceError) -> ResponseReturnValue:
    if isinstance(error, MovedError):
        return _to_new_path(error)
    return git_access.refusal(error)


@blueprint.get("/<owner>/<name>/info/refs")
def advertise(owner: str, name: str) -> ResponseReturnValue:
    """Say what there is to fetch, or what a push would start from."""
    service = flask.request.args.get("service", "")
    if service == ARCHIVE:
        raise InvalidError(NO_ARCHIVES)
    if service not in {UPLOAD, RECEIVE}:
        raise InvalidError("Only Git's smart protocol is spoken here. Use Git 1.6.6 or newer.")
    if service == RECEIVE:
        ticket = _push(owner, name)
        repository_id, folder = ticket.repository_id, ticket.folder
        nonce_seed = ticket.push.nonce_seed
    else:
        opened = _fetch(owner, name)
        repository_id, folder, nonce_seed = opened.repository_id, opened.folder, ""
    slot = take_slot()
    try:
        stream = transfers.advertise(folder, service, protocol=_protocol(), nonce_seed=nonce_seed)
    except BaseException:
        slot.release()
        raise
    answer = Answer(stream, slot, repository_id)
    return _stream(answer, f"application/x-{service}-advertisement")


@blueprint.post("/<owner>/<name>/git-upload-pack")
def upload_pack(owner: str, name: str) -> ResponseReturnValue:
    """Give objects away."""
    _insist_on_type(UPLOAD)
    opened = _fetch(owner, name)
    actor, database = requests.actor(), requests.wiring().database

    def note() -> None:
        with database.begin(actor) as work:
            fetches.note(work, opened, protocol=PROTOCOL)

    slot = take_slot()
    try:
        stream = transfers.fetch(
            opened.folder,
            arriving_body(),
            encoding=flask.request.headers.get("Content-Encoding", ""),
            protocol=_protocol(),
            limits=pushes.transfer_limits(requests.wiring().settings),
            on_pack=note,
        )
    except BaseException:
        slot.release()
        raise
    return _stream(Answer(stream, slot, opened.repository_id), f"application/x-{UPLOAD}-result")


@blueprint.post("/<owner>/<name>/git-receive-pack")
def receive_pack(owner: str, name: str) -> ResponseReturnValue:
    """Take a push."""
    _insist_on_type(RECEIVE)
    ticket = _push(owner, name)
    hooks = PushHooks(ticket, requests.wiring())
    slot = take_slot()
    try:
        stream = transfers.receive(
            ticket,
            arriving_body(),
            encoding=flask.request.headers.get("Content-Encoding", ""),
            protocol=_protocol(),
            listener=hooks.listener,
        )
    except BaseException:
        slot.release()
        raise
    answer = Answer(
        stream, slot, ticket.repository_id, afterwards=hooks.settle, insist=pushes.again
    )
    return _stream(answer, f"application/x-{RECEIVE}-result")


def _fetch(owner: str, name: str) -> fetches.Opened:
    with git_access.reading() as work:
        return fetches.start(work, f"{owner}/{name}", tools=requests.wiring().git)


def _push(owner: str, name: str) -> pushes.Ticket:
    git_access.insist_on_credentials()
    tools, now = requests.wiring().git, requests.now()
    with git_access.reading() as work:
        return pushes.start(work, f"{owner}/{name}", protocol=PROTOCOL, tools=tools, now=now)


def arriving_body() -> Body:
    """The body of this request, as it arrives."""
    return cast("Body", flask.request.environ["wsgi.input"])


def take_slot() -> Slot:
    """Leave for this request to be a transfer, which its client may make at the pace of one.

    Errors:
        UnavailableError: too many are under way.
    """
    slot = cast("GitSlots", flask.current_app.extensions["codara_git_slots"]).take()
    connection = flask.request.environ.get("gunicorn.socket")
    if isinstance(connection, PacedSocket):
        connection.begin(TRANSFER)
    return slot


def _protocol() -> str:
    return flask.request.headers.get("Git-Protocol", "")


def _insist_on_type(service: str) -> None:
    if flask.request.mimetype != f"application/x-{service}-request":
        raise InvalidError("This address is for Git.")


def _stream(answer: Iterable[bytes], content_type: str) -> flask.Response:
    response = flask.Response(answer, content_type=content_type, headers=NOT_CACHED)
    # A proxy in front must not collect a clone before it passes it on.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _to_new_path(error: MovedError) -> ResponseReturnValue:
    """Git follows this for `info/refs`, and asks all the rest at the new path."""
    rest = flask.request.path.split("/", 3)[3]
    query = flask.request.query_string.decode("ascii", "replace")
    target = f"/{error.path}.git/{rest}" + (f"?{query}" if query else "")
    return flask.redirect(target, 301 if flask.request.method == "GET" else 307)
