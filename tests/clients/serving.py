"""An appliance that says what it is told to, and hangs up."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Said = tuple[int, dict[str, str], bytes]
STREAM = {"Content-Type": "text/event-stream"}
PROBLEM = {"Content-Type": "application/problem+json"}
COMES_AND_GOES: tuple[Said, ...] = (
    (200, STREAM, b'retry: 500\nid: 1\n\nid: 2\nevent: push\ndata: {"n": 1}\n\n'),
    (503, {**PROBLEM, "Retry-After": "1"}, b'{"detail": "Not now.", "code": "unavailable"}'),
    (502, {}, b"<h1>Bad gateway</h1>"),
    # Cut off in the middle of an event, which is heard whole the next time.
    (200, {**STREAM, "Content-Length": "1000"}, b'id: 3\nevent: push\ndata: {"n"'),
    (200, STREAM, b'id: 3\nevent: push\ndata: {"n": 2}\n\n'),
)


@contextmanager
def serving(*answers: Said) -> Generator[tuple[str, list[str]]]:
    """An appliance that says these in order, and from where on it was asked each time."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Last-Event-ID", ""))
            status, headers, body = answers[len(asked) - 1]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
