"""Letters by SMTP: one connection for several, its certificate checked (RFC 5321, 3207, 8314).

Threads are made as RFC 5322, section 3.6.4 says; the headers of machines are those of RFC 3834.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from appliance.delivery.target import RejectedError
from appliance.domain.foreign_words import cleaned
from appliance.errors import UnavailableError, sentence

if TYPE_CHECKING:
    from appliance.settings_sections import Mail

LONGEST_ANSWER = 300
PERMANENT = 500
"""Answers from here on stay what they are, however often one asks. Source: RFC 5321, 4.2.1."""


@dataclass(frozen=True)
class Letter:
    """What is written to one person."""

    to: str
    from_name: str
    subject: str
    text: str
    message_id: str
    written_at: datetime
    answers: str = ""
    """The letter that it belongs to, by its id; empty: it begins a thread."""
    headers: dict[str, str] = field(default_factory=dict)


class Post:
    """A mail server that takes letters. Its state: the connection to it."""

    def __init__(self, server: smtplib.SMTP, from_address: str) -> None:
        self._server = server
        self._from = from_address

    def send(self, letter: Letter) -> None:
        """Hand a letter over.

        Errors:
            RejectedError: the server does not want this one, and never will.
            UnavailableError: not now.
        """
        try:
            message = written(letter, self._from)
        except (ValueError, IndexError) as error:
            raise RejectedError(sentence("The e-mail address is not valid.")) from error
        try:
            self._server.send_message(message, self._from, [letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _refused(code, answer) from error
        except smtplib.SMTPSenderRefused as error:
            # That is about us, and somebody can put it right.
            raise _silent(error) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise _silent(error) from error


@contextmanager
def connected(rules: Mail, from_address: str) -> Iterator[Post]:
    """The mail server, for the length of the block.

    Errors:
        UnavailableError: it does not answer, its certificate does not count, or it knows no such
            user.
    """
    server = _open(rules)
    try:
        yield Post(server, from_address)
    finally:
        server.close()


def written(letter: Letter, from_address: str) -> EmailMessage:
    """A letter as it is sent.

    Errors:
        ValueError: an address is none.
    """
    message = EmailMessage(policy=WHOLE_IDS)
    message["From"] = Address(letter.from_name, addr_spec=from_address)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = letter.message_id
    if letter.answers:
        message["In-Reply-To"] = letter.answers
        message["References"] = letter.answers
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(letter.text)
    return message


class _WholeIds(EmailPolicy):
    """Writes ids and addresses on one line: the library would encode those that are too long for
    one of 78 characters, and no mail program would know them again.

    Source: RFC 5322, sections 2.1.1 and 3.6.4; RFC 2047, section 5.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in WHOLE and str(value).isascii():
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in WHOLE and str(value).isascii():
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


WHOLE = frozenset(
    {"message-id", "in-reply-to", "references", "list-id", "list-archive", "list-unsubscribe"}
)
WHOLE_IDS = _WholeIds(linesep="\r\n")


def _open(rules: Mail) -> smtplib.SMTP:
    server: smtplib.SMTP | None = None
    try:
        context = ssl.create_default_context()
        if rules.authorities_file:
            context.load_verify_locations(rules.authorities_file)
        if rules.security == "tls":
            server = smtplib.SMTP_SSL(
                rules.host, rules.port, timeout=rules.seconds, context=context
            )
        else:
            server = smtplib.SMTP(rules.host, rules.port, timeout=rules.seconds)
        if rules.security == "starttls":
            server.starttls(context=context)
        if rules.user:
            server.login(rules.user, rules.password.get_secret_value())
    except (OSError, smtplib.SMTPException) as error:
        if server is not None:
            server.close()
        raise _silent(error) from error
    return server


def _refused(code: int, answer: bytes | str) -> RejectedError | UnavailableError:
    octets = answer if isinstance(answer, bytes) else answer.encode()
    said = sentence(
        "The mail server answered with %(code)s: %(answer)s.",
        code=code,
        answer=cleaned(octets, LONGEST_ANSWER),
    )
    return RejectedError(said) if code >= PERMANENT else UnavailableError(said)


def _silent(error: Exception) -> UnavailableError:
    return UnavailableError(
        sentence("The mail server cannot be used: %(why)s.", why=str(error)[:LONGEST_ANSWER])
    )
