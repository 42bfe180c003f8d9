"""Answers what every fetch and push asks first, which refs there are, without starting git.

Only where there are few, and only what is plain: for everything else the answer is None, and the
git program is asked. Both say the same, byte for byte; a test compares them.
Source: gitprotocol-v2(5), "ls-refs"; git's ls-refs.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Self

import pygit2
from pygit2.enums import ReferenceType

from appliance.domain.protection import NO_OBJECT
from appliance.git import handles
from appliance.git.glance import UNCLEAR, UnclearError
from appliance.git.handles import Handle, Kind
from appliance.git.packets import FLUSH, HEADER_BYTES, packet
from appliance.git.repository_config import HIDDEN_REFS

REQUEST_BYTES = 16 * 1024
"""Longest request that may be answered here; longer ones carry what a client has already."""
REFS = 300
"""With so many refs, reading them here takes as long as starting git."""
DELIMITER = b"0001"
LENGTH = re.compile(rb"[0-9A-Fa-f]{4}")
HIDDEN = (HIDDEN_REFS + "/").encode("ascii")
HARMLESS = (b"agent=", b"object-format=sha1")
"""Words of a client before its question that change nothing in the answer."""


class Told:
    """An answer that is there as a whole, in the form of a transfer. Its state is whether it was
    given.
    """

    status = 0
    complaint = b""

    def __init__(self, answer: bytes) -> None:
        self._chunks = iter((answer,))

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Nothing is left to end."""

    def break_off(self) -> None:
        """Nothing is left to end."""


@dataclass
class _Wanted:
    """What of the refs a client asks for."""

    peel: bool = False
    symrefs: bool = False
    unborn: bool = False
    prefixes: list[bytes] = field(default_factory=list)

    @classmethod
    def parse(cls, request: bytes) -> Self:
        """The question, where it is one for refs and nothing else."""
        wanted, lines = cls(), list(_lines(request))
        if lines[:1] != [b"command=ls-refs"] or DELIMITER not in lines or lines.pop() != FLUSH:
            raise UnclearError
        middle = lines.index(DELIMITER)
        if not all(line.startswith(HARMLESS) for line in lines[1:middle]):
            raise UnclearError
        for line in lines[middle + 1 :]:
            if line.startswith(b"ref-prefix "):
                wanted.prefixes.append(line.removeprefix(b"ref-prefix "))
            elif line in {b"peel", b"symrefs", b"unborn"}:
                setattr(wanted, line.decode("ascii"), True)
            else:
                raise UnclearError
        return wanted

    def matches(self, ref: bytes) -> bool:
        """Whether a ref is asked for, and for clients to see."""
        if ref.startswith(HIDDEN):
            return False
        return not self.prefixes or ref.startswith(tuple(self.prefixes))


def answer(folder: Path, request: bytes) -> bytes | None:
    """What git would answer to a request of protocol version 2; None where git has to be asked."""
    try:
        if len(request) >= REQUEST_BYTES:  # There may be more of it.
            return None
        wanted = _Wanted.parse(request)
        with handles.opened(folder) as handle:
            return b"".join([*map(packet, _listed(handle, wanted)), FLUSH])
    except UNCLEAR:
        return None


def advertisement(folder: Path, capabilities: bytes) -> bytes | None:
    """What a push starts from, as git lists it; None where git has to be asked.

    Source: gitprotocol-pack(5), "Reference Discovery".
    """
    try:
        with handles.opened(folder) as handle:
            found = [
                (_target(handle, ref.resolve())[1], ref.raw_name)
                for ref in _refs(handle)
                if not ref.raw_name.startswith(HIDDEN)
            ]
    except UNCLEAR:
        return None
    (oid, name), *rest = found or [(NO_OBJECT.encode("ascii"), b"capabilities^{}")]
    first = packet(b"%s %s\0%s\n" % (oid, name, capabilities))
    return b"".join([first, *(packet(b"%s %s\n" % each) for each in rest), FLUSH])


def _lines(request: bytes) -> Iterator[bytes]:
    """The lines of a request; a flush and a delimiter are given as they are sent."""
    start = 0
    while start < len(request):
        header = request[start : start + HEADER_BYTES]
        if LENGTH.fullmatch(header) is None:  # Python would take "+014" for a number.
            raise UnclearError
        size = int(header, 16)
        if header in {FLUSH, DELIMITER}:
            yield header
            start += HEADER_BYTES
        elif size <= HEADER_BYTES or start + size > len(request):
            raise UnclearError
        else:
            yield request[start + HEADER_BYTES : start + size].removesuffix(b"\n")
            start += size


def _refs(handle: Handle) -> list[pygit2.Reference]:
    refs = list(islice(handle.repository.references.iterator(), REFS + 1))
    if len(refs) > REFS:
        raise UnclearError
    return sorted(refs, key=lambda each: each.raw_name)


def _listed(handle: Handle, wanted: _Wanted) -> Iterator[bytes]:
    yield from _head(handle, wanted)
    for ref in _refs(handle):
        if wanted.matches(ref.raw_name):
            yield _line(handle, wanted, ref)


def _head(handle: Handle, wanted: _Wanted) -> Iterator[bytes]:
    head = handle.repository.lookup_reference("HEAD")
    if not wanted.matches(b"HEAD"):
        return
    if not handle.repository.head_is_unborn:
        yield _line(handle, wanted, head)
    elif wanted.unborn and wanted.symrefs:
        yield b"unborn HEAD symref-target:%s\n" % head.raw_target


def _line(handle: Handle, wanted: _Wanted, ref: pygit2.Reference) -> bytes:
    direct = ref.resolve()
    kind, oid = _target(handle, direct)
    words = [oid, ref.raw_name]
    if wanted.symrefs and ref.type == ReferenceType.SYMBOLIC:
        words.append(b"symref-target:" + direct.raw_name)
    if wanted.peel and kind is Kind.TAG:
        peeled = handle.repository[oid.decode("ascii")].peel(None)
        words.append(b"peeled:" + str(peeled.id).encode("ascii"))
    return b" ".join(words) + b"\n"


def _target(handle: Handle, ref: pygit2.Reference) -> tuple[Kind, bytes]:
    oid = str(ref.target)
    header = handle.header(oid)
    if header is None:  # Git leaves such a ref out, and says so in its log.
        raise UnclearError
    return header[0], oid.encode("ascii")
