"""In which groups a user of a directory is, groups within groups included."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.domain.claims import MOST_GROUPS
from appliance.federation.ldap_answers import Entry
from appliance.federation.ldap_connection import Connection, DirectoryError, Failure
from appliance.federation.ldap_names import any_of, both, equals_any, plain_dn
from appliance.federation.ldap_settings import LdapSettings

AT_ONCE = 50
"""Groups asked for in one search: a filter of some kilobytes, which every server takes."""
IN_CHAIN = "1.2.840.113556.1.4.1941"  # LDAP_MATCHING_RULE_IN_CHAIN: [MS-ADTS], 3.1.1.3.4.4.3.
NO_ATTRIBUTES = "1.1"  # RFC 4511, section 4.5.1.8.


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
        wanted = both(
            settings.group_filter,
            equals_any([f"{settings.member_attribute}:{IN_CHAIN}:"], entry.dn),
        )
        return frozenset(plain_dn(dn) for dn in _found(connection, settings, wanted))
    first = entry.texts("memberOf") if settings.groups_by == "member_of" else [entry.dn]
    return _walked(connection, settings, first)


def _walked(connection: Connection, settings: LdapSettings, first: list[str]) -> frozenset[str]:
    """All groups from some on: each is asked once, so a circle of groups comes to an end."""
    is_up = settings.groups_by == "search"
    known: dict[str, str] = {} if is_up else {plain_dn(dn): dn for dn in first}
    asked = first
    while asked:
        found = _above(connection, settings, asked) if is_up else _named(connection, asked)
        fresh = {plain_dn(dn): dn for dn in found}
        asked = [dn for plain, dn in fresh.items() if plain not in known]
        known |= fresh
        if len(known) > MOST_GROUPS:
            raise DirectoryError(Failure.GROUPS, f"Somebody is in more than {MOST_GROUPS} groups.")
    return frozenset(known)


def _above(connection: Connection, settings: LdapSettings, members: list[str]) -> list[str]:
    """The groups that one of these is a member of."""
    found: list[str] = []
    for start in range(0, len(members), AT_ONCE):
        wanted = any_of(settings.member_attribute, members[start : start + AT_ONCE])
        found += _found(connection, settings, both(settings.group_filter, wanted))
    return found


def _named(connection: Connection, groups: list[str]) -> Iterable[str]:
    """The groups that these groups name as their own."""
    for dn in groups:
        for entry in connection.search(dn, "(objectClass=*)", ["memberOf"], one=True):
            yield from entry.texts("memberOf")


def _found(connection: Connection, settings: LdapSettings, wanted: str) -> list[str]:
    pages = connection.pages(settings.group_base, wanted, [NO_ATTRIBUTES])
    return [entry.dn for page in pages for entry in page]
