"""The ways to an appliance: over the network, or over the local socket of one on this machine."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from codara_client.errors import UnavailableError, UntrustedError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 600.0


class Body(Protocol):
    """What an answer brings, read piece by piece."""

    def read(self, amount: int = -1, /) -> bytes:
        """So many bytes, or all of them; empty at the end."""

    def read1(self, amount: int = -1, /) -> bytes:
        """At most so many, as soon as some are there; empty at the end."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By name, each word of it with a capital."""
    body: Body


class Transport(Protocol):
    """A way to an appliance."""

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Send a request and give the beginning of its answer.

        Errors:
            UnavailableError: the appliance does not answer.
        """


class Http:
    """Over the network. `ca` is the file of the authority that vouches for it, if not the usual."""

    def __init__(self, url: str, ca: str = "") -> None:
        self._address = urlsplit(url.rstrip("/"))
        self._ca = ca

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Send a request over the network."""
        host, port = self._address.hostname or "", self._address.port
        connection: http.client.HTTPConnection
        if self._address.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=ANSWER_SECONDS, context=_trust(self._ca)
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        return _exchange(connection, method, self._address.path + target, headers, body)


class LocalSocket:
    """Over the socket of an appliance on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Send a request over the local socket."""
        return _exchange(_UnixConnection(self._path), method, target, headers, body)

    def is_open(self) -> bool:
        """Whether somebody listens there."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(CONNECT_SECONDS)
            try:
                probe.connect(os.fspath(self._path))
            except OSError:
                return False
            return True


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def titled(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name in one spelling: `Content-Type`, whoever wrote them."""
    return {name.title(): value for name, value in headers}


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | IO[bytes] | None,
) -> Answer:
    try:
        connection.request(method, target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise UntrustedError(
            f"Nobody we trust vouches for {connection.host}: {error.verify_message}. If its "
            "authority is your own, name the file that holds its certificate."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnavailableError(
            f"The appliance at {connection.host} does not answer: {why}."
        ) from error
    return Answer(response.status, titled(response.getheaders()), response)


def _trust(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise UnavailableError(f"{ca} holds no certificates we can read: {error}.") from error
