"""Reading a whole directory: everybody, and in which groups they are, to a spool.

What is read counts only as a whole. Whatever breaks off on the way is a `DirectoryError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.domain.claims import Address, Claims
from appliance.federation import ldap_answers, ldap_groups
from appliance.federation.ldap import Directory
from appliance.federation.ldap_answers import Entry
from appliance.federation.ldap_connection import Connection
from appliance.federation.ldap_groups import Above
from appliance.federation.ldap_names import both, plain_dn
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.ldap_spool import Row, Spool

GROUPS_AT_ONCE = 100
"""Groups in one page: each may have many members."""
MEMBERS_AT_ONCE = 10_000
PEOPLE_AT_ONCE = 500
COUNTED = ""
"""No DN of a member: above it stand the groups that are among those asked for."""

SAID = ("name", "display_name", "is_active", "former_subject")

Progress = Callable[[str, int], None]
"""Hears what is being read, and how much of it was."""


@dataclass(frozen=True)
class Known:
    """What was read of somebody; `claims` is empty where two entries say that they are them."""

    subject: str
    claims: Claims | None
    kept_out_by: str = ""
    """Why their entry lets them not in."""


@dataclass
class Reading:
    """A directory that was read, with the connection on which it was: single people can be asked
    for once more. Its state is what it has found out about groups so far.
    """

    connection: Connection
    settings: LdapSettings
    spool: Spool
    without_subject: int = 0
    """How many entries do not say who they are."""
    groups: int = 0

    def people(self) -> Iterator[list[Known]]:
        """Everybody, some at a time."""
        above = above_by(self)
        after = 0
        while rows := self.spool.people(after, PEOPLE_AT_ONCE):
            after = rows[-1].number
            yield [
                Known(
                    row.subject,
                    None if row.is_twice else self._claims(row, above),
                    row.said["kept_out_by"],
                )
                for row in rows
            ]

    def again(self, subject: str, *, now: datetime) -> Known | None:
        """What the directory says of one subject when it is asked for them alone; None: it has
        none, or several.

        Errors:
            DirectoryError: it does not answer, or not wholly.
        """
        settings = self.settings
        wanted = both(settings.user_filter, ldap_answers.subject_as_filtered(subject, settings))
        attributes = ldap_answers.attributes(settings)
        found = self.connection.search(settings.user_base, wanted, attributes, most=2)
        if len(found) != 1:
            return None
        groups = ldap_groups.groups_of(self.connection, settings, found[0])
        claims = ldap_answers.claims_of(found[0], settings, groups, now)
        return Known(subject, claims, _kept_out_by(found[0], now))

    def _claims(self, row: Row, above: Above | None) -> Claims:
        groups: frozenset[str] | None = None
        if above is not None:
            groups = frozenset().union(*(above(each) for each in self.spool.above(row.dn)))
        said = {name: row.said[name] for name in SAID}
        addresses = tuple(Address(*each) for each in row.said["addresses"])
        return Claims(subject=row.subject, addresses=addresses, groups=groups, **said)


def read(
    connection: Connection, settings: LdapSettings, spool: Spool, *, now: datetime, say: Progress
) -> Reading:
    """Read everybody and every group.

    Errors:
        DirectoryError: the answer is not whole.
    """
    spool.clear()
    found = Reading(connection, settings, spool)
    by_entry = bool(settings.group_base) and settings.groups_by != "search"
    attributes = ldap_answers.attributes(settings)
    attributes += ["memberOf"] if by_entry and "memberOf" not in attributes else []
    for page in connection.pages(settings.user_base, settings.user_filter, attributes):
        told = [(entry, *_told(entry, settings, now)) for entry in page]
        named = [each for each in told if each[1]]
        found.without_subject += len(told) - len(named)
        spool.add_people((subject, dn, said) for _, subject, dn, said in named)
        if by_entry:
            for entry, _, dn, _ in named:
                above = connection.texts(entry, "memberOf")
                spool.add_members([(dn, plain_dn(each)) for each in above])
        say("people", spool.count())
    if settings.group_base:
        _read_groups(connection, found, say)
    spool.ready()
    return found


def directory_read(
    directory: Directory, spool: Spool, act: Callable[[Reading], None], *, now: datetime,
    say: Progress,
) -> str:  # fmt: skip
    """Read a directory at one of its servers, and do something with it while it can still be asked
    for single people. Gives the server's name.

    Errors:
        DirectoryError: no server said everything.
    """

    def take(connection: Connection) -> str:
        act(read(connection, directory.settings, spool, now=now, say=say))
        return connection.server

    return directory.whole(take)


def above_by(reading: Reading) -> Above | None:
    """What says which groups a group leads to, each of them asked once; None: nothing is asked of
    groups.
    """
    settings = reading.settings
    if not settings.group_base:
        return None
    if settings.groups_by == "chain":
        return _chained(reading)
    directly = reading.spool.above if settings.groups_by == "search" else _asked(reading)
    return _walked(directly)


def _told(
    entry: Entry, settings: LdapSettings, now: datetime
) -> tuple[str, str, dict[str, Any]]:  # fmt: skip
    """Subject, plain DN, and the claims as they are kept."""
    claims = ldap_answers.claims_of(entry, settings, None, now)
    said = {
        "name": claims.name,
        "former_subject": claims.former_subject,
        "display_name": claims.display_name,
        "addresses": [(each.address, each.is_verified) for each in claims.addresses],
        "is_active": claims.is_active,
        "kept_out_by": _kept_out_by(entry, now),
    }
    return claims.subject if claims.subject.strip() else "", plain_dn(entry.dn), said


def _kept_out_by(entry: Entry, now: datetime) -> str:
    return ldap_answers.kept_out_by(entry, now) or ""


def _read_groups(connection: Connection, found: Reading, say: Progress) -> None:
    settings = found.settings
    by_member = settings.groups_by == "search"
    pages = connection.pages(
        settings.group_base,
        settings.group_filter,
        [settings.member_attribute if by_member else "memberOf"],
        size=GROUPS_AT_ONCE,
    )
    for page in pages:
        found.groups += len(page)
        if by_member:
            _keep_members(found.spool, _members(connection, settings, page))
        else:
            found.spool.add_members((COUNTED, plain_dn(entry.dn)) for entry in page)
            _keep_members(found.spool, _above(connection, page))
        say("groups", found.groups)


def _members(
    connection: Connection, settings: LdapSettings, page: list[Entry]
) -> Iterator[tuple[str, str]]:
    for entry in page:
        group = plain_dn(entry.dn)
        for member in connection.texts(entry, settings.member_attribute):
            yield plain_dn(member), group


def _above(connection: Connection, page: list[Entry]) -> Iterator[tuple[str, str]]:
    for entry in page:
        group = plain_dn(entry.dn)
        for above in connection.texts(entry, "memberOf"):
            yield group, plain_dn(above)


def _keep_members(spool: Spool, rows: Iterable[tuple[str, str]]) -> None:
    some: list[tuple[str, str]] = []
    for row in rows:
        some.append(row)
        if len(some) >= MEMBERS_AT_ONCE:
            spool.add_members(some)
            some = []
    spool.add_members(some)


def _walked(directly: Callable[[str], Iterable[str]]) -> Above:
    """From step to step; each group is asked once, so a circle of groups comes to an end."""
    asked: dict[str, tuple[str, ...]] = {}
    known: dict[str, frozenset[str]] = {}

    def above(group: str) -> frozenset[str]:
        if group not in known:
            found, waiting = {group}, [group]
            while waiting:
                each = waiting.pop()
                if each not in asked:
                    asked[each] = tuple(directly(each))
                waiting += [one for one in asked[each] if one not in found]
                found.update(asked[each])
            ldap_groups.insist_on_few(found)
            known[group] = frozenset(found)
        return known[group]

    return above


def _asked(reading: Reading) -> Callable[[str], Iterable[str]]:
    """What groups say, and what those above them say: see `ldap_groups.directly_above`."""
    connection, settings, spool = reading.connection, reading.settings, reading.spool
    counted = frozenset(spool.above(COUNTED))

    def directly(group: str) -> Iterable[str]:
        named = (
            spool.above(group)
            if group in counted
            else map(plain_dn, ldap_groups.named_above(connection, group))
        )
        naming = map(plain_dn, ldap_groups.naming(connection, settings, [group]))
        return dict.fromkeys([*named, *naming])

    return directly


def _chained(reading: Reading) -> Above:
    """What Active Directory finds through all steps, found here: there, each question would go
    through them anew. The steps may lead through groups that are not among those asked for.
    """
    spool = reading.spool
    counted = frozenset(spool.above(COUNTED))

    def directly(group: str) -> Iterable[str]:
        if group in counted:
            return spool.above(group)
        return map(plain_dn, ldap_groups.named_above(reading.connection, group))

    walked = _walked(directly)
    return lambda group: walked(group) & counted
