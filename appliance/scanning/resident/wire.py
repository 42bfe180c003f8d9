"""What is asked of the resident scanner, and how it answers.

A question is one message: its length in four bytes, then JSON; with the first byte comes the open
file from which the objects are read, in the form of `git cat-file --batch`. The answer is the same
without a file. Who hears no whole answer knows that nothing was scanned.
Source: git-cat-file(1), "BATCH OUTPUT"; unix(7), SCM_RIGHTS.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

LENGTH = struct.Struct(">I")
QUESTION_BYTES = 4 * 1024 * 1024
ANSWER_BYTES = 16 * 1024 * 1024
MOST_HITS = 500
MOST_SKIPPED = 500
BLOCK, ALL = "block", "all"


class BrokenLineError(Exception):
    """The other side has gone, or says what nobody understands."""


@dataclass(frozen=True)
class Question:
    """What is to be looked for, and how."""

    key: str = ""
    """With which values are fingerprinted, in hex."""
    lane: str = BLOCK
    """`block`: only rules that may stop a push. `all`: every rule."""
    is_deep: bool = False
    """Whether what is spelled otherwise is undone: UTF-16, base64, escapes, archives."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Of some objects, where they lie: the kind of file makes findings surer or less sure."""
    own: tuple[Mapping[str, Any], ...] = ()
    """Patterns of an organisation, in the form of `rules_as_data`."""
    with_tokens: bool = False
    """Whether tokens of the appliance itself are told as they are, so that they can be revoked."""
    cpu_seconds: float = 60.0


@dataclass(frozen=True)
class Hit:
    """A secret that was found. Its value stays in the scanner."""

    rule: str
    title: str
    provider: str
    cure: str
    lane: str
    severity: str
    confidence: str
    oid: str
    kind: str
    """`blob`, `commit`, `tag`; `tree` where it is in the name of a file."""
    path: str
    """Of a tree: a name in it, masked."""
    line: int
    end_line: int
    start: int
    end: int
    masked: str
    fingerprint: str
    """HMAC of rule and value."""
    notes: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    name: str = field(default="", repr=False)
    """Of a tree: the name as it is, to find it; nobody keeps or shows it."""
    token: str = field(default="", repr=False)
    """The value, where it is a token of the appliance itself and was asked for."""


@dataclass(frozen=True)
class Skipped:
    """What was not looked at, and why."""

    oid: str
    why: str


@dataclass(frozen=True)
class Answer:
    """What came of looking."""

    hits: tuple[Hit, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    objects: tuple[tuple[str, int], ...] = ()
    """Id and size of each blob that was looked at, where every rule was asked."""
    object_count: int = 0
    size_bytes: int = 0
    is_complete: bool = True
    """Whether git said all it had to say, all of it was looked at, and all found secrets told."""
    digest: str = ""
    """Of the rules."""


@dataclass(frozen=True)
class Greeting:
    """How the scanner is."""

    pid: int
    rules: int
    digest: str
    limits: Mapping[str, bool]
    """Which of the limits the machine allows: `network`, `user`, `calls`, `memory`."""


def digest_with(digest: str, own: Sequence[Mapping[str, Any]]) -> str:
    """What tells these rules from others, with an organisation's own."""
    if not own:
        return digest
    said = json.dumps(sorted(own, key=lambda each: str(each["id"])), sort_keys=True)
    return hashlib.sha256(f"{digest} {said}".encode()).hexdigest()


def ask(line: socket.socket, question: Question | None, objects: int | None = None) -> None:
    """Ask; None asks how it is.

    Errors:
        OSError: the other side has gone.
    """
    said = {"hello": True} if question is None else asdict(question)
    text = json.dumps(said, separators=(",", ":")).encode()
    handles = [] if objects is None else [objects]
    first = LENGTH.pack(len(text)) + text
    sent = socket.send_fds(line, [first], handles) if handles else line.send(first)
    if sent < len(first):
        line.sendall(first[sent:])


def hear(line: socket.socket) -> tuple[Question | None, int | None]:
    """A question, and the file that came with it.

    Errors:
        BrokenLineError: it is none.
    """
    head, handles, _, _ = socket.recv_fds(line, LENGTH.size, 1)
    said = _loaded(line, head, QUESTION_BYTES)
    handle = handles[0] if handles else None
    if "hello" in said:
        return None, handle
    said["own"] = tuple(said.get("own", ()))
    return Question(**said), handle


def tell(line: socket.socket, answer: Answer | Greeting) -> None:
    """Answer."""
    text = json.dumps(asdict(answer), separators=(",", ":")).encode()
    line.sendall(LENGTH.pack(len(text)) + text)


def answer(line: socket.socket) -> Answer:
    """The answer to a question.

    Errors:
        BrokenLineError: there is none.
        OSError: the other side has gone, or took too long.
    """
    said = _loaded(line, line.recv(LENGTH.size), ANSWER_BYTES)
    return Answer(
        hits=tuple(
            Hit(**{**each, "notes": tuple(each["notes"]), "layers": tuple(each["layers"])})
            for each in said["hits"]
        ),
        skipped=tuple(Skipped(**each) for each in said["skipped"]),
        objects=tuple((oid, size) for oid, size in said["objects"]),
        object_count=said["object_count"],
        size_bytes=said["size_bytes"],
        is_complete=said["is_complete"],
        digest=said["digest"],
    )


def greeting(line: socket.socket) -> Greeting:
    """The answer to how it is.

    Errors:
        BrokenLineError, OSError: as for `answer`.
    """
    return Greeting(**_loaded(line, line.recv(LENGTH.size), ANSWER_BYTES))


def _loaded(line: socket.socket, head: bytes, most: int) -> dict[str, Any]:
    head += _exactly(line, LENGTH.size - len(head)) if head else b""
    if not head:
        raise BrokenLineError("Nobody is there any more.")
    (size,) = LENGTH.unpack(head)
    if size > most:
        raise BrokenLineError("That is too much.")
    try:
        said = json.loads(_exactly(line, size))
    except ValueError as error:
        raise BrokenLineError("That is no JSON.") from error
    if not isinstance(said, dict):
        raise BrokenLineError("That is no object.")
    return said


def _exactly(line: socket.socket, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = line.recv(min(size, 1 << 20))
        if not part:
            raise BrokenLineError("It broke off in the middle.")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
