"""A request to sign a state: from which size, the proof, and the signed state itself.

The same bytes are the body of `add-checkpoint` and a file on its way to a machine without network.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from audit import merkle, note

OLD = "old "
MOST_HASHES = 63
LARGEST = 320 * 1024
"""Bytes: the proof, and a note as long as a note may be."""


class MalformedError(ValueError):
    """It is no such request."""


@dataclass(frozen=True)
class Request:
    """What a log asks of a witness."""

    old_size: int
    """The size that the log believes the witness has signed last."""
    proof: tuple[bytes, ...]
    signed: note.Note
    state: note.Checkpoint


def write(old_size: int, proof: Sequence[bytes], signed: str) -> bytes:
    """The bytes of a request."""
    lines = [f"{OLD}{old_size}", *(base64.b64encode(each).decode("ascii") for each in proof)]
    return ("\n".join(lines) + "\n\n" + signed).encode()


def parse(data: bytes) -> Request:
    """The request in some bytes.

    Errors:
        MalformedError: there is none.
    """
    if len(data) > LARGEST:
        raise MalformedError(f"longer than {LARGEST} bytes")
    head, blank, signed = data.partition(b"\n\n")
    if not blank:
        raise MalformedError("no empty line after the proof")
    first, *rest = _lines(head)
    try:
        found = note.parse(signed)
        state = note.checkpoint(found.text)
    except note.NoteError as error:
        raise MalformedError(f"no checkpoint: {error}") from error
    if not first.startswith(OLD) or not note.SIZE.match(first.removeprefix(OLD)):
        raise MalformedError("the first line is not the old size")
    if len(rest) > MOST_HASHES:
        raise MalformedError(f"more than {MOST_HASHES} hashes")
    old_size = int(first.removeprefix(OLD))
    if old_size > state.size:
        raise MalformedError("the old size is larger than the checkpoint's")
    return Request(old_size, tuple(_hash(line) for line in rest), found, state)


def _lines(head: bytes) -> list[str]:
    try:
        return head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError("the proof is not ASCII") from error


def _hash(line: str) -> bytes:
    try:
        found = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("a line of the proof is not base64") from error
    if len(found) != merkle.HASH_BYTES or base64.b64encode(found).decode("ascii") != line:
        raise MalformedError("a line of the proof is no hash")
    return found
