"""The appliance's side of the local socket, small: answers as told, remembers questions."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

Answer = dict[str, Any]


class Peer:
    """A running peer. Its state is the answers it gives and the questions it was asked."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path
        self.answers: dict[str, Answer | Callable[[Answer], Answer]] = {}
        self.questions: list[tuple[str, Answer]] = []
        self.status = 200
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                peer.questions.append((self.path, question))
                answer = peer.answers.get(self.path, {})
                body = json.dumps(answer(question) if callable(answer) else answer).encode()
                self.send_response(peer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self) -> str:
                return "local"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — its name there.
                """Say nothing: tests look at the questions."""

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(str(socket_path), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def asked(self, path: str) -> list[Answer]:
        """The questions that came to this path."""
        return [question for at, question in self.questions if at == path]

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
