"""What git itself reports of a push: which refs have moved, read on the way to the client.

The process that carries a push need not be told by a hook what came of it: git says so in its
answer, and two programs less are started. That way is for what is small and plain: a few refs that
are made or moved, by a client that wants a report and understands it. For all else git runs its
post-receive hook, which knows more: of a ref that is deleted, git's report does not say whether it
was there.

Source: gitprotocol-pack(5), "Reference Update Request" and "Report Status".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.git.duplex import Duplex
from appliance.git.hook_line import Answer, Question
from appliance.git.hooks import AFTER, SILENCE
from appliance.git.packets import FLUSH, HEADER_BYTES, packet

COMMANDS_BYTES = 4096
"""Most bytes of a push that are read, in search of the end of its commands: some 30 refs."""
REPORT_BYTES = 256 * 1024
COMMAND = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]+)\n?")
WANTED = frozenset({b"side-band-64k"})
REPORTS = frozenset({b"report-status", b"report-status-v2"})
UNPLAIN = frozenset({b"push-options"})
TO_CLIENT, TO_PERSON = b"\1", b"\2"
"""The bands in which git speaks: its report, and what a person reads."""


def plain_commands(start: bytes) -> tuple[RefUpdate, ...] | None:
    """What a push that begins like this asks for; None if that is not all of it, or not plain."""
    lines = list(_lines(start))
    if len(lines) < 2 or lines.pop() is not None:  # noqa: PLR2004 - a command and the end.
        return None
    first, _, said = (lines[0] or b"").partition(b"\0")
    words = set(said.split())
    if not (words >= WANTED and words & REPORTS) or words & UNPLAIN:
        return None
    found = [COMMAND.fullmatch(line or b"") for line in (first, *lines[1:])]
    updates = [RefUpdate(each[3], each[1].decode(), each[2].decode()) for each in found if each]
    is_plain = len(updates) == len(found) and all(each.new_oid != NO_OBJECT for each in updates)
    return tuple(updates) if is_plain else None


class Report:
    """Git's report among all that it says. Its state is what was said so far."""

    def __init__(self) -> None:
        self._rest = b""
        self._said = bytearray()
        self._is_readable = True

    @property
    def has_begun(self) -> bool:
        """Whether the client would learn from what was said how the push ended."""
        return bool(self._said)

    @property
    def moved(self) -> frozenset[bytes]:
        """The refs that moved; none where the report is not all there."""
        lines = list(_lines(bytes(self._said)))
        if not self._is_readable or not lines or lines[-1] is not None:
            return frozenset()
        said = [line.removesuffix(b"\n") for line in lines if line]
        return frozenset(line[3:] for line in said if line.startswith(b"ok "))

    def hear(self, chunk: bytes) -> None:
        """The next piece of git's answer."""
        if not self._is_readable:
            return
        self._rest += chunk
        while len(self._rest) >= HEADER_BYTES:
            length = _length(self._rest)
            if length is None or len(self._said) > REPORT_BYTES:
                self._is_readable = False
                return
            if len(self._rest) < length:
                return
            line, self._rest = self._rest[HEADER_BYTES:length], self._rest[length:]
            if line.startswith(TO_CLIENT):
                self._said += line[1:]


class ReportedPush:
    """The answer to a push whose outcome git's report tells. Its state is git and what is held.

    The client hears how the push ended after the outcome was told: to `answer`, in the words in
    which the post-receive hook would have told it.
    """

    def __init__(
        self,
        transfer: Duplex,
        commands: tuple[RefUpdate, ...],
        answer: Callable[[Question], Answer],
    ) -> None:
        self._transfer = transfer
        self._commands = commands
        self._answer = answer
        self._chunks = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    @property
    def status(self) -> int | None:
        """How git ended."""
        return self._transfer.status

    @property
    def complaint(self) -> bytes:
        """What git bemoaned, for logs."""
        return self._transfer.complaint

    def close(self) -> None:
        """End git, whatever it is doing."""
        self._chunks.close()
        self._transfer.close()

    def break_off(self) -> None:
        """End git from another thread."""
        self._transfer.break_off()

    def _run(self) -> Generator[bytes]:
        report, held = Report(), bytearray()
        for chunk in self._transfer:
            report.hear(chunk)
            if report.has_begun:
                held += chunk
            else:
                yield chunk
        moved = tuple(each for each in self._commands if each.ref in report.moved)
        if moved and self._transfer.status == 0:
            yield from self._told(moved)
        if held:
            yield bytes(held)

    def _told(self, moved: tuple[RefUpdate, ...]) -> Iterator[bytes]:
        """Tell what moved; yields what the client is to hear if nobody took notice."""
        try:
            self._answer(Question(AFTER, {}, moved))
        except Exception:  # noqa: BLE001 - the refs have moved; whoever began this looks at them next.
            yield packet(TO_PERSON + SILENCE[AFTER].encode() + b"\n")


def _lines(text: bytes) -> Iterator[bytes | None]:
    """The lines in `text` up to the first end of a section, which is None."""
    while (length := _length(text)) is not None and len(text) >= length:
        if text.startswith(FLUSH):
            yield None
            return
        yield text[HEADER_BYTES:length]
        text = text[length:]


def _length(text: bytes) -> int | None:
    """How long the line is that `text` begins with, all in all; None where it is no such line."""
    digits = text[:HEADER_BYTES]
    if digits == FLUSH:
        return HEADER_BYTES
    if not re.fullmatch(rb"[0-9a-f]{4}", digits):
        return None
    length = int(digits, 16)
    return length if length > HEADER_BYTES else None
