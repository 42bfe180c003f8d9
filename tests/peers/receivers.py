"""Systems that are sent the audit log: real sockets on the loopback address, and bad habits."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass
class Request:
    """What came, and how many had come before."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The body's lines, read as JSON."""
        return [json.loads(line) for line in self.body.decode().splitlines()]


@dataclass
class Reply:
    """What is answered; a status of 0 is none: the connection ends."""

    status: int = 200
    body: bytes = b"{}"
    is_kept: bool = True
    """Whether the receiver has what was sent."""


OK = Reply()
HANG_UP = Reply(0, is_kept=False)
HANG_UP_AFTER_TAKING = Reply(0)


def refuse(status: int) -> Reply:
    return Reply(status, b"no", is_kept=False)


@dataclass
class Receiver:
    """An HTTP server that answers as it is told, and keeps what it took."""

    url: str
    kept: list[Request] = field(default_factory=list)
    seen: int = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        self._take()

    def do_PUT(self) -> None:
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        receiver, behave = self.server.receiver, self.server.behave
        with self.server.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(receiver.seen, self.command, self.path, headers, body)
            receiver.seen += 1
            reply = behave(request)
            if reply.is_kept:
                receiver.kept.append(request)
        if reply.status == 0:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *words: Any) -> None:
        """Nobody reads it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *words: Any) -> None:
        """Clients that are refused go away."""


@contextmanager
def receiving(
    behave: Callable[[Request], Reply] = lambda _: OK, *, context: ssl.SSLContext | None = None
) -> Generator[Receiver]:
    """A receiver for the length of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "https" if context else "http"
    receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_port}")
    server.receiver, server.behave, server.lock = receiver, behave, threading.Lock()  # type: ignore[attr-defined]  # The handler's.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class SyslogServer:
    """A syslog server over TLS: each connection is the bytes that came on it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.connections: list[bytearray] = []
        self.cut_after: int | None = None
        """After so many bytes the connection ends, once, without a word."""
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Hang up on everybody."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._read, args=(plain,)))
            self._threads[-1].start()

    def _read(self, plain: socket.socket) -> None:
        came = bytearray()
        self.connections.append(came)
        with (
            suppress(OSError),
            plain,
            self._context.wrap_socket(plain, server_side=True) as connection,
        ):
            self._open.append(connection)
            while octets := connection.recv(65_536):
                came.extend(octets)
                if self.cut_after is not None and len(came) >= self.cut_after:
                    self.cut_after = None
                    return


@contextmanager
def syslog_server(context: ssl.SSLContext) -> Generator[SyslogServer]:
    """A server for the length of the block."""
    server = SyslogServer(context)
    try:
        yield server
    finally:
        server.close()


class Authority:
    """Gives certificates, which only those believe that know it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
        own = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        usage = x509.KeyUsage(
            **dict.fromkeys(
                (
                    *("digital_signature", "content_commitment", "key_encipherment"),
                    *("data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
                ),
                False,
            ),
            key_cert_sign=True,
            crl_sign=True,
        )
        own = own.add_extension(usage, critical=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(
            own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def context(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """What a server needs to be `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        try:
            shown: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            shown = x509.DNSName(name)
        certificate = (
            self._builder(subject, key)
            .add_extension(x509.SubjectAlternativeName([shown]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"{name}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
        )
