"""Stands between a client and a server, and lets through only so much of what the server says."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 4096


class Relay:
    """A port that leads to another one. `limit` is how many bytes of an answer come through on one
    connection before it is cut, or with `is_slow`, before nothing more comes; none: all.
    """

    def __init__(self, port: int) -> None:
        self.limit: int | None = None
        self.is_slow = False
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Take no more connections; those that there are have been closed by their client."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(
                    target=self._lead, args=(client, self.limit, self.is_slow)
                )
                self._threads.append(thread)
                thread.start()

    def _lead(self, client: socket.socket, limit: int | None, is_slow: bool) -> None:  # noqa: FBT001 - as threads hand it on.
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            upwards = threading.Thread(target=_pass_on, args=(client, server, None))
            upwards.start()
            _pass_on(server, client, limit, is_slow=is_slow)
            upwards.join()


def _pass_on(
    one: socket.socket, other: socket.socket, limit: int | None, *, is_slow: bool = False
) -> None:
    """From one to the other, until one ends or the limit is reached; then both end, at once or,
    `is_slow`, when the other has had enough.
    """
    left = limit
    with suppress(OSError):
        while left is None or left > 0:
            found = one.recv(CHUNK if left is None else min(CHUNK, left))
            if not found:
                break
            other.sendall(found)
            left = None if left is None else left - len(found)
    if is_slow and left == 0:
        return
    for each in (one, other):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
