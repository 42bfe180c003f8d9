"""The streams of clones and pushes, once `fetches` or `pushes` has said that they may."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError
from appliance.git import failures, transport
from appliance.git.hook_line import Answer, Question
from appliance.git.pack_start import PackStart

if TYPE_CHECKING:
    from appliance.domain.protection import RefUpdate
    from appliance.git.duplex import Body, Duplex
    from appliance.git.push_report import ReportedPush
    from appliance.git.ref_list import Told
    from appliance.git.transport import TransferLimits
    from appliance.services.pushes import Ticket, Verdict


class Fetch:
    """The answer to a fetch. Its state is git, and whether a pack has begun to flow.

    `on_pack` is called before the first bytes of a pack leave: what cannot be recorded is not
    given away, and the client is told why.
    """

    def __init__(self, duplex: Duplex | Told, on_pack: Callable[[], None]) -> None:
        self._duplex = duplex
        self._on_pack: Callable[[], None] | None = on_pack
        self._start = PackStart()
        self._refusal = ""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._refusal:
            raise StopIteration
        while self._on_pack is not None:
            chunk = next(self._duplex, None)
            if chunk is None:
                self._on_pack = None
                return self._start.rest()
            if answer := self._before_pack(chunk, self._on_pack):
                return answer
        return next(self._duplex)

    def close(self) -> None:
        """End git, whatever it is doing."""
        self._duplex.close()

    def break_off(self) -> None:
        """End git from another thread."""
        self._duplex.break_off()

    @property
    def status(self) -> int | None:
        """How git ended."""
        return self._duplex.status

    @property
    def complaint(self) -> bytes:
        """What git bemoaned, or why it was ended, for logs."""
        return self._duplex.complaint or self._refusal.encode("utf-8")

    def _before_pack(self, chunk: bytes, on_pack: Callable[[], None]) -> bytes:
        """What may leave; where a pack that cannot be recorded begins, a line that says so."""
        passed = self._start.feed(chunk)
        if self._start.refuse is None:
            return passed
        self._on_pack = None
        try:
            on_pack()
        except ApplianceError as error:
            self._refusal = error.message
            self._duplex.close()
            return passed + self._start.refuse(error.message)
        return passed + self._start.rest()


def advertise(
    folder: Path, service: str, *, protocol: str, nonce_seed: str = ""
) -> Iterator[bytes]:
    """The answer to `GET info/refs?service=...`.

    Errors:
        InvalidError: there is no such service.
        DamagedError: the repository cannot be read.
    """
    return transport.advertise(
        folder, transport.Service(service), protocol=protocol, nonce_seed=nonce_seed
    )


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
