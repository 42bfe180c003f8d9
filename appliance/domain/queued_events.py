"""What a row of the queue must be, so that it can get a place in a log that others verify.

Only the appliance writes to the queue, and what it writes fits. But who has the database has the
queue, too: what they put there must neither stop the log nor stand in it as if it were an event.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from appliance.domain.events.parts import LARGEST_BODY, LONGEST_VALUE
from audit import entry, rows
from audit.canonical import KEY_PATTERN, ProfileError, canonical

PERSON = re.compile(r"[!-~]{1,64}\Z", re.ASCII)
PARTS_OF_A_VALUE = 4
LOG = re.compile(rf"instance\Z|{entry.UUID.pattern}", re.ASCII)


class Queued(NamedTuple):
    """A row as the database gives it; what is no text that can be read is bytes still."""

    position: int
    event_id: Any
    log: Any
    header: Any
    salt: Any
    body: Any
    personal: Any
    is_known: bool = False
    """Whether an event with this id is in a log already."""


class MisfitError(ValueError):
    """It is no event as the appliance records them; says why."""


class _Said(NamedTuple):
    """What of a header the rest of its row must agree with."""

    commitment: str | None
    id: str
    log: str
    time: str


def _usual() -> re.Pattern[str]:
    """Headers as almost all are, which are canonical without being spelled anew.

    Reading and spelling each would take a quarter of the time in which an event gets its place.
    """
    text = r'"[ !#-\[\]-~\x80-\ud7ff\ue000-\U0010ffff]*"'
    name = r'"[!#-\[\]-~]{1,100}"'
    digits = "[A-Za-z0-9_-]{43}"
    uuid = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return re.compile(
        r'\{"action":"([a-z][a-z0-9_]{0,31})\.[a-z][a-z0-9_]{0,63}",'
        rf'"actor":\{{"ref":{text},"type":{text}\}},'
        rf'"auth":\{{"method":{text},"mfa":(?:true|false),"token_ref":{text}\}},'
        rf'"b":(?:null|"(s1:{digits})"),"category":"\1","id":"({uuid})","log":"(instance|{uuid})",'
        rf'"outcome":"(?:success|refused|failed)","request_id":{text},'
        rf'"src":\{{"boot":{name},"n":[1-9][0-9]{{0,14}},"node":{name}\}},'
        rf'"target":\{{"ref":{text},"type":{text}\}},'
        r'"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)","v":1\}'
    )


USUAL = _usual()


def insist_it_fits(row: Queued) -> None:
    """Go on only if a row is an event that can be kept, found, sent and verified.

    Errors:
        MisfitError: it is none.
    """
    if row.is_known:
        raise MisfitError("an event with this id is in a log already")
    said = _header(row.header)
    if not isinstance(row.event_id, UUID) or said.id != str(row.event_id):
        raise MisfitError("its header has the id of another event")
    if said.log != row.log:
        raise MisfitError("its header is one of another log")
    members = _body(row, said.commitment)
    if row.personal is not None:
        _personal(row.personal, row.body, members)


def _header(header: Any) -> _Said:
    if not isinstance(header, str):
        raise MisfitError("its header is no text")
    usual = USUAL.fullmatch(header)
    if usual is not None and len(header) <= entry.LARGEST_HEADER // 4:
        said = _Said(*usual.groups()[1:])
    else:
        said = _unusual(header)
    try:
        datetime.fromisoformat(said.time)
    except ValueError as error:
        raise MisfitError("its header has a time that never was") from error
    return said


def _unusual(header: str) -> _Said:
    try:
        members = entry.read(header.encode()).members
    except ValueError as error:
        raise MisfitError(f"its header is no entry: {error}"[:300]) from error
    said = _Said(members["b"], members["id"], members["log"], members["time"])
    if not LOG.match(said.log):
        raise MisfitError("its header names no log that there could be")
    return said


def _body(row: Queued, commitment: str | None) -> dict[str, Any]:
    if row.body is None and row.salt is None and commitment is None:
        return {}
    if commitment is None:
        raise MisfitError("it has a body, and its header has no commitment to one")
    if not isinstance(row.body, str) or not isinstance(row.salt, bytes):
        raise MisfitError("its header has a commitment to a body, and it has none")
    try:
        return _members(row.body, row.salt, commitment)
    except (UnicodeEncodeError, json.JSONDecodeError, RecursionError) as error:
        raise MisfitError("its body is not canonical JSON") from error
    except ProfileError as error:
        raise MisfitError(f"its body: {error}"[:300]) from error


def _members(body: str, salt: bytes, commitment: str) -> dict[str, Any]:
    text = body.encode()
    if len(text) > LARGEST_BODY:
        raise MisfitError("its body is too large")
    if len(salt) != entry.SALT_BYTES or entry.commit_text(salt, text) != commitment:
        raise MisfitError("its body is not the one that its header has a commitment to")
    members: Any = json.loads(text)
    if not isinstance(members, dict) or canonical(members) != text:
        raise MisfitError("its body is not canonical JSON")
    return members


def _personal(personal: Any, body: Any, members: dict[str, Any]) -> None:
    try:
        said = json.loads(personal)
        told = [_commitment(each) for each in said]
    except MisfitError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise MisfitError("its personal values are no list of such") from error
    if not isinstance(said, list) or not isinstance(body, str):
        raise MisfitError("its personal values are no list of such")
    # Almost always each stands plainly in the body, once: there a quotation mark ends a text.
    if len({*told}) == len(told) and all(f'"{name}":"{each}"' in body for name, each in told):
        return
    if Counter(told) - Counter(rows.commitments(members)):
        raise MisfitError("its personal values are not those that its body has commitments to")


def _commitment(value: Any) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != PARTS_OF_A_VALUE:
        raise MisfitError("its personal values are no list of such")
    if not all(isinstance(each, str) for each in value):
        raise MisfitError("a personal value is no text")
    field, person, salt, words = value
    if not KEY_PATTERN.match(field) or not PERSON.match(person):
        raise MisfitError("a personal value has no field, or no person")
    if "\x00" in words or len(words.encode()) > LONGEST_VALUE:
        raise MisfitError("a personal value cannot be kept")
    try:
        octets = base64.b64decode(salt, validate=True)
    except binascii.Error as error:
        raise MisfitError("the salt of a personal value is none") from error
    if len(octets) != entry.SALT_BYTES:
        raise MisfitError("the salt of a personal value is none")
    return field, entry.commit_personal(field, octets, words)


def spelled(row: Queued) -> bytes:
    """All that a row holds, so that nothing of it is lost where it has to be set aside."""
    members = {
        name: {"base64": base64.b64encode(value).decode("ascii")}
        if isinstance(value, bytes)
        else str(value)
        if isinstance(value, UUID)
        else value
        for name, value in row._asdict().items()
    }
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode("ascii")
