"""In which groups a user of a directory is, groups within groups included.

`groups_of` asks for one person, and `Above` for many: what is above a group is asked once. Both say
the same of the same person.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from appliance.domain.claims import MOST_GROUPS
from appliance.federation.ldap_answers import Entry
from appliance.federation.ldap_connection import (
    EVERYTHING,
    Connection,
    DirectoryError,
    Failure,
)
from appliance.federation.ldap_names import any_of, both, equals_any, plain_dn
from appliance.federation.ldap_settings import LdapSettings

AT_ONCE = 50
"""Groups asked for in one search: a filter of some kilobytes, which every server takes."""
IN_CHAIN = "1.2.840.113556.1.4.1941"  # LDAP_MATCHING_RULE_IN_CHAIN: [MS-ADTS], 3.1.1.3.4.4.3.
NO_ATTRIBUTES = "1.1"  # RFC 4511, section 4.5.1.8.


class Above(Protocol):
    """Says of a group which groups being in it comes to, itself among them where it counts."""

    def __call__(self, group: str) -> frozenset[str]:
        """Shapes: plain DNs."""


def groups_of(
    connection: Connection, settings: LdapSettings, entry: Entry
) -> frozenset[str] | None:
    """The DNs of all groups that a user is in; None where nothing is asked of groups.

    Errors:
        DirectoryError: the answer is not whole, or there are too many.
    """
    if not settings.group_base:
        return None
    if settings.groups_by == "chain":
        return frozenset(in_chain(connection, settings, entry.dn))
    by_entry = settings.groups_by == "member_of"
    first = list(connection.texts(entry, "memberOf")) if by_entry else [entry.dn]
    known: dict[str, str] = {plain_dn(dn): dn for dn in first} if by_entry else {}
    asked = first
    while asked:
        fresh = {plain_dn(dn): dn for dn in directly_above(connection, settings, asked)}
        asked = [dn for plain, dn in fresh.items() if plain not in known]
        known |= fresh
        insist_on_few(known)
    return frozenset(known)


def directly_above(
    connection: Connection, settings: LdapSettings, members: list[str]
) -> Iterable[str]:
    """The groups that some people or groups are members of. Where entries say it themselves, the
    groups are asked too: OpenLDAP says it of a group only if its members were there before it.
    """
    if settings.groups_by == "member_of":
        for dn in members:
            yield from named_above(connection, dn)
    yield from naming(connection, settings, members)


def naming(connection: Connection, settings: LdapSettings, members: list[str]) -> Iterable[str]:
    """The groups that name one of these as a member."""
    for start in range(0, len(members), AT_ONCE):
        wanted = any_of(settings.member_attribute, members[start : start + AT_ONCE])
        yield from _found(connection, settings, both(settings.group_filter, wanted))


def named_above(connection: Connection, member: str) -> Iterable[str]:
    """The groups that an entry says that it is a member of."""
    for entry in connection.search(member, EVERYTHING, ["memberOf"], one=True):
        yield from connection.texts(entry, "memberOf")


def in_chain(connection: Connection, settings: LdapSettings, member: str) -> Iterable[str]:
    """All groups above a member, through all steps, as Active Directory finds them."""
    attribute = f"{settings.member_attribute}:{IN_CHAIN}:"
    wanted = both(settings.group_filter, equals_any([attribute], member))
    return map(plain_dn, _found(connection, settings, wanted))


def insist_on_few(groups: Iterable[str]) -> None:
    """Go on only with as many groups as one person may be in.

    Errors:
        DirectoryError: there are more.
    """
    if sum(1 for _ in groups) > MOST_GROUPS:
        raise DirectoryError(Failure.GROUPS, f"Somebody is in more than {MOST_GROUPS} groups.")


def _found(connection: Connection, settings: LdapSettings, wanted: str) -> list[str]:
    pages = connection.pages(settings.group_base, wanted, [NO_ATTRIBUTES])
    return [entry.dn for page in pages for entry in page]
