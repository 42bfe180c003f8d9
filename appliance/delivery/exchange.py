"""One request to a receiver that was looked up and judged: to that address, with its certificate
checked against its name, within a time; no redirect is followed.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from appliance.delivery.line import Deadline, Line, dial
from appliance.delivery.target import RejectedError
from appliance.domain import certificates
from appliance.domain.destinations import Destination
from appliance.domain.foreign_words import cleaned
from appliance.errors import UnavailableError, sentence

LONGEST_ANSWER = 64 * 1024
MOST_HEARD = 256 * 1024
"""Bytes of one answer, with all that stands before and around its body."""
USUAL_PORTS = {"https": 443, "http": 80}
"""Those that `Host` leaves out."""
OF_CONTENT = frozenset(
    {
        *(HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        *(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY),
    }
)
"""What says that these very events are the trouble; all else may pass."""


@dataclass(frozen=True)
class Trust:
    """Whose certificates count, and which we show; empty names mean the system's, and none."""

    authorities: str = ""
    certificate: str = ""
    key: str = ""
    authority: str = ""
    """Certificates in PEM, which count instead of the system's."""

    def context(self) -> ssl.SSLContext:
        """For a connection.

        Errors:
            UnavailableError: a file cannot be read.
        """
        try:
            written = tuple(
                Path(each).stat().st_mtime_ns if each else 0
                for each in (self.authorities, self.certificate, self.key)
            )
            return _context(self, written)
        except OSError as error:
            raise UnavailableError(
                sentence("The files of certificates cannot be read: %(why)s.", why=error)
            ) from error


@lru_cache(maxsize=16)
def _context(trust: Trust, _written: tuple[int, ...]) -> ssl.SSLContext:
    """Made once until a file is written anew: reading the system's authorities takes its time."""
    # Beside certificates people write names in their own letters, which ssl would not take.
    known = trust.authority.encode("ascii", "ignore").decode()
    context = ssl.create_default_context(cadata=known or None)
    if trust.authorities:
        context.load_verify_locations(trust.authorities)
    if trust.certificate:
        context.load_cert_chain(trust.certificate, trust.key or None)
    return context


@dataclass(frozen=True)
class Answer:
    """What the receiver said."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class _Pinned(http.client.HTTPConnection):
    """A connection to one of the receiver's addresses. Its state is that of HTTPConnection."""

    def __init__(self, place: Destination, line: Line) -> None:
        super().__init__(place.host, place.port)
        self.default_port = USUAL_PORTS[place.scheme]
        self.sock = line

    def close(self) -> None:
        """Let go of the line; whoever dialled ends it, when what comes after the head is read."""
        self.sock = None


@dataclass(frozen=True)
class Exchange:
    """Requests to one receiver."""

    place: Destination
    trust: Trust
    seconds: float
    """The longest that one request may take, however slowly the receiver speaks."""

    def ask(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the receiver answers.

        Errors:
            RejectedError: it will not take this content.
            UnavailableError: it does not answer in time, or answers anything but a success.
        """
        answer = self.answer(method, path, headers=headers, body=body)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        said = sentence(
            "%(host)s answered with %(status)s: %(words)s",
            host=self.place.host,
            status=answer.status,
            words=cleaned(answer.body),
        )
        raise RejectedError(said) if answer.status in OF_CONTENT else UnavailableError(said)

    def answer(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        most: int = LONGEST_ANSWER,
    ) -> Answer:
        """What the receiver answers, be it yes or no: of its content so many bytes at most.

        Errors:
            UnavailableError: it does not answer in time.
        """
        try:
            context = self.trust.context() if self.place.scheme == "https" else None
            line = dial(self.place, context, Deadline(self.seconds), most_bytes=MOST_HEARD)
            with closing(line):
                connection = _Pinned(self.place, line)
                is_sent = _is_sent(connection, method, path, body, headers)
                answer = connection.getresponse()
                heads = tuple(answer.getheaders())
                found = Answer(answer.status, answer.read(most), heads)
            if not is_sent and found.status < HTTPStatus.BAD_REQUEST:
                raise ConnectionAbortedError("it hung up before it had heard all")
        except (OSError, http.client.HTTPException) as error:
            raise unanswered(self.place, error) from error
        return found


def _is_sent(
    connection: _Pinned, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """Send a request; whether the receiver heard all of it. Who hangs up may still have said why.

    Errors:
        OSError: it does not take it in time.
    """
    try:
        connection.request(method, path, body, dict(headers))
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def unanswered(place: Destination, error: Exception) -> UnavailableError:
    """What is said of a receiver that cannot be spoken to."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return UnavailableError(
            certificates.complaint(place.host, error.verify_code, error.verify_message)
        )
    return UnavailableError(
        sentence(
            "%(host)s does not answer: %(why)s.",
            host=place.host,
            # It may quote what the receiver sent.
            why=cleaned(str(error)) or "silence",
        )
    )
