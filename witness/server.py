"""The witness over HTTP: `POST /add-checkpoint`, and `GET /<hash of the origin>/checkpoint`."""

from __future__ import annotations

import hashlib
import socket
import sys
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from witness import judge
from witness.judge import Answer
from witness.keys import Cosigner
from witness.request import LARGEST
from witness.state import State, StateError

AT_ONCE = 32
SILENCE_SECONDS = 15.0
LONGEST_SECONDS = 60.0
"""So long a connection may last, whatever comes over it."""
ADD = "/add-checkpoint"


class Server(ThreadingHTTPServer):
    """Serves one witness, a thread for each connection and no more than `AT_ONCE` of them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        state: State,
        cosigner: Cosigner,
        *,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self.state = state
        self.cosigner = cosigner
        self._longest_seconds = longest_seconds
        self._places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Wait for a place, then serve."""
        self._places.acquire()
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve, then give the place back: soon, also where somebody sends a byte at a time."""
        end = threading.Timer(self._longest_seconds, _hang_up, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is nothing to tell; anything else is."""
        error = sys.exception() if sys.version_info >= (3, 12) else sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "codara-witness"
    sys_version = ""
    timeout = SILENCE_SECONDS

    def do_POST(self) -> None:
        """A log asks for a signature."""
        size = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not size.isdecimal() or len(size) > len("999999"):
            self.refuse(HTTPStatus.LENGTH_REQUIRED, "say how long the request is")
        elif int(size) > LARGEST:
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too long")
        elif self.path.partition("?")[0] != ADD:
            self.refuse(HTTPStatus.NOT_FOUND, "there is no such address")
        else:
            data = self.rfile.read(int(size))
            if len(data) < int(size):
                self.close_connection = True
                return
            self.reply(self._answered(data))

    def do_GET(self) -> None:
        """Anybody asks what was signed last of a log."""
        asked = self.path.partition("?")[0].removeprefix("/").removesuffix("/checkpoint")
        try:
            for origin, _, head in self.server.state.logs():
                if head and hashlib.sha256(origin.encode()).hexdigest() == asked:
                    self.reply(Answer(HTTPStatus.OK, head.note))
                    return
        except StateError as error:
            self.reply(_unavailable(error))
            return
        self.reply(Answer(HTTPStatus.NOT_FOUND, "nothing of such a log was signed here\n"))

    def reply(self, answer: Answer) -> None:
        """Send an answer."""
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: HTTPStatus, why: str) -> None:
        """Send a refusal without having read the request, and hang up."""
        self.close_connection = True
        self.reply(Answer(status, f"{why}\n"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the library.
        """One line for each answer, without anything that a terminal would obey."""
        line = f"{self.address_string()} {format % args}"
        shown = "".join(letter if letter.isprintable() else "?" for letter in line)
        _tell(shown)

    def _answered(self, data: bytes) -> Answer:
        try:
            state, cosigner = self.server.state, self.server.cosigner
            return judge.answer(state, cosigner, data, now=int(time.time()))
        except StateError as error:
            return _unavailable(error)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _unavailable(error: StateError) -> Answer:
    _tell(str(error))
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "the witness cannot use its state now\n")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
