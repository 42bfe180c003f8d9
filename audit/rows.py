"""What stands beside the headers of an export: bodies, values, tombstones, proofs, line by line.

Each function here takes the members of one line and gives a frozen row, or raises `RowError`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from audit import entry
from audit.bundle import BundleError, is_size, json_object
from audit.canonical import KEY_PATTERN, canonical
from audit.merkle import HASH_BYTES, LONGEST_PROOF

SALT = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)
ERASED, PRUNED = "erased", "pruned"


class RowError(BundleError):
    """A line does not say what a line of this file says."""


@dataclass(frozen=True)
class Body:
    """The details of an entry."""

    index: int
    salt: bytes
    members: dict[str, Any]
    text: bytes
    """The members as they are spelled, which is what is hashed."""

    @property
    def commitment(self) -> str:
        """What must stand in the header."""
        return entry.commit_text(self.salt, self.text)


@dataclass(frozen=True)
class Value:
    """A personal value, told."""

    index: int
    field: str
    salt: bytes
    text: str


@dataclass(frozen=True)
class Tombstone:
    """What is no longer there: a value (`field`), or the bodies from `index` up to `end`."""

    index: int
    end: int
    field: str | None
    why: str
    by: int
    """The entry that allowed it."""


@dataclass(frozen=True)
class Outside:
    """An entry that is not among the headers, and the proof that it is in the tree."""

    index: int
    header: bytes
    proof: tuple[bytes, ...]
    body: Body | None


Row = TypeVar("Row", Body, Value, Tombstone)


class Ahead(Generic[Row]):
    """Rows in the order of their entries, given out entry by entry. Its state is the next row."""

    def __init__(self, rows: Iterator[Row], refuse: Callable[[BundleError], None]) -> None:
        self._rows: Iterator[Row] = rows
        self._refuse = refuse
        self._last = -1
        self.is_broken = False
        """Whether the rest could not be read, so that nothing can be said of what lacks."""
        self._next: Row | None = None
        self._advance()

    def of(self, index: int) -> Iterator[Row]:
        """The rows of an entry. Ask in ascending order."""
        while self._next is not None and self._next.index <= index:
            if self._next.index == index:
                yield self._next
            else:
                self._break(RowError(f"entry {self._next.index} is none of those it could be"))
                return
            self._advance()

    def finish(self) -> None:
        """Say that no further entry comes."""
        if self._next is not None:
            self._break(RowError(f"entry {self._next.index} is none of those it could be"))

    def _advance(self) -> None:
        try:
            self._next = next(self._rows, None)
            if self._next is not None and self._next.index < self._last:
                raise RowError("the lines are not in the order of entries")
        except BundleError as error:
            self._break(error)
            return
        if self._next is not None:
            self._last = self._next.index

    def _break(self, error: BundleError) -> None:
        self._next, self.is_broken = None, True
        self._rows = iter(())
        self._refuse(error)


def body(line: bytes) -> Body:
    """One line of `bodies.jsonl.gz`."""
    said = _members(line, {"body", "i", "salt"})
    if not isinstance(said["body"], dict):
        raise RowError("a body is no object")
    # The line is canonical: what stands around the body has a known length.
    around = len(canonical({"body": 0, "i": said["i"], "salt": said["salt"]})) - 1
    start = len(b'{"body":')
    text = line[start : start + len(line) - around]
    return Body(said["i"], _salt(said["salt"]), said["body"], text)


def value(line: bytes) -> Value:
    """One line of `values.jsonl.gz`."""
    said = _members(line, {"field", "i", "salt", "value"})
    if not isinstance(said["value"], str) or not _is_field(said["field"]):
        raise RowError("a value or its field is no text")
    return Value(said["i"], said["field"], _salt(said["salt"]), said["value"])


def tombstone(line: bytes) -> Tombstone:
    """One line of `tombstones.jsonl`."""
    said = _members(line, {"by", "end", "field", "i", "why"})
    if not is_size(said["by"]) or not is_size(said["end"]) or said["end"] <= said["i"]:
        raise RowError("a tombstone for nothing, or by nothing")
    if said["why"] == ERASED and _is_field(said["field"]) and said["end"] == said["i"] + 1:
        return Tombstone(said["i"], said["end"], said["field"], ERASED, said["by"])
    if said["why"] == PRUNED and said["field"] is None:
        return Tombstone(said["i"], said["end"], None, PRUNED, said["by"])
    raise RowError("a tombstone says either that a value was erased or that bodies were pruned")


def outside(line: bytes) -> Outside:
    """One line of `outside.jsonl`."""
    said = _members(line, {"body", "header", "i", "proof", "salt"})
    details = None
    if said["body"] is not None:
        if not isinstance(said["body"], dict):
            raise RowError("a body is no object")
        text = canonical(said["body"])
        details = Body(said["i"], _salt(said["salt"]), said["body"], text)
    elif said["salt"] is not None:
        raise RowError("a salt without a body")
    if not isinstance(said["header"], dict):
        raise RowError("a header is no object")
    return Outside(said["i"], canonical(said["header"]), hashes(said["proof"]), details)


def hashes(said: Any) -> tuple[bytes, ...]:
    """The hashes in a list of base64 texts."""
    if not isinstance(said, list) or len(said) > LONGEST_PROOF:
        raise RowError("a proof is no list, or too long")
    return tuple(_hash(each) for each in said)


def commitments(members: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """The commitments to personal values in a body, each with the name of the member it is in."""
    if isinstance(members, str):
        if entry.COMMITMENT.match(members):
            yield field, members
    elif isinstance(members, list):
        for each in members:
            yield from commitments(each, field)
    elif isinstance(members, dict):
        for name, each in members.items():
            yield from commitments(each, name)


def _members(line: bytes, names: set[str]) -> dict[str, Any]:
    said = json_object(line)
    if said.keys() != names or not is_size(said["i"]):
        raise RowError("a line does not have just the members that it must have")
    return said


def _is_field(said: Any) -> bool:
    return isinstance(said, str) and KEY_PATTERN.match(said) is not None


def _salt(said: Any) -> bytes:
    if not isinstance(said, str) or not SALT.match(said):
        raise RowError("a salt is no base64url of 32 bytes")
    return base64.urlsafe_b64decode(said + "=")


def _hash(said: Any) -> bytes:
    try:
        found = base64.b64decode(said, validate=True) if isinstance(said, str) else b""
    except (binascii.Error, ValueError) as error:
        raise RowError("a hash is no base64") from error
    if len(found) != HASH_BYTES:
        raise RowError(f"a hash has {HASH_BYTES} bytes")
    return found
