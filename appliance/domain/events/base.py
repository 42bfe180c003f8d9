"""What every audit event is made of.

An event says what happened, in the past tense. `personal()` marks a field whose value is about a
person: it is kept apart, so that it can be erased later without touching the log.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar
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
        return self._fields(personal=False)

    def personal_values(self) -> dict[str, str]:
        """The fields that are, as text."""
        return {name: str(value) for name, value in self._fields(personal=True).items()}

    def _fields(self, *, personal: bool) -> dict[str, Any]:
        return {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(self)
            if each.name not in HEADER_FIELDS
            and bool(each.metadata.get("personal")) is personal
            and getattr(self, each.name) is not None
        }
