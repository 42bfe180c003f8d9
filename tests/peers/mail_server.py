"""A mail server on the loopback address that keeps what it is given: aiosmtpd, over real SMTP."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

OK = "250 OK"


@dataclass
class Kept:
    """What a mail server was given, and how it answers."""

    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer: str = OK
    """To each recipient."""
    users: dict[str, str] = field(default_factory=dict)
    port: int = 0
    was_encrypted: bool = False

    async def handle_RCPT(  # noqa: N802 - the library's name.
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Whether somebody is known."""
        if self.answer == OK:
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(  # noqa: N802 - the library's name.
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a letter."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        letter = message_from_bytes(content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        self.was_encrypted = session.ssl is not None
        return OK


class _Controller(Controller):
    """On a port that the system chooses, which the library would otherwise not know."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def taking_letters(
    tls: ssl.SSLContext | None = None, users: dict[str, str] | None = None
) -> Generator[Kept]:
    """A mail server for the length of the block; with `tls` only after STARTTLS."""
    kept = Kept(users=users or {})

    def known(
        _server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any
    ) -> AuthResult:
        name, password = data.login.decode(), data.password.decode()
        return AuthResult(success=kept.users.get(name) == password)

    controller = _Controller(
        kept,
        hostname="127.0.0.1",
        port=0,
        tls_context=tls,
        require_starttls=tls is not None,
        authenticator=known if users else None,
        auth_required=bool(users),
        auth_require_tls=tls is not None,
    )
    controller.start()
    kept.port = controller.port
    try:
        yield kept
    finally:
        controller.stop()
