"""JSON from others, asked for without trust: each value of its kind, or an error with its field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

LONGEST_TEXT = 4096
MOST_ITEMS = 200_000
"""Of one list. The longest lists of versions known have some ten thousand."""

Word = TypeVar("Word", bound=StrEnum)


class RecordError(Exception):
    """A field is missing, or not what it should be. Whoever reads a format says so in its words."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def mapping(value: object, field: str) -> Mapping[str, Any]:
    """A value that must be a mapping."""
    if not isinstance(value, Mapping):
        raise RecordError(field)
    return value


def items(row: Mapping[str, Any], field: str, most: int = MOST_ITEMS) -> list[Any]:
    """The list under a field; an empty one where nothing is."""
    value = row.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > most:
        raise RecordError(field)
    return value


def mappings(
    row: Mapping[str, Any], field: str, most: int = MOST_ITEMS
) -> Iterator[Mapping[str, Any]]:
    """The mappings of a list."""
    for each in items(row, field, most):
        yield mapping(each, field)


def texts(row: Mapping[str, Any], field: str, most: int = MOST_ITEMS) -> Iterator[str]:
    """The texts of a list."""
    for each in items(row, field, most):
        yield checked(each, field)


def text(row: Mapping[str, Any], field: str) -> str:
    """The text under a field, which must be there."""
    return checked(row.get(field), field)


def maybe(row: Mapping[str, Any], field: str) -> str:
    """The text under a field; an empty one where nothing is."""
    return text(row, field) if row.get(field) else ""


def checked(value: object, field: str) -> str:
    """A text that is not empty and no longer than it may be."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise RecordError(field)
    return value


def moment(row: Mapping[str, Any], field: str) -> datetime:
    """A time; where it does not say of which zone, it is taken as UTC."""
    try:
        found = datetime.fromisoformat(text(row, field))
    except ValueError as error:
        raise RecordError(field) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def choice(kind: type[Word], value: object, field: str) -> Word:
    """One of the words of a kind."""
    try:
        return kind(str(value))
    except ValueError as error:
        raise RecordError(field) from error
