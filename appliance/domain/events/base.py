"""What every audit event is made of.

An event says what happened, in the past tense. `personal()` marks a field whose value is about a
person: it is kept apart, so that it can be erased later without touching the log.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

HEADER_FIELDS = frozenset({"about", "organisation_id", "person"})


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


def personal(default: Any = dataclasses.MISSING) -> Any:
    """A field whose value is personal: a name, an address, words people typed."""
    if default is dataclasses.MISSING:
        return field(metadata={"personal": True})
    return field(default=default, metadata={"personal": True})


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. `about` is the thing's id; `organisation_id` says in whose log.

    `person` is the pseudonym of whom the personal values are about, if not of the actor.
    """

    kind: ClassVar[str]
    target: ClassVar[str] = "instance"
    outcome: ClassVar[Outcome] = Outcome.SUCCESS
    is_awaited: ClassVar[bool] = False
    """Whether the change is answered only when the event is in a signed state of the log."""
    is_impersonal: ClassVar[bool] = False
    """Whether not even the address it came from is kept: verifiers read these without exception."""
    is_read: ClassVar[bool] = False
    """Whether nothing was changed: the setting `audit.reads` says whether it must be recorded."""

    about: UUID | None = None
    organisation_id: UUID | None = None
    person: str | None = None

    @property
    def category(self) -> str:
        """The part of the kind before the dot."""
        return self.kind.partition(".")[0]

    def body(self) -> dict[str, Any]:
        """The fields that are not personal."""
        return self._of(self._fields().plain)

    def personal_values(self) -> dict[str, str]:
        """The fields that are, as text."""
        return {name: str(value) for name, value in self._of(self._fields().personal).items()}

    def _of(self, names: tuple[str, ...]) -> dict[str, Any]:
        values = ((name, getattr(self, name)) for name in names)
        return {name: value for name, value in values if value is not None}

    def _fields(self) -> _Fields:
        kind: Any = type(self)  # For the type checker it would be hashed as its instances are.
        return _fields_of(kind)


class _Fields(NamedTuple):
    """The names of what a kind of event says beside its header."""

    plain: tuple[str, ...]
    personal: tuple[str, ...]


@cache
def _fields_of(kind: Any) -> _Fields:
    found = [each for each in dataclasses.fields(kind) if each.name not in HEADER_FIELDS]
    return _Fields(
        tuple(each.name for each in found if not each.metadata.get("personal")),
        tuple(each.name for each in found if each.metadata.get("personal")),
    )


def all_events() -> list[type[Event]]:
    """Every kind of event there is, by kind."""
    return sorted(Event.__subclasses__(), key=lambda event: event.kind)
