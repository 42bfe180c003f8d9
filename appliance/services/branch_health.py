"""How the branches of a repository are: what is merged, stale, protected, asked for.

`known` asks the database; the rest reads git at the repository's place and needs no transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from appliance.domain.branch_health import Checked, Health, Show, Sort, Wanted
from appliance.domain.permissions import Permission
from appliance.git import merged_branches
from appliance.git.ref_names import BRANCHES
from appliance.services import history
from appliance.services.history import Order

if TYPE_CHECKING:
    from appliance.git.refs import Ref
    from appliance.services.checks import Rollup
    from appliance.services.files import OpenRepository

__all__ = ["Checked", "Health", "Known", "Show", "Sort", "Wanted"]
Roll = Callable[[list[str]], "dict[str, Rollup]"]
"""What the checks of some commits come to."""
EVERY = 1_000_000
AT_ONCE = 500
ORDERS = {
    Sort.NAME: Order.NAME,
    Sort.NEWEST: Order.NEWEST,
    Sort.AHEAD: Order.NAME,
    Sort.BEHIND: Order.NAME,
}
"""In which git gives them; what is equally far stays in it."""
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
    """When each branch was moved last."""
    beside: dict[bytes, str]
    """Where the default branch was then, as far as that is known."""


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
        *_moved(work, repository),
    )


def page(
    repository: OpenRepository,
    facts: Known,
    wanted: Wanted,
    *,
    roll: Roll,
    offset: int,
    limit: int,
    now: datetime,
) -> BranchPage:
    """Some of the branches that a list wants, in its order. Branches whose distance there is no
    time to measure come last.
    """
    whole = wanted.asks_all
    found = history.branches(
        repository,
        order=ORDERS[wanted.sort],
        is_turned=wanted.is_turned and not wanted.is_by_distance,
        containing=wanted.containing,
        offset=0 if whole else offset,
        limit=EVERY if whole else limit,
    )
    every = of_refs(repository, facts, found.refs)
    if not whole:
        return BranchPage(every, found.total)
    kept = [each for each in every if each.health.is_shown(wanted.show, now)]
    if wanted.checks is not Checked.ANY:
        kept = _with_checks(kept, wanted.checks, roll)
    if wanted.is_by_distance:
        kept = _by_distance(repository, kept, wanted)
    return BranchPage(kept[offset : offset + limit], len(kept))


def of_refs(repository: OpenRepository, facts: Known, found: Iterable[Ref]) -> list[Branch]:
    """How each of some branches is."""
    found, head = list(found), history.head(repository)
    contained, ahead = _contained(repository, facts, found)
    return [
        Branch(
            ref,
            Health(
                at=ref.at,
                is_default=ref.name == head.name,
                is_protected=repository.is_protected(ref.name),
                is_contained=ref.name in contained,
                was_ahead=ref.name in ahead,
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


def _contained(
    repository: OpenRepository, facts: Known, found: list[Ref]
) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Which branches the default branch has all commits of, and which of them were ahead once."""
    head = history.head(repository).oid
    if head is None:
        return frozenset(), frozenset()
    contained = merged_branches.merged_into(repository.folder, head)
    places = {
        ref.name: (ref.commit, facts.beside.get(ref.name))
        for ref in found
        if ref.name in contained and ref.commit is not None
    }
    ahead = merged_branches.ahead_once(repository.folder, head, places.values()) if places else ()
    return contained, frozenset(name for name, place in places.items() if place in ahead)


def _with_checks(found: list[Branch], wanted: Checked, roll: Roll) -> list[Branch]:
    """Those whose checks come to that."""
    oids = list({each.ref.commit for each in found if each.ref.commit})
    rolled: dict[str, Rollup] = {}
    for first in range(0, len(oids), AT_ONCE):
        rolled |= roll(oids[first : first + AT_ONCE])
    outcomes = {oid: str(each.outcome) for oid, each in rolled.items()}
    return [
        each for each in found if outcomes.get(each.ref.commit or "", Checked.NONE) == wanted.value
    ]


def _by_distance(repository: OpenRepository, found: list[Branch], wanted: Wanted) -> list[Branch]:
    head = history.head(repository)
    if head.oid is None:
        return found  # There is nothing to be far from.
    oids = list({each.ref.commit for each in found if each.ref.commit})
    known = dict(zip(oids, history.divergence(repository, head.oid, oids), strict=True))

    def size(each: Branch) -> tuple[bool, int]:
        measured = known.get(each.ref.commit or "")  # None where there was no time.
        if measured is None:
            return True, 0
        count = measured.ahead if wanted.sort is Sort.AHEAD else measured.behind
        return False, count if wanted.is_turned else -count

    return sorted(found, key=size)


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


def _moved(
    work: UnitOfWork, repository: Repository
) -> tuple[dict[bytes, datetime], dict[bytes, str]]:
    query = sa.select(RefLedger.ref, RefLedger.changed_at, RefLedger.default_oid).where(
        RefLedger.repository_id == repository.id,
        RefLedger.ref > BRANCHES,
        RefLedger.ref < BRANCHES_END,
    )
    rows = work.session.execute(query).all()
    beside = {ref: oid for ref, _changed_at, oid in rows if oid is not None}
    return {ref: changed_at for ref, changed_at, _oid in rows}, beside
