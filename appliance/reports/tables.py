"""Tables as CSV (RFC 4180): UTF-8, CRLF, and nothing that a spreadsheet would run.

A cell that begins like a formula gets an apostrophe in front, which spreadsheets do not show; so
does one that begins with an apostrophe, so that a program can take it off again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from appliance.domain.reports import Cell, Table

LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
ENTRY = "log_entry"
"""The last column, where rows have entries in the audit log."""


def csv_lines(table: Table) -> Iterator[bytes]:
    """The lines of a table, headings first."""
    has_entries = bool(table.entries)
    yield _line((*table.columns, ENTRY) if has_entries else table.columns)
    for number, row in enumerate(table.rows):
        yield _line((*row, table.entries[number]) if has_entries else row)


def _line(cells: tuple[Cell, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode()


def _harmless(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.startswith(LIKE_A_FORMULA) else cell
