"""Gunicorn's worker of threads, which does not wait for ever for the head of a request.

Gunicorn itself has no such limit, so that a few connections that begin a request and send no more
would hold every thread. Bodies are read by the application, which has limits of its own for them.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

HEAD_SECONDS = 5.0  # A head is a few packets; whoever is slower may come again.


class Worker(ThreadWorker):  # type: ignore[misc]  # The library is not typed.
    """One web process. Its state is since when each thread has been reading a head."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reading: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it; in a thread."""
        self._reading[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self._reading.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request, whose head has been read."""
        self._reading.pop(conn, None)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Gunicorn's look at idle connections, once a second: end half heads as well."""
        super().murder_pending()
        latest = time.monotonic() - HEAD_SECONDS
        for connection, began in list(self._reading.items()):
            if began < latest:
                with suppress(OSError):  # Then it has ended by itself.
                    connection.sock.shutdown(socket.SHUT_RDWR)
