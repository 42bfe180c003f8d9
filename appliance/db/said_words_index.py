"""Words in conversations, as each database finds them."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from appliance.db.conversations import Conversation, SaidWords
from appliance.db.engine import is_sqlite
from appliance.domain import audit_words

KEPT: sa.ColumnElement[object] = sa.literal_column("conversation_texts.said_words_kept")
"""PostgreSQL fills this column by itself from the words; it is none of the model's."""
INDEX = sa.table("said_words", sa.column("rowid", sa.Integer()))


def note(session: Session, conversation_id: UUID, text_id: UUID, *texts: str) -> None:
    """Let a text be found by its words, as it is now."""
    found = audit_words.stored(texts)
    row = session.scalar(sa.select(SaidWords).where(SaidWords.text_id == text_id))
    if row is None:
        session.add(SaidWords(conversation_id=conversation_id, text_id=text_id, words=found))
    else:
        row.words = found


def add(session: Session, conversation_id: UUID, text_id: UUID, *texts: str) -> None:
    """Let a text be found that is new: nobody needs to look whether it is known."""
    words = audit_words.stored(texts)
    session.add(SaidWords(conversation_id=conversation_id, text_id=text_id, words=words))


def forget(session: Session, text_id: UUID) -> None:
    """Let a text be found no more."""
    session.execute(sa.delete(SaidWords).where(SaidWords.text_id == text_id))


def says(connection: sa.Connection, parts: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """The conversations in one text of which these words stand beside each other, in this order;
    the last may be the beginning of a longer one.

    Shapes: parts are words of `domain.audit_words`, which hold nothing that a database obeys.
    """
    found = sa.select(SaidWords.conversation_id).where(_matches(connection, parts))
    if len(parts) > 1:
        found = found.where(SaidWords.words.like(f"% {' '.join(parts)}%"))
    return Conversation.id.in_(found)


def _matches(connection: sa.Connection, parts: tuple[str, ...]) -> sa.ColumnElement[bool]:
    if is_sqlite(connection):
        words = " ".join(f'"{part}"' for part in parts) + "*"
        matched = sa.literal_column("said_words").op("MATCH")(words)
        return SaidWords.place.in_(sa.select(INDEX.c.rowid).where(matched))
    words = " & ".join(f"'{part}'" for part in parts) + ":*"
    return sa.cast(KEPT.op("@@")(sa.cast(words, postgresql.TSQUERY)), sa.Boolean())
