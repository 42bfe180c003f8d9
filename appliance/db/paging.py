"""Pages of a list by keyset: each says where the next begins, whatever comes or goes meanwhile.

`after` and `next` are text in which the last row's key values stand; doors sign it as a cursor.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import QueryableAttribute, Session

from appliance.errors import InvalidError, sentence

Item = TypeVar("Item")
Columns = TypeVarTuple("Columns")

Key = QueryableAttribute[Any]

USUAL_LIMIT = 50
LARGEST_LIMIT = 1000
LARGEST_NUMBER = 2**63 - 1  # What both databases keep.


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list, and where the rest begins; `next` is None on the last page."""

    items: list[Item]
    next: str | None = None


def page(
    session: Session,
    query: sa.Select[*Columns],
    *keys: Key,
    make: Callable[[sa.Row[*Columns]], Item],
    after: str | None = None,
    limit: int = USUAL_LIMIT,
    newest_first: bool = False,
) -> Page[Item]:
    """The items after `after`, in the order of `keys`, which together are unique and never null.

    `make` turns a row of the query into an item. `newest_first` turns the order around.

    Errors:
        InvalidError: the limit is out of range, or `after` is no place in this list.
    """
    if not 1 <= limit <= LARGEST_LIMIT:
        raise InvalidError.of(
            "limit",
            sentence("A page has 1 to %(largest_limit)s items.", largest_limit=LARGEST_LIMIT),
        )
    if after is not None:
        place = sa.tuple_(*_read_place(keys, after))
        here = sa.tuple_(*keys)
        query = query.where(here < place if newest_first else here > place)
    order = [key.desc() if newest_first else key.asc() for key in keys]
    marks = [key.label(f"key_{number}") for number, key in enumerate(keys)]
    marked = query.add_columns(*marks).order_by(*order).limit(limit + 1)
    rows = session.execute(marked).all()
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return Page([make(row) for row in shown], place_of(last[-len(keys) :]) if last else None)


def in_order(orders: Mapping[str, tuple[Key, ...]], order: str) -> tuple[tuple[Key, ...], bool]:
    """The keys of a named order, and whether it goes downwards: `name`, or `-name`.

    Errors:
        InvalidError: the list has no such order.
    """
    keys = orders.get(order.removeprefix("-"))
    if keys is None:
        known = ", ".join(orders)
        raise InvalidError.of(
            "sort", sentence("This list can be sorted by: %(known)s.", known=known)
        )
    return keys, order.startswith("-")


def only(row: sa.Row[Item]) -> Item:
    """The item of a query that selects one thing."""
    return row[0]


def place_of(values: Sequence[Any]) -> str:
    """The place in a list behind a row that has these values of its keys."""
    return json.dumps([_as_json(value) for value in values], separators=(",", ":"))


def _as_json(value: Any) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


def _read_place(keys: Sequence[Key], after: str) -> list[sa.ColumnElement[Any]]:
    try:
        values = json.loads(after)
        if not isinstance(values, list):
            raise TypeError(after)  # noqa: TRY301 - the same answer as for any other nonsense.
        return [
            sa.literal(_from_json(key, value), type_=key.type)
            for key, value in zip(keys, values, strict=True)
        ]
    except (ValueError, TypeError) as error:
        raise InvalidError.of("cursor", "This cursor does not belong to this list.") from error


def _from_json(key: Key, value: Any) -> Any:
    kind = key.type.python_type
    if kind is int and type(value) is int and abs(value) <= LARGEST_NUMBER:
        return value
    if kind is int or not isinstance(value, str) or "\x00" in value:
        raise TypeError(value)
    if kind is UUID:
        return UUID(value)
    if kind is not datetime:
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment
