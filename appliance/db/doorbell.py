"""Tells the scheduler process that a job was promised, so that it need not wait for its next look.

A datagram on a local socket: it costs microseconds, never waits, and getting lost does no harm.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path


class Doorbell:
    """The bell of one home folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ring(self) -> None:
        """Say that there is something to do. Nobody at home is no error."""
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as caller:
            caller.settimeout(0)
            caller.sendto(b"!", os.fspath(self._path))

    def listen(self) -> socket.socket:
        """The other end; whoever listened before hears nothing any more."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(os.fspath(self._path))
        listener.settimeout(0)
        return listener
