"""Whom the auditor trusts: the keys of logs and witnesses, given apart from any bundle.

    {"format": "codara-audit-trust/1",
     "logs": [{"origin": "codara.example/audit/instance",
               "keys": [{"from": 0, "until": null, "vkey": "..."}]}],
     "witnesses": [{"name": "revision", "operator": "auditors", "vkey": "..."}],
     "quorum": {"k": 1, "of": ["revision"]}}

A key counts for checkpoints of at least `from` and less than `until` entries: sizes, because a
clock can be set and a tree only grows. One good signature by a key that counts is enough, unless a
key is marked `"required": true`: then each newest checkpoint must carry its signature too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from audit import note

FORMAT = "codara-audit-trust/1"
LARGEST_FILE = 1024 * 1024


class TrustError(ValueError):
    """It does not say whom to trust."""


@dataclass(frozen=True)
class LogKey:
    """A key of a log, and the sizes of the tree for which it counts."""

    key: note.Key
    first_size: int
    until_size: int | None
    is_required: bool

    def counts_at(self, size: int) -> bool:
        """Whether it may sign a checkpoint of this size."""
        return self.first_size <= size and (self.until_size is None or size < self.until_size)


@dataclass(frozen=True)
class Trust:
    """What a trust file says."""

    logs: Mapping[str, tuple[LogKey, ...]]
    """By origin."""
    witnesses: Mapping[str, note.Key]
    """By the name under which the quorum speaks of them."""
    operators: Mapping[str, str]
    """Who runs a witness, by its name. The witnesses of one operator count once."""
    needed: int
    counted: frozenset[str]

    def keys_of(self, origin: str, size: int) -> list[note.Key]:
        """The keys that may sign for a log at a size."""
        return [each.key for each in self.logs.get(origin, ()) if each.counts_at(size)]

    def permitting_keys_of(self, origin: str, index: int) -> list[note.Key]:
        """The keys that may sign what an entry allows: those that count when it is in, and those
        before them, because it may have waited while the key was changed.
        """
        size = index + 1
        keys = [each for each in self.logs.get(origin, ()) if each.key.kind is note.Kind.ED25519]
        ended = [each for each in keys if each.until_size is not None and each.until_size <= size]
        last = max((each.until_size or 0 for each in ended), default=0)
        before = [each.key for each in ended if each.until_size == last]
        return [each.key for each in keys if each.counts_at(size)] + before

    def required_keys_of(self, origin: str, size: int) -> list[note.Key]:
        """Those of them without which no newest checkpoint is good."""
        keys = self.logs.get(origin, ())
        return [each.key for each in keys if each.is_required and each.counts_at(size)]

    def retired_keys_of(self, origin: str, size: int) -> list[note.Key]:
        """The keys of a log that do not count at this size."""
        return [each.key for each in self.logs.get(origin, ()) if not each.counts_at(size)]

    def witness_keys(self) -> list[note.Key]:
        """The keys of the witnesses that the quorum counts."""
        return [self.witnesses[name] for name in sorted(self.counted)]


def read(data: bytes) -> Trust:
    """What a trust file says.

    Errors:
        TrustError: it is none.
    """
    if len(data) > LARGEST_FILE:
        raise TrustError(f"longer than {LARGEST_FILE} bytes")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TrustError("not JSON") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise TrustError(f"not of the format {FORMAT}")
    logs = _unique(_log(each) for each in _list(said, "logs"))
    if not logs:
        raise TrustError("it names no log")
    witnesses = _unique(_witness(each) for each in _list(said, "witnesses"))
    operators = {each["name"]: _operator(each) for each in _list(said, "witnesses")}
    needed, counted = _quorum(said.get("quorum"), witnesses, operators)
    of_logs = {each.key.public for keys in logs.values() for each in keys}
    if any(key.public in of_logs for key in witnesses.values()):
        raise TrustError("a witness has the key of a log: that is no second pair of eyes")
    return Trust(logs, witnesses, operators, needed, counted)


Thing = TypeVar("Thing")


def _unique(pairs: Iterable[tuple[str, Thing]]) -> dict[str, Thing]:
    found: dict[str, Thing] = {}
    for name, thing in pairs:
        if name in found:
            raise TrustError(f"{name[:100]} is named twice")
        found[name] = thing
    return found


def _log(said: Any) -> tuple[str, tuple[LogKey, ...]]:
    keys = tuple(_log_key(each) for each in _list(said, "keys"))
    if not keys:
        raise TrustError("a log without a key")
    return _text(said, "origin"), keys


def _log_key(said: Any) -> LogKey:
    key = _key(said)
    first, until = said.get("from", 0), said.get("until")
    if not _is_size(first) or not (until is None or _is_size(until)):
        raise TrustError("the sizes of a key are whole numbers")
    required = said.get("required", False)
    if not isinstance(required, bool):
        raise TrustError("whether a key is required is true or false")
    return LogKey(key, first, until, required)


def _witness(said: Any) -> tuple[str, note.Key]:
    key = _key(said)
    if key.kind is note.Kind.ED25519:
        raise TrustError("a witness's key is one for cosignatures")
    return _text(said, "name"), key


def _operator(said: Any) -> str:
    return _text(said, "operator") if "operator" in said else _text(said, "name")


def _quorum(
    said: Any, witnesses: Mapping[str, note.Key], operators: Mapping[str, str]
) -> tuple[int, frozenset[str]]:
    if said is None:
        return 0, frozenset()
    names = _list(said, "of")
    counted = frozenset(name for name in names if isinstance(name, str))
    needed = said.get("k")
    if len(counted) != len(names) or not counted <= witnesses.keys():
        raise TrustError("the quorum names a witness twice, or one that is not listed")
    if not _is_size(needed) or needed > len({operators[name] for name in counted}):
        raise TrustError("the quorum asks for more witnesses than it names")
    if len({witnesses[name].public for name in counted}) != len(counted):
        raise TrustError("two witnesses of the quorum have the same key")
    return needed, counted


def _key(said: Any) -> note.Key:
    try:
        return note.Key.parse(_text(said, "vkey"))
    except note.NoteError as error:
        raise TrustError(f"a key cannot be read: {error}") from error


def _list(said: Any, name: str) -> list[Any]:
    found = said.get(name, []) if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise TrustError(f"{name} is no list")
    return found


def _text(said: Any, name: str) -> str:
    found = said.get(name) if isinstance(said, dict) else None
    if not isinstance(found, str):
        raise TrustError(f"{name} is no text")
    return found


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
