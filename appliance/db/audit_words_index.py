"""Words in the audit log, as each database finds them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from appliance.db.audit_log import AuditFinding
from appliance.db.engine import is_sqlite

# Spelled as in the migration that makes the index, or it would not be used.
LEXEMES: Any = sa.func.array_to_tsvector(
    sa.func.string_to_array(sa.func.btrim(AuditFinding.words), sa.literal_column("' '"))
)
COMMON = 20_000
"""Words in more entries than this are looked for in the entries themselves."""
AUDIT_WORDS = sa.table("audit_words", sa.column("rowid", sa.Integer()))


def says(
    connection: sa.Connection, parts: tuple[str, ...], *, is_prefix: bool
) -> sa.ColumnElement[bool]:
    """The entries in which these words stand beside each other, in this order.

    Shapes: parts are words of `domain.audit_words`, which hold nothing that a database obeys.
    """
    phrase = AuditFinding.words.like(f"% {' '.join(parts)}{'' if is_prefix else ' '}%")
    if not is_sqlite(connection):
        found = _on_postgresql(parts, is_prefix)
        return found if len(parts) == 1 else sa.and_(found, phrase)
    places = _on_sqlite(parts, is_prefix)
    if _is_common(connection, places):
        # PostgreSQL sees that itself: it is sooner found in the order that is wanted.
        return sa.and_(AuditFinding.words.is_not(None), phrase)
    found = AuditFinding.place.in_(places)
    return found if len(parts) == 1 else sa.and_(found, phrase)


def is_said(text: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """The entries of which one text is these words, no more and no less."""
    return ("|" + AuditFinding.words + "|").like(f"%| {' '.join(text)} |%")


def _on_sqlite(parts: tuple[str, ...], is_prefix: bool) -> sa.Select[int]:  # noqa: FBT001 - as its twin.
    words = " ".join(f'"{part}"' for part in parts) + ("*" if is_prefix else "")
    matched = sa.literal_column("audit_words").op("MATCH")(words)
    return sa.select(AUDIT_WORDS.c.rowid).where(matched)


def _is_common(connection: sa.Connection, places: sa.Select[int]) -> bool:
    some = places.limit(COMMON).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(some)) == COMMON


def _on_postgresql(parts: tuple[str, ...], is_prefix: bool) -> sa.ColumnElement[bool]:  # noqa: FBT001 - as its twin.
    words = " & ".join(f"'{part}'" for part in parts) + (":*" if is_prefix else "")
    matched = LEXEMES.op("@@")(sa.cast(words, postgresql.TSQUERY))
    # What was erased has no words: it does not say this, and `NOT` must find it.
    return sa.and_(AuditFinding.words.is_not(None), matched)
