"""Distinguished names and filters: how they are compared, and how what a stranger types gets in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from appliance.late import Late

if TYPE_CHECKING:
    from appliance.federation import quiet_ldap3
else:
    quiet_ldap3 = Late("appliance.federation.quiet_ldap3")

PLAIN = re.compile(r'(?:[A-Za-z][A-Za-z0-9-]*=[^\s,+"\\<>;=#]+(?:,|\Z))+')
"""What most DNs are: nothing to escape, and no spaces."""
TO_ESCAPE = re.compile(r'[,+"\\<>;=]|^[ #]| $')
ESCAPED = re.compile(rb"\\([0-9a-fA-F]{2})|\\(.)|([^\\]+)", re.DOTALL)


def plain_dn(text: str) -> str:
    """A DN in its plainest spelling: small letters, single spaces, and one way to escape. What is
    no DN is given back as it is, on one line.

    Source: RFC 4514; RFC 4518, section 2.6.1, for spaces.
    """
    if PLAIN.fullmatch(text) and not text.endswith(","):
        return text.casefold()
    try:
        parts = quiet_ldap3.parse_dn(text.strip(), escape=False, strip=True)
    except quiet_ldap3.LDAPException:
        return " ".join(text.split())
    if not parts:
        return ""
    return "".join(f"{kind.casefold()}={_value(value)}{mark}" for kind, value, mark in parts)


def _value(text: str) -> str:
    plain = " ".join(_unescaped(text).casefold().split())
    return TO_ESCAPE.sub(lambda found: f"\\{found.group()}", plain)


def _unescaped(text: str) -> str:
    r"""The value that a text means: `\2c` and `\,` are both a comma."""
    found = b"".join(
        bytes.fromhex(pair.decode()) if pair else single or rest
        for pair, single, rest in ESCAPED.findall(text.encode())
    )
    return found.decode(errors="replace")


def equals_any(attributes: Iterable[str], value: str) -> str:
    """The filter for entries of which one of these attributes is exactly this value."""
    escaped = quiet_ldap3.escape_filter_chars(value)
    return f"(|{''.join(f'({each}={escaped})' for each in attributes)})"


def any_of(attribute: str, values: Iterable[str]) -> str:
    """The filter for entries of which this attribute is one of these values."""
    found = "".join(f"({attribute}={quiet_ldap3.escape_filter_chars(each)})" for each in values)
    return f"(|{found})"


def both(one: str, other: str) -> str:
    """The filter for what both filters let through."""
    return f"(&{one}{other})"
