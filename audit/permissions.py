"""Entries that allow something: that content goes, that keys change, that a log goes on elsewhere.

Whoever can put an event in the log's way can have it signed into the tree, as everything is that
happened. What an entry allows is believed only if the log's own key signed just that, for just this
entry of just this log: `signature` in its body.

    codara-audit-permission/1
    <the log's origin>
    <the header, with "b":null>
    <the body, without its signatures>

In the same way, the log's key certifies the keys with which processes sign their heartbeats.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Any

from audit import note
from audit.canonical import canonical
from audit.signatures import Signatures

TITLE = "codara-audit-permission/1"
NODE_TITLE = "codara-audit-node/1"
ROTATED = "log.key_rotated"
ACTIONS = frozenset({"log.continued", "log.pruned", "privacy.erased", ROTATED})
SIGNATURE, BY_NEW = "signature", "signature_new"
SIGNATURES = frozenset({SIGNATURE, BY_NEW})
TEXT = re.compile(r"[A-Za-z0-9_-]{86}\Z", re.ASCII)
MOST = 100_000
"""Far beyond what a log has; it bounds the memory that a hostile export asks for."""

Source = tuple[str, str]
"""The node and which start of it."""
Keys = Callable[[str, int], Sequence[note.Key]]
"""The keys that may sign an entry of a log: by its origin, and the entry's index."""
Say = Callable[[str], None]


def signed_text(origin: str, header: dict[str, Any], body: dict[str, Any]) -> bytes:
    """What a log's key signs so that an entry of it allows something.

    Errors:
        ValueError: header or body are outside the profile of canonical JSON.
    """
    said = {name: each for name, each in body.items() if name not in SIGNATURES}
    lines = [TITLE.encode(), origin.encode(), canonical(header | {"b": None}), canonical(said)]
    return b"".join(line + b"\n" for line in lines)


def node_text(log: str, source: Source, key: bytes) -> bytes:
    """What a log's key signs so that heartbeats of a start of a process count by this key.

    Shapes: key is 32 bytes.
    """
    text = base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii")
    return "".join(f"{line}\n" for line in (NODE_TITLE, log, *source, text)).encode()


def signature_of(body: dict[str, Any], name: str = SIGNATURE) -> bytes | None:
    """A signature in a body; None where there is none of its form."""
    said = body.get(name)
    if not isinstance(said, str) or not TEXT.match(said):
        return None
    return base64.urlsafe_b64decode(said + "==")


class Permissions:
    """Judges what entries of one log allow. Its state is which of them it saw."""

    def __init__(
        self, origin: str, keys: Keys, signatures: Signatures, *, say: Say, note_void: Say
    ) -> None:
        self._origin = origin
        self._keys = keys
        self._signatures = signatures
        self._say = say
        self._note_void = note_void
        self._before: tuple[str, int] | None = None
        self._seen: dict[str, int] = {}

    def goes_on(self, origin: str, size: int) -> None:
        """Take note that the log continues another: what was signed for that one may come here."""
        self._before = origin, size

    def allows(self, index: int, header: dict[str, Any], body: dict[str, Any] | None) -> bool:
        """Whether an entry allows what it says; where it should and does not, that is said."""
        if header["action"] not in ACTIONS or (body is None and header["b"] is not None):
            return False  # A body that lacks is said to lack by whoever asks for it.
        wrong = self._wrong(index, header, body or {})
        if wrong and self._before and self._is_for(*self._before, header, body or {}):
            # It waited while the log that it was for came to its end.
            origin, _ = self._before
            self._note_void(
                f"entry {index}: {header['action']} was for {origin}: it allows nothing"
            )
        elif wrong:
            self._say(f"entry {index}: {header['action']} {wrong}")
        return not wrong and header["outcome"] == "success"

    def certifies(self, index: int, text: bytes, certificate: bytes) -> bool:
        """Whether the log's key signed the key of a process, for an entry at this index."""
        return self._is_signed(self._origin, index, text, certificate)

    def _wrong(self, index: int, header: dict[str, Any], body: dict[str, Any]) -> str:
        if signature_of(body) is None:
            return "is not signed, and allows nothing"
        if not self._is_for(self._origin, index, header, body):
            return "is not signed by the log's key for this entry, and allows nothing"
        if header["action"] == ROTATED and not self._is_taken_over(header, body):
            return "is not signed by the new key for this entry, and changes nothing"
        return self._again(index, header["id"])

    def _is_for(
        self, origin: str, index: int, header: dict[str, Any], body: dict[str, Any]
    ) -> bool:
        signature = signature_of(body)
        if signature is None:
            return False
        return self._is_signed(origin, index, signed_text(origin, header, body), signature)

    def _is_signed(self, origin: str, index: int, text: bytes, signature: bytes) -> bool:
        keys = [each.public for each in self._keys(origin, index)]
        return self._signatures.is_good(keys, text, signature)

    def _is_taken_over(self, header: dict[str, Any], body: dict[str, Any]) -> bool:
        signature = signature_of(body, BY_NEW)
        try:
            key = note.Key.parse(str(body.get("new")))
        except (note.NoteError, UnicodeEncodeError):
            return False
        if signature is None or key.kind is not note.Kind.ED25519:
            return False
        text = signed_text(self._origin, header, body)
        return self._signatures.is_good([key.public], text, signature)

    def _again(self, index: int, event_id: str) -> str:
        if len(self._seen) >= MOST:
            return "comes after more of its sort than are followed"
        first = self._seen.setdefault(event_id, index)
        return "" if first == index else f"repeats entry {first}, and allows nothing"
