"""What git's hooks and the SSH programs ask, over the socket that only our system account can open.

`appliance/ssh/protocol.py` says what is asked and answered.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.identity import Actor, Method, Origin, stranger
from appliance.domain.protection import RefUpdate
from appliance.errors import ApplianceError, InvalidError, NotFoundError, UnauthenticatedError
from appliance.services import lfs, push_settlement, pushes, ssh_access, ssh_keys
from appliance.web import requests
from appliance.web.lfs_http import SCHEME as LFS_SCHEME

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

blueprint = flask.Blueprint("internal", __name__, url_prefix="/internal")

BODY_BYTES = 64 * 1024 * 1024
"""A push of 100,000 refs with long names."""
HEX = frozenset("0123456789abcdef")
OID_CHARACTERS = (40, 64)


@blueprint.before_request
def _only_here() -> None:
    if not requests.is_internal():
        raise NotFoundError("There is nothing at this address.")
    flask.request.max_content_length = BODY_BYTES


@blueprint.post("/pushes/accept")
def accept() -> ResponseReturnValue:
    """Say whether the refs of a push may move."""
    question = _question()
    try:
        verdict = _decide(question)
    except ApplianceError as error:
        return {"accept": False, "messages": [str(error), "Nothing was changed."]}
    return {"accept": verdict.is_accepted, "messages": list(verdict.messages)}


@blueprint.post("/pushes/confirm")
def confirm() -> ResponseReturnValue:
    """Take notice of the refs that have moved."""
    question = _question()
    wiring = requests.wiring()
    with wiring.database.begin(stranger()) as work:
        push_settlement.confirm(
            work,
            _text(question, "capability"),
            _updates(question),
            tools=wiring.git,
            now=requests.now(),
        )
    return {"messages": []}


@blueprint.post("/ssh/keys")
def keys() -> ResponseReturnValue:
    """Say which keys have a fingerprint."""
    with requests.wiring().database.reading(stranger()) as work:
        key = ssh_keys.find(work, _text(_question(), "fingerprint"), now=requests.now())
    if key is None:
        return {"keys": []}
    blob = b64encode(key.public_key).decode("ascii")
    return {"keys": [{"id": str(key.id), "type": key.key_type, "blob": blob}]}


@blueprint.post("/ssh/session")
def session() -> ResponseReturnValue:
    """Say whether a key may run a git command on a repository, and with what."""
    question = _question()
    wiring, now = requests.wiring(), requests.now()
    wanted = ssh_access.Wanted(
        command=_text(question, "command"),
        path=_text(question, "path"),
        protocol=_text(question, "protocol"),
    )
    try:
        with _by_key(wiring.database.begin, question) as work:
            opened = ssh_access.open_session(work, wanted, tools=wiring.git, now=now)
    except ApplianceError as error:
        return {"ok": False, "message": str(error)}
    return {
        "ok": True,
        "user": opened.user,
        "folder": str(opened.folder or ""),
        "environment": opened.environment,
        "message": "",
    }


@blueprint.post("/ssh/still")
def still() -> ResponseReturnValue:
    """Say whether a key with which a transfer has begun would be let in now."""
    try:
        with _by_key(requests.wiring().database.reading, _question()):
            return {"ok": True}
    except UnauthenticatedError:
        return {"ok": False}


@blueprint.post("/lfs/authenticate")
def authenticate_lfs() -> ResponseReturnValue:
    """Say where and with what git-lfs reaches a repository over HTTPS."""
    question = _question()
    wiring, path = requests.wiring(), _text(question, "path")
    try:
        operation = lfs.Operation(_text(question, "operation"))
        with _by_key(wiring.database.reading, question) as work:
            capability = lfs.session_capability(
                work, path, operation, tools=wiring.git, now=requests.now()
            )
    except ApplianceError as error:
        return {"ok": False, "message": str(error)}
    except ValueError:
        return {"ok": False, "message": "The operation is download or upload."}
    return {
        "ok": True,
        "href": f"{wiring.addresses.https(path)}/info/lfs",
        "header": {"Authorization": f"{LFS_SCHEME} {capability}"},
        "expires_in": lfs.CAPABILITY_SECONDS,
    }


def _decide(question: dict[str, Any]) -> pushes.Verdict:
    wiring, now = requests.wiring(), requests.now()
    with wiring.database.reading(stranger()) as work:
        terms = pushes.terms(work, _text(question, "capability"), tools=wiring.git, now=now)
    proposal = pushes.inspect(
        terms.folder,
        _updates(question),
        quarantine=_texts(question.get("quarantine")),
        options=[str(option) for option in question.get("options") or ()],
        certificate=_texts(question.get("certificate")) or None,
        rules=wiring.settings,
    )
    with wiring.database.begin(terms.actor) as work:
        return pushes.accept(work, terms, proposal, now=now)


@contextmanager
def _by_key(
    open_: Callable[[Actor], AbstractContextManager[UnitOfWork]], question: dict[str, Any]
) -> Generator[UnitOfWork]:
    """A transaction in the name of a key's user, who is found out in it."""
    origin = Origin(
        address=_text(question, "address")[:64],
        request_id=requests.request_id(),
        method=Method.SSH_KEY,
    )
    try:
        key_id = UUID(_text(question, "key_id"))
    except ValueError as error:
        raise InvalidError("That is no key's id.") from error
    actor = stranger(origin)
    try:
        with open_(actor) as work:
            work.actor = ssh_access.actor(work, key_id, origin=origin, now=requests.now())
            actor = work.actor
            yield work
    finally:
        requests.note_use(actor)


def _question() -> dict[str, Any]:
    question = flask.request.get_json(force=True)
    if not isinstance(question, dict):
        raise InvalidError("A question is a JSON object.")
    return question


def _text(question: dict[str, Any], name: str) -> str:
    value = question.get(name)
    if not isinstance(value, str):
        raise InvalidError.of(name, "It is text.")
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(name): str(text) for name, text in value.items()}


def _updates(question: dict[str, Any]) -> list[RefUpdate]:
    updates = question.get("updates")
    if not isinstance(updates, list):
        raise InvalidError.of("updates", "It is a list.")
    return [_update(each) for each in updates]


def _update(value: Any) -> RefUpdate:
    try:
        old, new, ref = value
        update = RefUpdate(ref=b64decode(ref, validate=True), old_oid=old, new_oid=new)
    except (TypeError, ValueError, binascii.Error) as error:
        raise InvalidError.of("updates", "Each is an old id, a new id and a ref.") from error
    if not (_is_oid(update.old_oid) and _is_oid(update.new_oid)):
        raise InvalidError.of("updates", "An object id is 40 lower-case hex digits.")
    return update


def _is_oid(text: object) -> bool:
    return isinstance(text, str) and len(text) in OID_CHARACTERS and HEX.issuperset(text)
