"""One request to a receiver that was looked up and judged: to that address, with its certificate
checked against its name, within a time; no redirect is followed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from appliance.delivery.target import RejectedError
from appliance.domain.destinations import Destination
from appliance.errors import UnavailableError, sentence

LONGEST_ANSWER = 64 * 1024
SHOWN = 200
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

    def context(self) -> ssl.SSLContext:
        """For a connection.

        Errors:
            UnavailableError: a file cannot be read.
        """
        try:
            context = ssl.create_default_context()
            if self.authorities:
                context.load_verify_locations(self.authorities)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key or None)
        except OSError as error:
            raise UnavailableError(
                sentence("The certificates for streams cannot be read: %(why)s.", why=error)
            ) from error
        return context


@dataclass(frozen=True)
class Answer:
    """What the receiver said."""

    status: int
    body: bytes


def connect(place: Destination, seconds: float) -> socket.socket:
    """A connection to the first address that answers.

    Errors:
        OSError: none does.
    """
    failure: OSError = OSError("no address")
    for address in place.addresses:
        try:
            return socket.create_connection((address, place.port), seconds)
        except OSError as error:
            failure = error
    raise failure


class _Pinned(http.client.HTTPConnection):
    """A connection to one of the receiver's addresses. Its state is that of HTTPConnection."""

    def __init__(self, place: Destination, trust: Trust, seconds: float) -> None:
        super().__init__(place.host, place.port, timeout=seconds)
        self._place, self._trust, self._seconds = place, trust, seconds
        self.is_cut = False

    def connect(self) -> None:
        """Connect, and check who is there."""
        self.sock = connect(self._place, self._seconds)
        if self._place.scheme == "https":
            context = self._trust.context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._place.host)

    def cut(self) -> None:
        """End it from another thread, whatever it waits for."""
        self.is_cut = True
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


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
            words=answer.body[:SHOWN].decode("utf-8", "replace"),
        )
        raise RejectedError(said) if answer.status in OF_CONTENT else UnavailableError(said)

    def answer(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the receiver answers, be it yes or no.

        Errors:
            UnavailableError: it does not answer in time.
        """
        connection = _Pinned(self.place, self.trust, self.seconds)
        # A timeout counts each read alone; a receiver that sends a byte at a time would hold us.
        end = threading.Timer(self.seconds, connection.cut)
        end.daemon = True
        end.start()
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            whole = Answer(answer.status, answer.read(LONGEST_ANSWER))
            if connection.is_cut:  # What was read until then looks like an answer.
                raise TimeoutError("it took too long")
        except (OSError, http.client.HTTPException) as error:
            raise unanswered(self.place, error) from error
        finally:
            end.cancel()
            connection.close()
        return whole


def unanswered(place: Destination, error: Exception) -> UnavailableError:
    """What is said of a receiver that cannot be spoken to."""
    return UnavailableError(
        sentence("%(host)s does not answer: %(why)s.", host=place.host, why=str(error) or "silence")
    )
