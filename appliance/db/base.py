"""Declarative base, constraint names and common column types."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from appliance.domain.ids import new_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class MomentType(sa.TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so it is put back on the way out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a value of this type is outside the database."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse a time without a zone: it could mean anything."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(*members: type[enum.Enum]) -> sa.Enum:
    """Text with a CHECK, so that a migration can go back; holds the values, not the names."""
    return sa.Enum(
        *members,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda kind: [str(member.value) for member in kind],
    )


class Table(DeclarativeBase):
    """One class per noun. `audited = False` marks bookkeeping no event describes, and says why."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: MomentType(),
        enum.Enum: enum_type(enum.Enum),
        dict[str, Any]: sa.JSON(),
        list[str]: sa.JSON(),
        UUID: sa.Uuid(),
    }
    audited: ClassVar[bool] = True
    bookkeeping: ClassVar[frozenset[str]] = frozenset()
    """Columns of an audited table that only follow from what is recorded elsewhere."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


@cache
def is_audited(name: str) -> bool:
    """Whether a table keeps more than bookkeeping."""
    return all(
        mapper.class_.audited
        for mapper in Table.registry.mappers
        if mapper.local_table.name == name  # type: ignore[attr-defined]  # Every class is one table.
    )


def says_something(row: object) -> bool:
    """Whether more than bookkeeping was changed in a row."""
    ignored = row.bookkeeping if isinstance(row, Table) else frozenset()
    attributes = sa.inspect(row).attrs
    return any(
        attribute.history.has_changes() for attribute in attributes if attribute.key not in ignored
    )
