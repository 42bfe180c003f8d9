"""What becomes of a role that a person may have given, and identity providers may give too.

What a system gives lasts as long as it says so. What a person gave stays, and counts again when the
system's is gone. Of both, the one that allows more is in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Held:
    """A role in force, and where it comes from."""

    role: str
    provider_id: UUID | None = None
    """None: a person gave it."""
    given: str | None = None
    """What a person gave, where a provider's is in force."""

    @property
    def by_person(self) -> str | None:
        """What a person gave, in force or not."""
        return self.role if self.provider_id is None else self.given


@dataclass(frozen=True)
class Provided:
    """A role that a provider gives by a group."""

    role: str
    provider_id: UUID


def settled(held: Held | None, said: Provided | None, order: tuple[str, ...]) -> Held | None:
    """What is to be held, after what a provider says now; nothing where neither gives any."""
    given = held.by_person if held else None
    if said is None:
        return Held(given) if given else None
    if given is not None and order.index(given) >= order.index(said.role):
        return Held(given)
    return Held(said.role, said.provider_id, given)


def strongest(said: list[Provided], order: tuple[str, ...]) -> Provided | None:
    """Of what several groups and providers give, the one that allows most; the first of equals."""
    return max(said, key=lambda each: order.index(each.role), default=None)
