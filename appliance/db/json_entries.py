"""Looking into JSON columns: what one of the two databases says otherwise than the other."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from appliance.db.engine import is_sqlite


def entries(
    session: Session, column: InstrumentedAttribute[dict[str, Any]], name: str
) -> sa.TableValuedAlias:
    """The objects of a list that a JSON object holds under a name, as rows with a JSON `value`.

    The name is none that a client chose: it goes into the database's own notation.
    """
    value: sa.ColumnClause[Any] = sa.column("value", sa.JSON)
    if is_sqlite(session.get_bind()):
        return sa.func.json_each(column, f'$."{name}"').table_valued(value, name="entry")
    return sa.func.json_array_elements(column[name]).table_valued(value, name="entry")


def by_code_points(session: Session, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A text that is ordered as SQLite orders it, on both databases."""
    return text if is_sqlite(session.get_bind()) else text.collate("C")
