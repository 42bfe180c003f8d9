"""Many rows at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from appliance.db.base import Table
from appliance.db.engine import is_sqlite


def insert(
    connection: sa.Connection,
    table: type[Table],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Write rows as they are: by COPY on PostgreSQL, by one prepared statement on SQLite.

    Shapes: each row has one value for each of `columns`; UUIDs and times as Python has them.
    """
    if not rows:
        return
    name, names = table.__tablename__, ", ".join(columns)
    types = [table.__table__.c[column].type for column in columns]
    if is_sqlite(connection):
        processors = [each.bind_processor(connection.dialect) for each in types]
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {name} ({names}) VALUES ({marks})",  # noqa: S608 - our own words.
            [
                tuple(
                    convert(value) if convert else value
                    for convert, value in zip(processors, row, strict=True)
                )
                for row in rows
            ],
        )
        return
    driver: Any = connection.connection.driver_connection
    if driver.is_to_begin:
        connection.exec_driver_sql("SELECT 1")  # A transaction begins with its first statement.
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def json_value(connection: sa.Connection, value: Any) -> Any:
    """A value for a column of JSON: COPY takes its text, SQLite's column makes that itself."""
    return value if is_sqlite(connection) else json.dumps(value)
