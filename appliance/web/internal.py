"""What git's hooks and the SSH programs ask, over the socket that only our system account can open.

`appliance/ssh/protocol.py` says what is asked and answered.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.identity import Actor, Method, Origin, stranger
from appliance.domain.protection import RefUpdate
from appliance.errors import (
    ApplianceError,
    HiddenError,
    InvalidError,
    MovedError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import (
    fetches,
    lfs,
    push_settlement,
    pushes,
    secret_patterns,
    ssh_access,
    ssh_certificates,
    ssh_keys,
)
from appliance.web import requests, signature_rules
from appliance.web.lfs_http import SCHEME as LFS_SCHEME

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

blueprint = flask.Blueprint("internal", __name__, url_prefix="/internal")

BODY_BYTES = 64 * 1024 * 1024
"""A push of 100,000 refs with long names."""
HEX = frozenset("0123456789abcdef")
OID_CHARACTERS = (40, 64)
Given = TypeVar("Given")
LONGEST_KEY_ID = 64
"""A UUID has 36 characters; a certificate in base64 never has so few."""


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


@blueprint.post("/ssh/certificate")
def certificate() -> ResponseReturnValue:
    """Say whether a certificate lets somebody in, and by which authority and principal."""
    question = _question()
    address = _text(question, "address") if "address" in question else None
    try:
        blob = _certificate(_text(question, "certificate"))
        with requests.wiring().database.reading(stranger()) as work:
            shown = ssh_certificates.find(work, blob, address=address, now=requests.now())
            authority = shown.authority
            return {
                "ok": True,
                "principal": shown.principal,
                "type": authority.key_type,
                "authority": b64encode(authority.public_key).decode("ascii"),
            }
    except ApplianceError:
        return {"ok": False}


@blueprint.post("/ssh/session")
def session() -> ResponseReturnValue:
    """Say whether a key may run a git command on a repository, and with what."""
    question = _question()
    wiring, now = requests.wiring(), requests.now()

    def start(path: str) -> ssh_access.Session:
        wanted = ssh_access.Wanted(
            command=_text(question, "command"), path=path, protocol=_text(question, "protocol")
        )
        with _by_credential(wiring.database.begin, question) as work:
            return ssh_access.open_session(work, wanted, tools=wiring.git, now=now)

    try:
        opened, _, news = _followed(start, _text(question, "path"))
    except ApplianceError as error:
        return {"ok": False, "message": str(error)}
    return {
        "ok": True,
        "user": opened.user,
        "repository": str(opened.repository_id or ""),
        "folder": str(opened.folder or ""),
        "environment": opened.environment,
        "message": news,
    }


@blueprint.post("/ssh/still")
def still() -> ResponseReturnValue:
    """Say whether a key with which a transfer has begun would be let in there now."""
    question = _question()
    shown, reading = _text(question, "key_id"), requests.wiring().database.reading
    repository_id = _id(_text(question, "repository"))
    try:
        if _is_certificate(shown):
            with reading(stranger()) as work:
                ssh_certificates.insist_it_stands(work, _certificate(shown))
                fetches.again(work, repository_id)
        else:
            with _by_key(reading, question) as work:
                fetches.again(work, repository_id)
    except (UnauthenticatedError, HiddenError, RefusedError):
        return {"ok": False}
    return {"ok": True}


@blueprint.post("/lfs/authenticate")
def authenticate_lfs() -> ResponseReturnValue:
    """Say where and with what git-lfs reaches a repository over HTTPS."""
    question = _question()
    wiring = requests.wiring()

    def allow(path: str) -> str:
        operation = lfs.Operation(_text(question, "operation"))
        with _by_credential(_opening(question), question) as work:
            return lfs.session_capability(
                work, path, operation, tools=wiring.git, now=requests.now()
            )

    try:
        capability, path, _ = _followed(allow, _text(question, "path"))
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


def _followed(act: Callable[[str], Given], path: str) -> tuple[Given, str, str]:
    """What `act` gives for a repository, its path, and what a client that used its old one reads.

    SSH knows no redirect, so we follow it here.
    """
    try:
        return act(path), path, ""
    except MovedError as moved:
        return act(moved.path), moved.path, str(moved)


def _decide(question: dict[str, Any]) -> pushes.Verdict:
    wiring, now = requests.wiring(), requests.now()
    with wiring.database.reading(stranger()) as work:
        terms = pushes.terms(work, _text(question, "capability"), tools=wiring.git, now=now)
        own = secret_patterns.used_in(work, terms.repository_id)
    quarantine = _texts(question.get("quarantine"))
    proposal = pushes.inspect(
        terms.folder,
        _updates(question),
        quarantine=quarantine,
        options=[str(option) for option in question.get("options") or ()],
        certificate=_texts(question.get("certificate")) or None,
        rules=wiring.settings,
        scanner=wiring.git.scanner.with_own(own),
    )

    def ask(proposed: pushes.Proposal) -> pushes.Verdict:
        with wiring.database.begin(terms.actor) as work:
            return pushes.accept(work, terms, proposed, now=now)

    return signature_rules.decided(ask, proposal, terms.folder, quarantine, wiring)


Opening = Callable[[Actor], AbstractContextManager["UnitOfWork"]]
Finding = Callable[["UnitOfWork", str, Origin], Actor]


def _by_key(open_: Opening, question: dict[str, Any]) -> AbstractContextManager[UnitOfWork]:
    """A transaction in the name of a key's user, who is found out in it."""
    return _in_the_name(open_, question, Method.SSH_KEY, _user_of_key)


def _by_credential(open_: Opening, question: dict[str, Any]) -> AbstractContextManager[UnitOfWork]:
    """The same for a certificate too, whose use is recorded."""
    if not _is_certificate(_text(question, "key_id")):
        return _by_key(open_, question)
    return _in_the_name(open_, question, Method.SSH_CERTIFICATE, _user_of_certificate)


@contextmanager
def _in_the_name(
    open_: Opening, question: dict[str, Any], method: Method, find: Finding
) -> Generator[UnitOfWork]:
    shown = _text(question, "key_id")
    origin = Origin(
        address=_text(question, "address")[:64],
        request_id=requests.request_id(),
        method=method,
    )
    actor = stranger(origin)
    try:
        with open_(actor) as work:
            work.actor = find(work, shown, origin)
            actor = work.actor
            yield work
    finally:
        requests.note_use(actor)


def _user_of_key(work: UnitOfWork, shown: str, origin: Origin) -> Actor:
    return ssh_access.actor(work, _key_id(shown), origin=origin, now=requests.now())


def _user_of_certificate(work: UnitOfWork, shown: str, origin: Origin) -> Actor:
    return ssh_certificates.actor(work, _certificate(shown), origin=origin, now=requests.now())


def _opening(question: dict[str, Any]) -> Opening:
    """A reading transaction; where a certificate's use is to be recorded, another."""
    database = requests.wiring().database
    return database.begin if _is_certificate(_text(question, "key_id")) else database.reading


def _is_certificate(shown: str) -> bool:
    return len(shown) > LONGEST_KEY_ID


def _certificate(shown: str) -> bytes:
    try:
        return b64decode(shown, validate=True)
    except ValueError as error:
        raise InvalidError("That is no certificate.") from error


def _key_id(shown: str) -> UUID:
    return _id(shown)


def _id(shown: str) -> UUID:
    try:
        return UUID(shown)
    except ValueError as error:
        raise InvalidError("That is no id.") from error


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
