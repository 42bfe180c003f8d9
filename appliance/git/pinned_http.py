"""HTTP to a source that was looked up and judged: connects to the looked-up address, checks the
certificate against the name, follows no redirect.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from appliance.domain import certificates
from appliance.domain.destinations import Destination
from appliance.errors import InvalidError, UnavailableError, sentence
from appliance.git import authorities

SECONDS = 60.0
"""Longest silence of the other side."""

OK = 200


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to one of the source's addresses. Its state is that of HTTPConnection."""

    def __init__(self, source: Destination) -> None:
        super().__init__(source.host, source.port, timeout=SECONDS)
        self._source = source

    def connect(self) -> None:
        """Connect to the first address that answers."""
        self.sock = self._open()
        if self._source.scheme == "https":
            context = authorities.context(self._source.authorities_file)
            self.sock = context.wrap_socket(self.sock, server_hostname=self._source.host)

    def _open(self) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in self._source.addresses:
            try:
                return socket.create_connection((address, self._source.port), SECONDS)
            except OSError as error:
                failure = error
        raise failure


@contextmanager
def request(
    source: Destination, *, method: str, headers: Mapping[str, str], body: bytes | None = None
) -> Iterator[http.client.HTTPResponse]:
    """The answer of the source, to be read inside the block.

    Errors:
        UnavailableError: the source cannot be reached.
        InvalidError: it answers with anything but 200.
    """
    connection = _PinnedConnection(source)
    try:
        connection.request(method, source.path, body, dict(headers))
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _silent(source, error) from error
    try:
        if answer.status != OK:
            raise InvalidError.of(
                "source",
                sentence(
                    "%(host)s answered with %(status)s.", host=source.host, status=answer.status
                ),
            )
        yield answer
    finally:
        answer.close()
        connection.close()


def insist_on_certificate(source: Destination) -> None:
    """Go on only if the source shows a certificate that counts: git does not say what is wrong.

    Errors:
        UnavailableError: it does not; or it does not answer.
    """
    connection = _PinnedConnection(source)
    try:
        connection.connect()
    except OSError as error:
        raise _silent(source, error) from error
    finally:
        connection.close()


def _silent(source: Destination, error: Exception) -> UnavailableError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return UnavailableError(
            certificates.complaint(source.host, error.verify_code, error.verify_message)
        )
    return UnavailableError(
        sentence("%(host)s does not answer. Try again later.", host=source.host)
    )
