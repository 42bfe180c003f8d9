"""How the branches of a repository are: what is merged, stale, protected, asked for.

`known` asks the database; the rest reads git at the repository's place and needs no transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db import pull_rows
from appliance.db.conversations import Conversation
from appliance.db.pulls import PullRequest
from appliance.db.pushes import RefLedger
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.branch_health import Health, Show
from appliance.domain.permissions import Permission
from appliance.git import merged_branches
from appliance.git.ref_names import BRANCHES
from appliance.services import history
from appliance.services.history import Order

if TYPE_CHECKING:
    from appliance.git.refs import Ref
    from appliance.services.files import OpenRepository

__all__ = ["Health", "Known", "Show"]
EVERY = 1_000_000
BRANCHES_END = BRANCHES[:-1] + b"0"
"""The first name after those of all branches."""


@dataclass(frozen=True)
class Known:
    """What the database knows of the branches of a repository."""

    asked: dict[bytes, int]
    """The number of an open pull request from each branch."""
    targets: frozenset[bytes]
    """The branches that open pull requests are into."""
    merged: dict[tuple[bytes, str], datetime]
    """When a branch with that head was merged by a pull request into the default branch."""
    moved: dict[bytes, datetime]
    """When each ref was moved last."""


@dataclass(frozen=True)
class Branch:
    """A branch and how it is."""

    ref: Ref
    health: Health
    pull: int | None
    """The open pull request from it."""


@dataclass(frozen=True)
class BranchPage:
    """Some branches of a list, and how many it has."""

    items: list[Branch]
    total: int


def known(work: UnitOfWork, path: str) -> Known:
    """What pull requests and pushes say of the branches of a repository.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    asked = work.session.execute(
        sa.select(PullRequest.source_branch, Conversation.number)
        .join(Conversation, Conversation.id == PullRequest.id)
        .where(
            *pull_rows.OPEN,
            PullRequest.source_repository_id == repository.id,
            PullRequest.repository_id == repository.id,
        )
        .order_by(Conversation.number)
    )
    return Known(
        {branch: number for branch, number in asked},  # noqa: C416 - rows are no pairs.
        _targets(work, repository),
        _merged(work, repository),
        _moved(work, repository),
    )


def page(
    repository: OpenRepository,
    facts: Known,
    *,
    show: Show,
    order: Order,
    is_turned: bool,
    containing: bytes,
    offset: int,
    limit: int,
    now: datetime,
) -> BranchPage:
    """Some of the branches that a list wants, in its order."""
    whole = show is not Show.ALL
    found = history.branches(
        repository,
        order=order,
        is_turned=is_turned,
        containing=containing,
        offset=0 if whole else offset,
        limit=EVERY if whole else limit,
    )
    every = of_refs(repository, facts, found.refs)
    if not whole:
        return BranchPage(every, found.total)
    wanted = [each for each in every if each.health.is_shown(show, now)]
    return BranchPage(wanted[offset : offset + limit], len(wanted))


def of_refs(repository: OpenRepository, facts: Known, found: Iterable[Ref]) -> list[Branch]:
    """How each of some branches is."""
    head = history.head(repository)
    contained = (
        merged_branches.merged_into(repository.folder, head.oid) if head.oid else frozenset()
    )
    return [
        Branch(
            ref,
            Health(
                at=ref.at,
                is_default=ref.name == head.name,
                is_protected=repository.is_protected(ref.name),
                is_contained=ref.name in contained,
                pull_merged_at=facts.merged.get((ref.short, ref.commit or "")),
                has_open_pull=ref.short in facts.asked or ref.short in facts.targets,
            ),
            facts.asked.get(ref.short),
        )
        for ref in found
    ]


def since(repository: OpenRepository, facts: Known, branch: Branch) -> datetime | None:
    """Since when a merged branch is merged; None where nobody knows."""
    if branch.health.pull_merged_at is not None:
        return branch.health.pull_merged_at
    moved, head = facts.moved.get(branch.ref.name), history.head(repository)
    if moved is None or head.oid is None or branch.ref.commit is None:
        return None
    merged = merged_branches.contained_since(repository.folder, branch.ref.commit, head.oid)
    return max(moved, merged or facts.moved.get(head.name, moved))


def _targets(work: UnitOfWork, repository: Repository) -> frozenset[bytes]:
    rows = sa.union_all(
        sa.select(PullRequest.target_branch)
        .join(Conversation, Conversation.id == PullRequest.id)
        .where(*pull_rows.OPEN, PullRequest.repository_id == repository.id),
        sa.select(PullRequest.source_branch)
        .join(Conversation, Conversation.id == PullRequest.id)
        .where(*pull_rows.OPEN, PullRequest.source_repository_id == repository.id),
    )
    return frozenset(work.session.scalars(rows))


def _merged(work: UnitOfWork, repository: Repository) -> dict[tuple[bytes, str], datetime]:
    query = sa.select(PullRequest.source_branch, PullRequest.head_oid, PullRequest.merged_at).where(
        PullRequest.source_repository_id == repository.id,
        PullRequest.repository_id == repository.id,
        PullRequest.target_branch == repository.default_branch.encode(),
        PullRequest.merged_at.is_not(None),
    )
    rows = work.session.execute(query)
    return {(branch, head): merged_at for branch, head, merged_at in rows if merged_at is not None}


def _moved(work: UnitOfWork, repository: Repository) -> dict[bytes, datetime]:
    query = sa.select(RefLedger.ref, RefLedger.changed_at).where(
        RefLedger.repository_id == repository.id,
        RefLedger.ref > BRANCHES,
        RefLedger.ref < BRANCHES_END,
    )
    rows = work.session.execute(query)
    return {ref: changed_at for ref, changed_at in rows}  # noqa: C416 - the same.
