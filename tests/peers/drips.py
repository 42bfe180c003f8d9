"""Systems that keep whoever speaks to them: a byte at a time, on real sockets, and never an end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

EVERY_SECONDS = 0.05
SMALL = 4096


class Drips:
    """Accepts everybody, says `start`, then `drop` again and again; takes a byte at a time."""

    def __init__(self, start: bytes, drop: bytes, context: ssl.SSLContext | None) -> None:
        self._start, self._drop, self._context = start, drop, context
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        # What the system takes for us would hide that nobody reads it.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.port = int(self._listener.getsockname()[1])
        self.came = threading.Semaphore(0)
        """Counts who has come."""
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Let everybody go."""
        if self._is_over.is_set():
            return
        self._is_over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._keep, args=(plain,)))
            self._threads[-1].start()

    def _keep(self, plain: socket.socket) -> None:
        plain.settimeout(20)
        with suppress(OSError), plain:
            self.came.release()
            connection = plain
            if self._context is not None:
                connection = self._context.wrap_socket(plain, server_side=True)
            with connection:
                self._drip(connection)

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(self._start)
        while not self._is_over.wait(EVERY_SECONDS):
            if self._drop:
                connection.sendall(self._drop)
            else:
                connection.recv(1)


@contextmanager
def dripping(
    start: bytes = b"", drop: bytes = b"X", *, context: ssl.SSLContext | None = None
) -> Generator[Drips]:
    """A receiver that keeps everybody, for the length of the block.

    Without `drop` it says nothing, and takes what it is sent a byte at a time.
    """
    drips = Drips(start, drop, context)
    try:
        yield drips
    finally:
        drips.close()
