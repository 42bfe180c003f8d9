"""What people say of themselves: a few words, where they are, their page elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from appliance.errors import InvalidError, sentence

LONGEST = {"about": 300, "location": 100, "website": 200}
"""In characters, by the name of the field."""


def check_profile(field: str, text: str) -> str:
    """What somebody says of themselves in a field, on one line; it may be empty.

    Errors:
        InvalidError: it is too long, not printable, or no address of a page.
    """
    cleaned = " ".join(text.split())
    most = LONGEST[field]
    if len(cleaned) > most or not cleaned.isprintable():
        raise InvalidError.of(field, sentence("At most %(most)s printable characters.", most=most))
    if field == "website" and cleaned and not _is_page(cleaned):
        raise InvalidError.of(
            field, sentence("Give an address that begins with https:// or http://.")
        )
    return cleaned


def _is_page(address: str) -> bool:
    """Whether an address leads to a page, and names nobody who would sign in there."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    is_plain = " " not in address and "@" not in parts.netloc
    return parts.scheme in {"http", "https"} and bool(host) and is_plain
