"""What a transaction on PostgreSQL writes last, with its commit (see postgresql_line.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class NotLastError(Exception):
    """What was to be written last was refused, and nothing was committed; the cause says why."""


@dataclass(frozen=True)
class Last:
    """A statement for the end of a transaction, in the driver's innermost words.

    Each value is as the server reads it, with 0 for text and 1 for bytes beside it.
    """

    statement: bytes
    values: Sequence[bytes | None]
    formats: Sequence[int]
