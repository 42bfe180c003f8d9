"""An entry of the log: its header, and commitments to what is kept apart from it.

The header is what the tree is built over. It names no person: an actor is a pseudonym, and all
details are in the body, for which a salted commitment stands in the header. Personal values in the
body are salted commitments again, so that they can be erased without touching anything that was
hashed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.canonical import canonical

SALT_BYTES = 32
VERSION = 1
LARGEST_HEADER = 32 * 1024
COMMITMENT = re.compile(r"p1:[A-Za-z0-9_-]{43}\Z", re.ASCII)
BODY_COMMITMENT = re.compile(r"s1:[A-Za-z0-9_-]{43}\Z", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII)
TIME = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}"
    r"\.[0-9]{6}Z\Z",
    re.ASCII,
)
ACTION = re.compile(r"[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,63}\Z", re.ASCII)
NAME = re.compile(r"[!-~]{1,100}\Z", re.ASCII)
"""A log, a node, a start of it: lines of what heartbeats sign, and held for a whole check."""
OUTCOMES = frozenset({"success", "refused", "failed"})
MEMBERS: Mapping[str, type | tuple[type, ...]] = {
    "action": str,
    "actor": dict,
    "auth": dict,
    "b": (str, type(None)),
    "category": str,
    "id": str,
    "log": str,
    "outcome": str,
    "request_id": str,
    "src": dict,
    "target": dict,
    "time": str,
    "v": int,
}
PARTS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "actor": {"type": str, "ref": str},
    "auth": {"method": str, "token_ref": str, "mfa": bool},
    "src": {"node": str, "boot": str, "n": int},
    "target": {"type": str, "ref": str},
}


class EntryError(ValueError):
    """It is no entry of a log."""


@dataclass(frozen=True)
class Entry:
    """A header that was read. `members` are as in the text; the rest are those most asked for."""

    members: dict[str, Any]

    @property
    def id(self) -> str:
        """The event's id, a UUID."""
        return str(self.members["id"])

    @property
    def source(self) -> tuple[str, str]:
        """Which start of which process wrote it."""
        return self.members["src"]["node"], self.members["src"]["boot"]


def read(data: bytes) -> Entry:
    """The entry in some bytes, which must be spelled as `canonical` spells it.

    Errors:
        EntryError: it is none.
    """
    if len(data) > LARGEST_HEADER:
        raise EntryError(f"longer than {LARGEST_HEADER} bytes")
    try:
        members = json.loads(data)
        spelled = canonical(members)
    except (ValueError, RecursionError) as error:
        raise EntryError(f"not canonical JSON: {error}") from error
    if spelled != data:
        raise EntryError("not spelled in the one canonical way")
    _check(members, MEMBERS, "header")
    for name, members_of_part in PARTS.items():
        _check(members[name], members_of_part, name)
    _check_texts(members)
    return Entry(members)


def commit_personal(field: str, salt: bytes, value: str) -> str:
    """What stands in the body for a personal value.

    Shapes: salt is 32 random bytes, kept with the value; without it the commitment says nothing.
    """
    digest = hashlib.sha256(
        b"audit-pii/v1\x00" + field.encode("ascii") + b"\x00" + salt + value.encode("utf-8")
    )
    return "p1:" + _base64url(digest.digest())


def commit_body(salt: bytes, body: dict[str, Any]) -> str:
    """What stands in the header for the body.

    Shapes: salt is 32 random bytes.
    """
    return commit_text(salt, canonical(body))


def commit_text(salt: bytes, body: bytes) -> str:
    """The same, for a body that is spelled already."""
    return "s1:" + _base64url(hashlib.sha256(b"audit-body/v1\x00" + salt + body).digest())


def _check(value: Any, members: Mapping[str, type | tuple[type, ...]], name: str) -> None:
    if not isinstance(value, dict) or value.keys() != members.keys():
        raise EntryError(f"the {name} does not have just the members it must have")
    for key, kind in members.items():
        if not isinstance(value[key], kind) or (kind is int and isinstance(value[key], bool)):
            raise EntryError(f"{name}.{key} is of the wrong type")


def _check_texts(members: dict[str, Any]) -> None:
    if members["v"] != VERSION:
        raise EntryError(f"version {members['v']} is unknown here")
    if not UUID.match(members["id"]) or not TIME.match(members["time"]):
        raise EntryError("the id or the time is malformed")
    action = members["action"]
    if not ACTION.match(action) or members["category"] != action.partition(".")[0]:
        raise EntryError("the action or its category is malformed")
    if members["outcome"] not in OUTCOMES:
        raise EntryError("the outcome is none of the three")
    _check_source(members["log"], members["src"])
    if members["b"] is not None and not BODY_COMMITMENT.match(members["b"]):
        raise EntryError("the commitment to the body is malformed")


def _check_source(log: str, source: dict[str, Any]) -> None:
    if not all(NAME.match(each) for each in (log, source["node"], source["boot"])):
        raise EntryError("the log, the node or its start is malformed")
    if source["n"] < 1:
        raise EntryError("a source counts from 1")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
