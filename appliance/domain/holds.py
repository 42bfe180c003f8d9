"""Legal holds: what must not be deleted while a matter is open, whatever else says so.

A matter has scopes. A scope names what it is about, one list for each kind of fact; a list that is
empty asks nothing, and all that ask must agree. What is not known of a thing agrees: a hold takes
too much rather than too little.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase


class ItemClass(StrEnum):
    """What is kept, by the way it ends."""

    AUDIT_BODY = "audit_body"
    PERSONAL_DETAIL = "personal_detail"
    REPOSITORY = "repository"
    DELETED_REPOSITORY = "deleted_repository"
    DELETED_BRANCH = "deleted_branch"
    REPLACED_COMMIT = "replaced_commit"
    LFS_OBJECT = "lfs_object"
    PULL_REQUEST = "pull_request"
    ISSUE = "issue"
    SCAN = "scan"
    ARTEFACT = "artefact"
    BACKUP = "backup"
    MODEL = "model"
    DATASET = "dataset"
    LOG = "log"
    SESSION = "session"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Item:
    """One thing that is kept, with what is known of it.

    `item_class` is text: a class that nobody here knows is kept. `people` and `refs` are None where
    nobody can say. `parts` are what it depends on: what holds one of them holds it.
    """

    item_class: str
    id: str
    began_at: datetime
    organisation: str | None = None
    repository: str | None = None
    label: str | None = None
    people: AbstractSet[str] | None = frozenset()
    refs: AbstractSet[str] | None = frozenset()
    locked_until: datetime | None = None
    is_to_be_erased: bool = False
    parts: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Span:
    """From a moment to a moment, the second not included; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the moment is in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Scope:
    """What a matter is about. `refs` are patterns; everything else is named as it is."""

    classes: AbstractSet[str] = frozenset()
    organisations: AbstractSet[str] = frozenset()
    repositories: AbstractSet[str] = frozenset()
    people: AbstractSet[str] = frozenset()
    refs: AbstractSet[str] = frozenset()
    ids: AbstractSet[str] = frozenset()
    span: Span = field(default_factory=Span)

    def covers(self, item: Item) -> bool:
        """Whether it is about this thing, or about something that the thing depends on."""
        return self._covers_itself(item) or any(self.covers(part) for part in item.parts)

    def _covers_itself(self, item: Item) -> bool:
        return (
            _names(self.classes, item.item_class)
            and _names(self.organisations, item.organisation)
            and _names(self.repositories, item.repository)
            and _names(self.ids, item.id)
            and _meets(self.people, item.people)
            and _matches(self.refs, item.refs)
            and self.span.covers(item.began_at)
        )


@dataclass(frozen=True)
class Hold:
    """A matter that is open, with its scopes. One without a scope covers nothing."""

    matter: str
    scopes: tuple[Scope, ...]

    def covers(self, item: Item) -> bool:
        """Whether this thing must not be deleted for its sake."""
        return any(scope.covers(item) for scope in self.scopes)


def _names(asked: AbstractSet[str], known: str | None) -> bool:
    return not asked or known is None or known in asked


def _meets(asked: AbstractSet[str], known: Iterable[str] | None) -> bool:
    return not asked or known is None or not asked.isdisjoint(known)


def _matches(patterns: AbstractSet[str], refs: Iterable[str] | None) -> bool:
    if not patterns or refs is None:
        return True
    return any(fnmatchcase(ref, pattern) for ref in refs for pattern in patterns)
