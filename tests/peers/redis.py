"""A private Redis on a unix socket: the queue of an installed host."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.server import find_program, running


@contextmanager
def start_redis() -> Generator[str]:
    """Serve an empty Redis that keeps nothing on disk; gives its address."""
    program = find_program("redis-server", "valkey-server")
    with tempfile.TemporaryDirectory(prefix="codara-redis-") as folder:
        place = Path(folder) / "redis.sock"
        options = ["--port", "0", "--unixsocket", place, "--save", "", "--dir", folder]
        with running([program, *options], ready="(?i)ready to accept connections"):
            yield f"unix://{place}"
