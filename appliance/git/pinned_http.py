"""HTTP to a source that was looked up and judged: connects to the looked-up address, checks the
certificate against the name, follows no redirect.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from appliance.domain.destinations import Destination
from appliance.errors import InvalidError, UnavailableError, sentence

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
            context = ssl.create_default_context()
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
        raise UnavailableError(
            sentence("%(host)s does not answer. Try again later.", host=source.host)
        ) from error
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
