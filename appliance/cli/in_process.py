"""The application in this very process: for commands while the appliance is not running."""

from __future__ import annotations

import atexit
import importlib
import io
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote_to_bytes

import structlog

from appliance import settings, wiring, wiring_heartbeats
from appliance.errors import ApplianceError, UnavailableError
from codara_client.transport import Answer, titled

IN_PROCESS = "codara.in_process"
CHUNK_BYTES = 65536


class InProcess:
    """A way to an appliance that is not running. Its state is the application, built once."""

    def __init__(self, home: Path) -> None:
        if not (home / "keys" / "instance.key").exists():
            raise UnavailableError(
                f"There is no appliance in {home}. Name one with --home, `codara login` to one "
                "elsewhere, or start one: `codara serve --all`."
            )
        os.environ["CODARA_HOME"] = os.fspath(home)
        # What a command does is said on the terminal; the log is the running appliance's.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self._objects = objects = wiring.build(home, settings.from_process(home))
        self._heart = wiring_heartbeats.Heart(objects.database, objects.logs.signer)
        try:
            wiring.insist_on_schema(objects)
        except ApplianceError:
            self.close()
            raise
        # A command ends in many ways, and all of them lead here.
        atexit.register(self._count)
        # The doors do not know each other; this command stands in for the one that is shut.
        self._application = importlib.import_module("appliance.web.app").create_app(objects)

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
    ) -> Answer:
        """Call the application as a server would (PEP 3333)."""
        started: dict[str, Any] = {}

        def start_response(status: str, sent: list[tuple[str, str]], *_: Any) -> Callable[..., Any]:
            started.update(status=int(status.partition(" ")[0]), headers=titled(sent))
            return lambda _data: None

        pieces = self._application(_environment(method, target, headers, body), start_response)
        answer = _Pieces(pieces)
        answer.begin()
        status = started.get("status", HTTPStatus.INTERNAL_SERVER_ERROR)
        return Answer(status, started.get("headers", {}), answer)

    def _count(self) -> None:
        """Say how much was recorded; where that cannot be said, it stays uncounted."""
        with suppress(ApplianceError):
            self._heart.beat()

    def close(self) -> None:
        """Let go of connections."""
        self._objects.database.engine.dispose()
        self._objects.redis.close()


class _Pieces:
    """What a WSGI application gives, as something to read. Its state is the piece begun."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._source = pieces
        self._pieces = iter(pieces)
        self._begun = b""

    def begin(self) -> None:
        """Draw the first piece: only then the status is certain."""
        self._begun = next(self._pieces, b"")

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes, or all of them."""
        if amount < 0:
            whole, self._begun = self._begun + b"".join(self._pieces), b""
            return whole
        while not self._begun:
            following = next(self._pieces, None)
            if following is None:
                return b""
            self._begun = following
        taken, self._begun = self._begun[:amount], self._begun[amount:]
        return taken

    def read1(self, amount: int = -1, /) -> bytes:
        """At most so many bytes, as soon as some are there."""
        return self.read(amount if amount >= 0 else CHUNK_BYTES)

    def close(self) -> None:
        """Tell the application that nobody reads on."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def _environment(
    method: str, target: str, headers: Mapping[str, str], body: bytes | IO[bytes] | None
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    stream = io.BytesIO(body or b"") if isinstance(body, bytes | None) else body
    environment: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        # PEP 3333 wants the bytes of the path as if they were Latin-1.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": True,
        IN_PROCESS: True,
    }
    if isinstance(body, bytes):
        environment["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environment[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environment
