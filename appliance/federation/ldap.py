"""LDAP directories: whether a password is somebody's, and what the directory says of them.

Source: RFC 4511 (protocol), RFC 4513 (binds), RFC 2696 (pages).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from appliance.domain.claims import Claims
from appliance.federation import ldap_answers, ldap_groups
from appliance.federation.ldap_answers import Entry, Refusal
from appliance.federation.ldap_connection import (
    SUCCESS,
    Connection,
    DirectoryError,
    Failure,
    connected,
)
from appliance.federation.ldap_names import both, equals_any
from appliance.federation.ldap_settings import LdapSettings

Result = TypeVar("Result")


@dataclass(frozen=True)
class Kept:
    """Somebody whom the directory does not let in."""

    refusal: Refusal
    claims: Claims | None = None
    """What is certain of them all the same: their entry says that they may not enter."""


class Directory:
    """A directory on all its servers; remembers which of them answered last."""

    def __init__(self, settings: LdapSettings, authorities_file: str = "") -> None:
        self.settings = settings
        self.authorities_file = authorities_file
        self._order = list(settings.servers)

    def check(self, typed: str, password: str, *, now: datetime) -> Claims | Kept:
        """What the directory says of who typed a name and a password.

        Whether there is such a name shows neither in the answer's kind nor in how many questions
        the server is asked.

        Errors:
            DirectoryError: no server answered, or not wholly.
        """
        if not password:
            return Kept(Refusal.EMPTY_PASSWORD)
        with self.reached() as connection:
            found = self.find(connection, typed)
            entry = found[0] if len(found) == 1 else None
            refusal = self._bind_as(connection, entry, password)
            if entry is None:
                return Kept(Refusal.AMBIGUOUS if found else Refusal.UNKNOWN)
            state = ldap_answers.kept_out_by(entry, now)
            if state is not None:
                return Kept(state, self._claims(entry, None, now))
            if refusal is not None:
                return Kept(refusal)
            groups = ldap_groups.groups_of(connection, self.settings, entry)
            return self._claims(entry, groups, now)

    def find(self, connection: Connection, typed: str) -> list[Entry]:
        """The entries of who may be meant by a name; two at most."""
        settings = self.settings
        wanted = both(settings.user_filter, equals_any(settings.login_attributes, typed.strip()))
        attributes = ldap_answers.attributes(settings)
        return connection.search(settings.user_base, wanted, attributes, most=2)

    @contextmanager
    def reached(self) -> Iterator[Connection]:
        """A connection bound as the service account, to the first server that lets it.

        Errors:
            DirectoryError: there is none; or the account's name or password is wrong, which is not
                tried at the next, because that could lock it.
        """
        failed: list[str] = []
        for server in tuple(self._order):
            connection = Connection(self.settings, server, self.authorities_file)
            try:
                self._enter(connection)
            except DirectoryError as error:
                connection.close()
                if error.reason is Failure.SERVICE_ACCOUNT:
                    raise
                failed.append(f"{error.reason}: {error.detail}")
                continue
            self._order = [server, *(each for each in self._order if each != server)]
            try:
                yield connection
            finally:
                connection.close()
            return
        raise DirectoryError(Failure.NO_SERVER, "; ".join(failed))

    def whole(self, act: Callable[[Connection], Result]) -> Result:
        """Do something that asks one server much; where that breaks off, all of it at the next.

        Errors:
            DirectoryError: it went well at none; the reason is that of the last.
        """
        failed: list[DirectoryError] = []
        for _ in self.settings.servers:
            with self.reached() as connection:
                try:
                    return act(connection)
                except DirectoryError as error:
                    failed.append(error)
                    broken = connection.server
            self._order = [*(each for each in self._order if each != broken), broken]
        said = "; ".join(f"{error.reason}: {error.detail}" for error in failed)
        reason = failed[-1].reason
        raise DirectoryError(reason, said)

    def _enter(self, connection: Connection) -> None:
        connection.open()
        password = self.settings.bind_password.get_secret_value()
        answer = connection.bind(self.settings.bind_name, password)
        if answer.code != SUCCESS:
            raise DirectoryError(Failure.SERVICE_ACCOUNT, str(answer))

    def _bind_as(
        self, connection: Connection, entry: Entry | None, password: str
    ) -> Refusal | None:
        """Why the password does not count for this entry; where there is none, one that is made up
        is asked, so that both take as long.
        """
        dn = entry.dn if entry else f"cn={secrets.token_hex(8)},{self.settings.user_base}"
        with connected(self.settings, connection.server, self.authorities_file) as own:
            answer = own.bind(dn, password)
        return ldap_answers.refusal_of_bind(answer.code, answer.message, answer.policy)

    def _claims(self, entry: Entry, groups: frozenset[str] | None, now: datetime) -> Claims:
        return ldap_answers.claims_of(entry, self.settings, groups, now)


class Directories:
    """The directories that this process has spoken to, by what they were told."""

    MOST = 50

    def __init__(self, authorities_file: str = "") -> None:
        self.authorities_file = authorities_file
        self._known: dict[LdapSettings, Directory] = {}

    def of(self, settings: LdapSettings) -> Directory:
        """The directory of these settings."""
        if settings not in self._known and len(self._known) >= self.MOST:
            self._known.clear()
        made = Directory(settings, self.authorities_file)
        return self._known.setdefault(settings, made)
