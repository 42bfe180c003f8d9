"""Signed notes and checkpoints: a few lines of text, and who signed them.

    codara.example/instance                       the log's origin
    48112                                         how many entries
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=  the root over them

    — codara.example/instance Az3grlgtzPICa5OS8npV…

Whoever reads a note names the keys that count; signatures of others are ignored.
Source: https://c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from audit import ed25519, mldsa
from audit.merkle import HASH_BYTES

DASH = "\u2014 "
LARGEST_NOTE = 256 * 1024
MOST_SIGNATURES = 32
KEY_ID_BYTES = 4
TIME_BYTES = 8
LATEST_TIME = 2**63 - 1
LONGEST_NAME = 255
NAME = re.compile(r"[^\s+\ud800-\udfff]{1,255}\Z")
SIZE = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z", re.ASCII)
ORIGIN_LINE, SIZE_LINE, ROOT_LINE, LINES = 0, 1, 2, 3


class NoteError(ValueError):
    """It is not a note, or not a checkpoint."""


class BadSignatureError(NoteError):
    """A signature that claims to be by a known key is not."""


class Kind(IntEnum):
    """The sort of a signature, as a key's first byte says it."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    COSIGNATURE_ML_DSA_44 = 0x06


KEY_SIZES = {
    Kind.ED25519: ed25519.KEY_BYTES,
    Kind.COSIGNATURE_ED25519: ed25519.KEY_BYTES,
    Kind.COSIGNATURE_ML_DSA_44: mldsa.KEY_BYTES,
}


@dataclass(frozen=True)
class Key:
    """A public key and the name it signs under."""

    name: str
    kind: Kind
    public: bytes

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise NoteError("a key's name is 1 to 255 characters without spaces and '+'")
        if len(self.public) != KEY_SIZES[self.kind]:
            raise NoteError(f"a key of this kind has {KEY_SIZES[self.kind]} bytes")

    @property
    def id(self) -> bytes:
        """What stands before each of its signatures.

        Shapes: 4 bytes.
        """
        words = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(words).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.public).decode("ascii")
        return f"{self.name}+{self.id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """The key that `str` wrote.

        Errors:
            NoteError: it is not one, or of a kind unknown here.
        """
        try:
            name, key_id, material = text.split("+", 2)
            data = base64.b64decode(material, validate=True)
            key = cls(name, Kind(data[0]), data[1:])
        except (ValueError, IndexError) as error:
            raise NoteError("not a key") from error
        if key.id.hex() != key_id:
            raise NoteError(f"the key {name} does not have the id {key_id[:16]}")
        return key


@dataclass(frozen=True)
class Signature:
    """One line under a note: who says to have signed it, and the bytes."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        text = base64.b64encode(self.key_id + self.data).decode("ascii")
        return f"{DASH}{self.name} {text}"


@dataclass(frozen=True)
class Note:
    """A text and the signatures under it. Believe the text only after `signed_by`."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{each}\n" for each in self.signatures)


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def parse(data: bytes) -> Note:
    """The note in some bytes.

    Errors:
        NoteError: it is not one.
    """
    if len(data) > LARGEST_NOTE:
        raise NoteError(f"longer than {LARGEST_NOTE} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("not UTF-8") from error
    if any(character < " " and character != "\n" for character in whole):
        raise NoteError("a control character")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteError("no blank line and signatures at its end")
    found = [_signature(line) for line in lines[:-1].split("\n")]
    if len(found) > MOST_SIGNATURES:
        raise NoteError(f"more than {MOST_SIGNATURES} signatures")
    return Note(text + "\n", tuple(found))


def checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is.

    Errors:
        NoteError: it is none; or it has further lines, which no log of ours writes.
    """
    lines = text.split("\n")
    if len(lines) != LINES + 1 or lines[LINES]:
        raise NoteError("a checkpoint has three lines")
    if not NAME.match(lines[ORIGIN_LINE]):
        raise NoteError("the first line is no origin")
    if not SIZE.match(lines[SIZE_LINE]):
        raise NoteError("the second line is no size")
    root = _root(lines[ROOT_LINE])
    return Checkpoint(lines[ORIGIN_LINE], int(lines[SIZE_LINE]), root)


def signed_by(note: Note, keys: Iterable[Key]) -> list[tuple[Key, int | None]]:
    """The keys that signed a note, each with the time that it says, in seconds since 1970.

    Errors:
        BadSignatureError: a signature that claims to be by one of these keys is not.
    """
    known = {(key.name, key.id): key for key in keys}
    found: list[tuple[Key, int | None]] = []
    for each in note.signatures:
        # Once for each key: whoever carries a note can repeat its lines.
        key = known.pop((each.name, each.key_id), None)
        if key is None:
            continue
        if not is_good(key, note.text, each.data):
            raise BadSignatureError(f"the signature of {key.name} is not good")
        found.append((key, time_of(key, each.data)))
    return found


def signature_of(note: Note, key: Key) -> Signature:
    """The line of a key that is known to have signed a note."""
    return next(each for each in note.signatures if (each.name, each.key_id) == (key.name, key.id))


def is_good(key: Key, text: str, data: bytes) -> bool:
    """Whether some bytes are this key's signature of a note's text."""
    if key.kind is Kind.ED25519:
        return ed25519.is_signed(key.public, text.encode(), data)
    at = int.from_bytes(data[:TIME_BYTES], "big")
    if len(data) <= TIME_BYTES or at > LATEST_TIME:
        return False
    message = cosigned_message(key, text, at)
    if key.kind is Kind.COSIGNATURE_ED25519:
        return ed25519.is_signed(key.public, message, data[TIME_BYTES:])
    return mldsa.is_signed(key.public, message, data[TIME_BYTES:])


def time_of(key: Key, data: bytes) -> int | None:
    """When a signature says it was made, in seconds since 1970; None where it does not say."""
    return None if key.kind is Kind.ED25519 else int.from_bytes(data[:TIME_BYTES], "big")


def cosigned_message(key: Key, text: str, at: int) -> bytes:
    """What a cosigner signs for a checkpoint.

    Units: `at` is in seconds since 1970.
    Errors:
        NoteError: the text is no checkpoint.
    """
    if key.kind is Kind.COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {at}\n{text}".encode()
    state = checkpoint(text)
    name, origin = key.name.encode(), state.origin.encode()
    if len(name) > LONGEST_NAME or len(origin) > LONGEST_NAME:
        raise NoteError("a name longer than 255 bytes")
    return b"".join(
        [
            b"subtree/v1\n\0",
            bytes([len(name)]) + name,
            at.to_bytes(8, "big"),
            bytes([len(origin)]) + origin,
            (0).to_bytes(8, "big"),
            state.size.to_bytes(8, "big"),
            state.root,
        ]
    )


def _signature(line: str) -> Signature:
    if not line.startswith(DASH):
        raise NoteError("a line under the note is no signature")
    name, _, text = line.removeprefix(DASH).partition(" ")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("a signature is not base64") from error
    if len(data) <= KEY_ID_BYTES or not NAME.match(name):
        raise NoteError("a signature is too short, or nobody's")
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("the third line is no root") from error
    if len(root) != HASH_BYTES or base64.b64encode(root).decode("ascii") != text:
        raise NoteError("the third line is no root")
    return root
