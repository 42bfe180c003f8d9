"""Personal values of events: sealed with the data key of the person they are about, and opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import log_store
from appliance.db.audit_log import AuditValue, PersonKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import DamagedError, sentence
from appliance.security import sealing
from audit import entry

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer

MOST_NAMES = 500
"""In one question to the database."""
UNREADABLE = "(unreadable)"
"""What people and streams get of a value that was changed in the database. Exports refuse."""


@dataclass(frozen=True)
class Place:
    """Which value of which entry of which log."""

    log_id: int
    index: int
    number: int

    def __str__(self) -> str:
        return f"{self.log_id}/{self.index}/{self.number}"


@dataclass(frozen=True)
class Open:
    """A personal value that can be read."""

    place: Place
    field: str
    person: str
    salt: bytes
    words: str


@gate.open_to_everyone(because="the sequencer calls it, which has asked")
def seal(
    work: UnitOfWork, values: Sequence[Open], *, sealer: Sealer, now: datetime
) -> list[tuple[Any, ...]]:
    """Rows of sealed values. A person's first value makes their data key."""
    sealers = _sealers(work, {each.person for each in values}, sealer=sealer, now=now)
    return [
        (
            each.place.log_id,
            each.place.index,
            each.place.number,
            each.field,
            each.person,
            sealers[each.person].seal(each.salt + each.words.encode(), _place(each.place)),
        )
        for each in values
    ]


@gate.open_to_everyone(because="whoever reads a log has asked, and hands in its rows")
def unseal(
    work: UnitOfWork,
    rows: Iterable[AuditValue],
    *,
    sealer: Sealer,
    instead_of_damaged: str | None = None,
) -> Iterator[Open]:
    """The values that can still be read; those of erased persons are left out.

    Errors:
        DamagedError: a value or a key was changed in the database, and no words are given to
            stand in its place.
    """
    rows = list(rows)
    keys = _wrapped(work, {row.person for row in rows})
    sealers: dict[str, Sealer] = {}
    for row in rows:
        if row.person not in keys:
            continue
        try:
            if row.person not in sealers:
                place = _key_place(row.person)
                sealers[row.person] = sealer.with_data_key(keys[row.person], place)
            opened = _opened(row, sealers[row.person])
        except DamagedError:
            if instead_of_damaged is None:
                raise
            opened = _in_its_place(row, instead_of_damaged)
        yield opened


def _in_its_place(row: AuditValue, words: str) -> Open:
    place = Place(row.log_id, row.idx, row.number)
    return Open(place, row.field, row.person, bytes(entry.SALT_BYTES), words)


def _opened(row: AuditValue, sealer: Sealer) -> Open:
    place = Place(row.log_id, row.idx, row.number)
    sealed: object = row.sealed
    if not isinstance(sealed, bytes):  # SQLite keeps any type in any column.
        raise DamagedError(sentence("audit_values.sealed of %(place)s is no bytes.", place=place))
    opened = sealer.unseal(sealed, _place(place))
    salt, words = opened[: entry.SALT_BYTES], opened[entry.SALT_BYTES :]
    return Open(place, row.field, row.person, salt, words.decode())


def _sealers(
    work: UnitOfWork, persons: set[str], *, sealer: Sealer, now: datetime
) -> dict[str, Sealer]:
    # Held until the values are in: an erasure that comes now finds these values, too.
    keys = _wrapped(work, persons, hold=True)
    new = {each: sealer.new_data_key(_key_place(each)) for each in sorted(persons - keys.keys())}
    if new:
        log_store.put_person_keys(work.session.connection(), new, now=now)
    keys |= new
    return {person: sealer.with_data_key(key, _key_place(person)) for person, key in keys.items()}


def _wrapped(work: UnitOfWork, persons: set[str], *, hold: bool = False) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    names = sorted(persons)
    for start in range(0, len(names), MOST_NAMES):
        query = sa.select(PersonKey.person, PersonKey.wrapped).where(
            PersonKey.person.in_(names[start : start + MOST_NAMES]), PersonKey.wrapped.is_not(None)
        )
        if hold:
            query = query.with_for_update(read=True)
        found |= {row.person: row.wrapped for row in work.session.execute(query)}
    return found


def _place(place: Place) -> sealing.Place:
    return sealing.Place(AuditValue.__tablename__, "sealed", str(place))


def _key_place(person: str) -> sealing.Place:
    return sealing.Place(PersonKey.__tablename__, "wrapped", person)
