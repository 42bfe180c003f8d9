"""What stands in the way of merging a pull request as all is now, for pages and programs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls
from appliance.access.gate import open_to_everyone
from appliance.db.conversation_rows import user_names
from appliance.db.pulls import AutoMerge
from appliance.errors import NotFoundError
from appliance.services import merge_rules, pull_facts, pull_rules, pull_updates

if TYPE_CHECKING:
    from appliance.access.fetch_pulls import SeenPull
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import Which
    from appliance.domain.git_operations import MergeMethod
    from appliance.git.pull_refs import Look
    from appliance.git.storage import RepositoryStore
    from appliance.services.merge_rules import Obstacle
    from appliance.services.pull_rules import Looked


@dataclass(frozen=True)
class Promised:
    """A merge that is done once nothing stands in the way."""

    method: MergeMethod
    by: str
    waits_because: str = ""
    """What the rules for pushes said when it was tried last."""


@dataclass(frozen=True)
class Obstacles:
    """What stands in the way, whether the reader may merge at all, and what was promised."""

    obstacles: tuple[Obstacle, ...]
    may_merge: bool
    auto_merge: Promised | None
    may_bypass: bool = False
    """Whether the reader may merge past all of it, and past rules asked only then, saying why."""
    behind: int | None = 0
    """How many commits of its target the branch lacks; None where there are too many to count."""

    @property
    def may_queue(self) -> bool:
        """Whether nothing stands in the way but what a merge queue sees to."""
        return all(each.rule in merge_rules.OF_QUEUES for each in self.obstacles)


def asked(
    reads: Callable[[], AbstractContextManager[UnitOfWork]],
    which: Which,
    *,
    repositories: RepositoryStore,
) -> Obstacles:
    """What stands in the way now. Git works while no transaction is open.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    with reads() as work:
        seen = fetch_pulls.to_read(work, which)
        facts, wanted = pull_facts.of_pull(work, seen), pull_rules.wanted(work, seen)
    look = looked = None
    behind: int | None = 0
    if facts.merged is None:
        try:
            behind = pull_updates.behind(facts, repositories=repositories)
            look = pull_facts.mergeability(facts, repositories=repositories)
            if wanted is not None:
                looked = pull_rules.look(repositories.folder(facts.repository_id), wanted)
        except NotFoundError:
            look = None  # The target is gone; who merges will be told.
    with reads() as work:
        return replace(found(work, which, look=look, looked=looked), behind=behind)


def found(
    work: UnitOfWork, which: Which, *, look: Look | None, looked: Looked | None = None
) -> Obstacles:
    """What stands in the way, where it is known what git says.

    Errors:
        HiddenError, MovedError, NotFoundError: there is none, or none for this actor.
    """
    seen = fetch_pulls.to_read(work, which)
    obstacles = merge_rules.obstacles(work, seen, look=look, looked=looked)
    if seen.may_write and seen.conversation.is_open:
        obstacles += merge_rules.withheld(work, seen)
    past = seen.may_write and all(each.may_bypass for each in obstacles)
    return Obstacles(
        obstacles,
        seen.may_write,
        promised(work, seen),
        past and looked is not None and pull_rules.may_go_past_some(work, seen),
    )


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def promised(work: UnitOfWork, seen: SeenPull) -> Promised | None:
    """The merge that was promised, if one was."""
    row = work.session.get(AutoMerge, seen.pull.id)
    if row is None:
        return None
    by = user_names(work.session, [row.user_id]).get(row.user_id, "")
    is_waiting = row.refused_head == seen.pull.head_oid
    return Promised(row.method, by, row.refused_because if is_waiting else "")
