"""What is known of a change to one ref when rules are asked whether it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.domain.policies import Moment
from appliance.domain.protection import Movement

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from appliance.domain.checks import Report
    from appliance.domain.merge_facts import CheckOutcome, MergeFacts
    from appliance.domain.permissions import Role
    from appliance.domain.policies import PolicyFinding


@dataclass(frozen=True)
class ActorFacts:
    """Who makes the change, and what they are to the repository."""

    user_id: UUID | None = None
    role: Role | None = None
    team_ids: frozenset[UUID] = frozenset()
    """Their teams, with the teams around those."""
    addresses: frozenset[str] = frozenset()
    """Verified addresses of theirs, as they are compared."""
    is_organisation_owner: bool = False
    is_administrator: bool = False
    may_bypass_protection: bool = False
    """Whether they, and what they signed in with, may push past rules of the repository."""


@dataclass(frozen=True)
class CommitFacts:
    """A commit that is new to the ref."""

    oid: str
    message: str
    author_address: str
    """As it is compared."""
    parents: int = 1


@dataclass(frozen=True)
class FileFacts:
    """A file that a new commit adds, changes or removes."""

    path: bytes
    commit: str
    size_bytes: int | None = None
    """None: it is removed, or is no file but another repository."""


@dataclass(frozen=True)
class Contents:
    """What the ref would get."""

    commits: tuple[CommitFacts, ...] = ()
    files: tuple[FileFacts, ...] = ()
    findings: tuple[PolicyFinding, ...] = ()
    """What policies have found in the files, where they were asked."""
    is_too_much: bool = False
    """There is more than was looked at, which is reason enough to refuse it."""


@dataclass(frozen=True)
class ChangeFacts:
    """One ref that moves, or would move by a merge."""

    ref: bytes
    movement: Movement
    at: datetime
    actor: ActorFacts = field(default_factory=ActorFacts)
    contents: Contents | None = None
    """None where nobody has looked: rules about contents say nothing then."""
    lacking: tuple[str, ...] = ()
    """In sentences, what signatures of new commits and tags lack."""
    unsigned: tuple[str, ...] = ()
    """In sentences, why the push does not count as signed."""
    checks: Mapping[str, CheckOutcome] = field(default_factory=dict)
    """What came of checks of the commit that is pushed."""
    reports: tuple[Report, ...] = ()
    """The same by who reported it, the newest first."""
    moment: Moment = Moment.PRE_PUSH
    merge: MergeFacts | None = None
    """The pull request that is merged; None where somebody pushes."""
    named: str = ""
    """What stands behind the ref's name in sentences, where a protection is for several."""

    @property
    def brings_nothing_new(self) -> bool:
        """Whether it is known that the ref would name what was let in already."""
        return self.contents is not None and not (
            self.contents.commits or self.contents.is_too_much
        )

    @property
    def is_first_of_known(self) -> bool:
        """Whether a new ref is made of what was let in already."""
        return self.movement is Movement.CREATE and self.brings_nothing_new
