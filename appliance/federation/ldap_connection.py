"""A connection to one server of a directory: verified TLS, limits in time, and plain answers.

Referrals are never followed: they name other servers, which nobody here has approved.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from appliance.errors import UnavailableError, sentence
from appliance.federation.ldap_answers import POLICY_CONTROL, Entry, piece_of
from appliance.federation.ldap_settings import LdapSettings, address_of
from appliance.late import Late

if TYPE_CHECKING:
    from appliance.federation import quiet_ldap3
else:
    quiet_ldap3 = Late("appliance.federation.quiet_ldap3")

PAGED = "1.2.840.113556.1.4.319"
PAGE = 500
SUCCESS, NO_SUCH_OBJECT, SIZE_LIMIT = 0, 32, 4
EVERYTHING = "(objectClass=*)"
BUSY = frozenset({51, 52, 80})
"""The server cannot now; another may: busy, unavailable, other."""


class Failure(StrEnum):
    """At what it failed."""

    CONNECT = "connect"
    BIND = "bind"
    SEARCH = "search"
    GROUPS = "groups"
    TIME_OUT = "time_out"
    BUSY = "busy"
    SERVICE_ACCOUNT = "service_account"
    NO_SERVER = "no_server"
    NOBODY = "nobody"
    """It says that nobody is there, which no directory in use means."""


class DirectoryError(UnavailableError):
    """A directory did not answer, or not wholly. `reason` and `detail` are for administrators."""

    code = "directory_unavailable"

    def __init__(self, reason: Failure, detail: str) -> None:
        super().__init__(sentence("The directory does not answer as it should. Try again later."))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Answer:
    """How a server answered a bind."""

    code: int
    description: str
    message: str
    policy: bytes | None = None
    """The value of the password policy's control, if there was one."""

    def __str__(self) -> str:
        return " ".join(f"{self.code} {self.description} {self.message}".split())


class Connection:
    """A conversation with one server. Use as `with connected(...)`."""

    def __init__(self, settings: LdapSettings, server: str, authorities_file: str = "") -> None:
        self.server = server
        self._settings = settings
        host, port = address_of(server)
        self._raw = quiet_ldap3.RawConnection(
            quiet_ldap3.ldap3.Server(
                host,
                port=port,
                use_ssl=settings.encryption == "ldaps",
                tls=None if settings.encryption == "none" else _tls(settings, authorities_file),
                get_info=quiet_ldap3.ldap3.NONE,
                connect_timeout=settings.connect_seconds,
            ),
            auto_bind=quiet_ldap3.ldap3.AUTO_BIND_NONE,
            auto_referrals=False,
            auto_range=False,  # It takes a piece for all where the next does not come.
            check_names=False,
            read_only=True,
            return_empty_attributes=False,
            receive_timeout=settings.answer_seconds,
        )

    def open(self) -> None:
        """Reach the server, and be sure that it is it.

        Errors:
            DirectoryError: it is not there, or shows a certificate that does not count.
        """
        with self._limited(Failure.CONNECT):
            self._raw.open(read_server_info=False)
            if self._settings.encryption == "starttls":
                self._raw.start_tls(read_server_info=False)

    def bind(self, name: str, password: str) -> Answer:
        """What the server says to a name and a password, which is not empty.

        Errors:
            DirectoryError: it says nothing, or cannot now.
        """
        if not name or not password:
            # RFC 4513, section 5.1.2: it would answer success, and mean nobody.
            raise ValueError("A bind without a name or a password shows nothing.")
        with self._limited(Failure.BIND):
            self._raw.rebind(
                user=name,
                password=password,
                authentication=quiet_ldap3.ldap3.SIMPLE,
                read_server_info=False,
                controls=[(POLICY_CONTROL, False, None)],
            )
        answer = _answer(self._raw.result)
        if answer.code in BUSY:
            raise DirectoryError(Failure.BUSY, str(answer))
        return answer

    def search(
        self, base: str, wanted: str, attributes: list[str], *, most: int = 0, one: bool = False
    ) -> list[Entry]:
        """Entries that a filter lets through, at most `most` of them, if that is not 0; of `one`
        entry, itself. A base that does not exist has none.

        Errors:
            DirectoryError: the answer is not whole.
        """
        with self._limited(Failure.SEARCH):
            self._raw.search(
                base,
                wanted,
                search_scope=quiet_ldap3.ldap3.BASE if one else quiet_ldap3.ldap3.SUBTREE,
                attributes=attributes,
                size_limit=most,
                time_limit=self._settings.answer_seconds,
            )
        code = self._raw.result["result"]
        is_enough = code == SIZE_LIMIT and most > 0
        if code not in {SUCCESS, NO_SUCH_OBJECT} and not is_enough:
            raise DirectoryError(Failure.SEARCH, str(_answer(self._raw.result)))
        return list(_entries(self._raw.response))

    def pages(
        self, base: str, wanted: str, attributes: list[str], *, size: int = PAGE
    ) -> Generator[list[Entry]]:
        """All entries that a filter lets through, a page at a time.

        Errors:
            DirectoryError: the answer is not whole: what came before must not count as all.
        """
        cookie: bytes | None = None
        while True:
            with self._limited(Failure.SEARCH):
                self._raw.search(
                    base,
                    wanted,
                    search_scope=quiet_ldap3.ldap3.SUBTREE,
                    attributes=attributes,
                    time_limit=self._settings.answer_seconds,
                    paged_size=size,
                    paged_criticality=True,
                    paged_cookie=cookie,
                )
            if self._raw.result["result"] != SUCCESS:
                raise DirectoryError(Failure.SEARCH, str(_answer(self._raw.result)))
            control = (self._raw.result.get("controls") or {}).get(PAGED)
            if control is None:
                # RFC 2696, section 3: it is always there. Without it, who knows what is missing?
                raise DirectoryError(Failure.SEARCH, f"{self.server}: a page of no known place")
            yield list(_entries(self._raw.response))
            cookie = control["value"]["cookie"]
            if not cookie:
                return

    def texts(self, entry: Entry, attribute: str) -> Iterator[str]:
        """All values of an attribute that are text, also where the server gives but some at once.

        Errors:
            DirectoryError: the answer is not whole.
        Source: [MS-ADTS], section 3.1.1.3.1.3.3.
        """
        values, following = piece_of(entry, attribute)
        yield from (each.decode(errors="replace") for each in values)
        while following:
            wanted = [f"{attribute};range={following}-*"]
            found = self.search(entry.dn, EVERYTHING, wanted, one=True)
            values, following = piece_of(found[0], attribute) if found else ((), 0)
            if not values:
                raise DirectoryError(Failure.SEARCH, f"{entry.dn}: {attribute} ends in the middle")
            yield from (each.decode(errors="replace") for each in values)

    def certificate(self) -> bytes | None:
        """The certificate that the server showed, in DER; none without TLS."""
        found = self._raw.socket
        return found.getpeercert(binary_form=True) if isinstance(found, ssl.SSLSocket) else None

    def close(self) -> None:
        """End the conversation."""
        with suppress(quiet_ldap3.LDAPException, OSError):
            self._raw.unbind()
        self._raw.socket = None

    @contextmanager
    def _limited(self, step: Failure) -> Generator[None]:
        """An exchange that ends in time, even if the server sends a byte now and then for ever."""
        seconds = self._settings.connect_seconds + self._settings.answer_seconds
        is_over, began = threading.Event(), time.monotonic()

        def hang_up() -> None:
            is_over.set()
            with suppress(OSError, TypeError):
                # Not that of TLS, which would go on without it.
                socket.socket.shutdown(self._raw.socket, socket.SHUT_RDWR)

        watch = threading.Timer(seconds, hang_up)
        watch.daemon = True
        watch.start()
        try:
            yield
        except (quiet_ldap3.LDAPException, OSError) as error:
            # ldap3 says of a bind that nobody answers that the server closed the connection.
            is_late = time.monotonic() - began >= self._settings.answer_seconds
            is_late = is_late or is_over.is_set() or "timed out" in str(error)
            reason = Failure.TIME_OUT if is_late else step
            raise DirectoryError(reason, f"{self.server}: {error}") from error
        finally:
            watch.cancel()


@contextmanager
def connected(
    settings: LdapSettings, server: str, authorities_file: str = ""
) -> Iterator[Connection]:
    """A connection to a server, which nobody has bound yet. Where the settings name no authority of
    its own, those of the file are believed beside the system's.

    Errors:
        DirectoryError: it is not there, or shows a certificate that does not count.
    """
    connection = Connection(settings, server, authorities_file)
    try:
        connection.open()
        yield connection
    finally:
        connection.close()


def _tls(settings: LdapSettings, authorities_file: str) -> quiet_ldap3.VerifiedTls:
    context = ssl.create_default_context(cadata=settings.authority or None)
    if authorities_file and not settings.authority:
        context.load_verify_locations(authorities_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return quiet_ldap3.VerifiedTls(context)


def _answer(result: dict[str, Any]) -> Answer:
    control = (result.get("controls") or {}).get(POLICY_CONTROL)
    value = control["value"] if control else None
    return Answer(
        code=result["result"],
        description=result["description"],
        message=result["message"].strip("\x00"),
        policy=value if isinstance(value, bytes) else None,
    )


def _entries(response: list[dict[str, Any]] | None) -> Iterator[Entry]:
    for each in response or ():
        if each["type"] == "searchResEntry":
            values = {name.casefold(): found for name, found in each["raw_attributes"].items()}
            yield Entry(each["dn"], values)
