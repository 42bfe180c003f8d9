"""Another host with a repository and its large files: a real server, also over TLS."""

from __future__ import annotations

import hashlib
import io
import json
import ssl
import threading
from collections.abc import Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from appliance.git import transport
from appliance.git.lfs_pointers import Pointer

CONTENT = b"large " * 200_000
POINTER = Pointer(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *words: object) -> None:
        """Clients that do not like its certificate go away."""


class Source:
    """Another host: a repository and its large files. Its state is what it was asked."""

    def __init__(self, folder: Path, context: ssl.SSLContext | None = None) -> None:
        self.folder = folder
        self.headers: list[tuple[str, str, str | None]] = []
        self.credentials: str | None = None
        self.redirect: str | None = None
        self.status = 200
        self.breaks_off = False
        """Whether it dies in the middle of a pack."""
        self.large: dict[str, bytes] = {POINTER.oid: CONTENT}
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.source = self
        self.port = self._server.server_address[1]
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "https" if context else "http"
        self.origin = f"{scheme}://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/lab/notes.git"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def batch(self, question: dict) -> bytes:
        objects = []
        for wanted in question["objects"]:
            href = f"{self.origin}/large/{wanted['oid']}"
            action = {"download": {"href": href, "header": {"X-Part": "1"}}}
            known = {"actions": action} if wanted["oid"] in self.large else {"error": {"code": 404}}
            objects.append({"oid": wanted["oid"]} | known)
        return json.dumps({"objects": objects}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers for its server's `source`."""

    def do_GET(self) -> None:
        source = self.server.source
        authorization = self.headers["Authorization"]
        source.headers.append((self.path, self.headers["Host"], authorization))
        if source.status != HTTPStatus.OK:
            self.answer(source.status, b"")
        elif source.redirect:
            self.answer(302, b"", Location=source.redirect)
        elif source.credentials and authorization != source.credentials:
            self.answer(401, b"", **{"WWW-Authenticate": "Basic"})
        else:
            kind = "advertisement" if "info/refs" in self.path else "result"
            content_type = {"Content-Type": f"application/x-git-upload-pack-{kind}"}
            self.answer(200, b"".join(self.body(source)), **content_type)

    do_POST = do_GET  # noqa: N815 — its name there.

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        dies = self.server.source.breaks_off and b"PACK" in body
        self.wfile.write(body[: len(body) // 2] if dies else body)

    def body(self, source: Source) -> Iterable[bytes]:
        length = int(self.headers["Content-Length"] or 0)
        sent = io.BytesIO(self.rfile.read(length))
        protocol = self.headers["Git-Protocol"] or ""
        if self.path.startswith("/large/"):
            return [source.large[self.path.removeprefix("/large/")]]
        if self.path.endswith("/objects/batch"):
            return [source.batch(json.load(sent))]
        if "info/refs" in self.path:
            service = transport.Service.UPLOAD_PACK
            return transport.advertise(source.folder, service, protocol=protocol)
        limits = transport.TransferLimits()
        encoding = self.headers["Content-Encoding"] or ""
        body = transport.plain_body(sent, encoding=encoding, limits=limits)
        return transport.fetch(source.folder, body, protocol=protocol, limits=limits)

    def address_string(self) -> str:
        return "local"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — its name there.
        """Say nothing: tests look at the headers."""
