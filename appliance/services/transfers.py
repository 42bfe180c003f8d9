"""The streams of clones and pushes, once `fetches` or `pushes` has said that they may."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError
from appliance.git import failures, transport
from appliance.git.hook_line import Answer, Question
from appliance.git.packets import error_packet, fatal_packet

if TYPE_CHECKING:
    from appliance.domain.protection import RefUpdate
    from appliance.git.duplex import Body, Duplex
    from appliance.git.push_report import ReportedPush
    from appliance.git.ref_list import Told
    from appliance.git.transport import TransferLimits
    from appliance.services.pushes import Ticket, Verdict

PACK_MARKS = {b"000dpackfile\n": error_packet, b"PACK\x00\x00\x00\x02": fatal_packet}
"""How a pack begins, and what stops a client there: in protocol version 2, and in those before.
Source: gitprotocol-v2(5), gitformat-pack(5)."""
MARK_BYTES = max(map(len, PACK_MARKS))
SEARCHED_BYTES = 8 * 1024 * 1024  # Acknowledgements and progress come first; they are small.


class Fetch:
    """The answer to a fetch. Its state is git, and whether a pack has begun to flow.

    `on_pack` is called before the first bytes of a pack leave: what cannot be recorded is not
    given away, and the client is told why.
    """

    def __init__(self, duplex: Duplex | Told, on_pack: Callable[[], None]) -> None:
        self._duplex = duplex
        self._on_pack: Callable[[], None] | None = on_pack
        self._tail = b""
        self._searched = 0
        self._refusal = ""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._refusal:
            raise StopIteration
        chunk = next(self._duplex)
        return chunk if self._on_pack is None else self._looked_at(chunk, self._on_pack)

    def close(self) -> None:
        """End git, whatever it is doing."""
        self._duplex.close()

    @property
    def status(self) -> int | None:
        """How git ended."""
        return self._duplex.status

    @property
    def complaint(self) -> bytes:
        """What git bemoaned, or why it was ended, for logs."""
        return self._duplex.complaint or self._refusal.encode("utf-8")

    def _looked_at(self, chunk: bytes, on_pack: Callable[[], None]) -> bytes:
        """The chunk, or where a pack begins in it that cannot be recorded, a line that says so."""
        seen = self._tail + chunk[:SEARCHED_BYTES]
        self._searched += len(chunk)
        self._tail = seen[-MARK_BYTES:]
        refused = next((line for mark, line in PACK_MARKS.items() if mark in seen), None)
        if refused is not None or self._searched > SEARCHED_BYTES:
            self._on_pack = None
        if refused is None:
            return chunk
        try:
            on_pack()
        except ApplianceError as error:
            self._refusal = error.message
            self._duplex.close()
            return refused(error.message)
        return chunk


def advertise(folder: Path, service: str, *, protocol: str) -> Iterator[bytes]:
    """The answer to `GET info/refs?service=...`.

    Errors:
        InvalidError: there is no such service.
        DamagedError: the repository cannot be read.
    """
    return transport.advertise(folder, transport.Service(service), protocol=protocol)


def fetch(
    folder: Path,
    body: Body,
    *,
    encoding: str,
    protocol: str,
    limits: TransferLimits,
    on_pack: Callable[[], None],
) -> Fetch:
    """The answer to `POST git-upload-pack`; close it whatever happens.

    Errors:
        InvalidError: the body is encoded in a way we do not know.
    """
    plain = transport.plain_body(body, encoding=encoding, limits=limits)
    return Fetch(transport.fetch(folder, plain, protocol=protocol, limits=limits), on_pack)


@dataclass(frozen=True)
class Listener:
    """Whom the hooks of a push ask, where its bytes go through this process."""

    accept: Callable[[Sequence[RefUpdate], Mapping[str, str]], Verdict]
    """Asked before refs move, with what git says of the quarantine."""
    confirm: Callable[[Sequence[RefUpdate]], None]
    """Told which refs have moved."""


def receive(
    ticket: Ticket, body: Body, *, encoding: str, protocol: str, listener: Listener
) -> Duplex | ReportedPush:
    """The answer to `POST git-receive-pack`; close it whatever happens.

    The listener is called in a thread of its own, or, about the outcome, in that of whoever
    iterates: before the client can learn of it.

    Errors:
        InvalidError: the body is encoded in a way we do not know.
    """
    plain = transport.plain_body(body, encoding=encoding, limits=ticket.limits)

    def answer(question: Question) -> Answer:
        if question.hook == "post-receive":
            listener.confirm(question.updates)
            return Answer(is_yes=True)
        verdict = listener.accept(question.updates, question.quarantine)
        return Answer(verdict.is_accepted, verdict.messages)

    return transport.receive(
        ticket.folder,
        plain,
        protocol=protocol,
        push=ticket.push,
        limits=ticket.limits,
        answer=answer,
    )


def is_malformed(complaint: bytes) -> bool:
    """Whether a transfer failed, to judge by what git said of it, for what the client sent."""
    return failures.is_malformed(complaint)


def push_environment(ticket: Ticket, *, protocol: str) -> dict[str, str]:
    """What git is started with where another door carries the bytes of a push."""
    return transport.push_environment(protocol=protocol, push=ticket.push, limits=ticket.limits)


def fetch_environment(*, protocol: str) -> dict[str, str]:
    """What git is started with where another door carries the bytes of a fetch."""
    return transport.fetch_environment(protocol=protocol)
