"""The conflicts of a pull request: what its source and its target do not agree on.

To solve them is to update the source with what was decided: `pull_updates`. It then has a commit
more, which reviewers see, and goes together with its target.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.git import conflict_texts, refs
from appliance.git.conflict_texts import Names
from appliance.git.conflicts import Resolution, Side
from appliance.git.ref_names import BRANCHES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from appliance.git.conflict_texts import ConflictText
    from appliance.git.conflicts import Conflict
    from appliance.services.pull_facts import PullFacts

__all__ = ["Names", "Resolution", "Side"]


@dataclass(frozen=True)
class Found:
    """Where the target is, and what does not go together."""

    target: str
    conflicts: tuple[ConflictText, ...]


def read(folder: Path, facts: PullFacts) -> Found:
    """What does not go together as both are now. Needs no transaction.

    Errors:
        NotFoundError: the target is gone.
        ConflictError, TooLargeError, TimeoutExceededError: it cannot be merged here.
    """
    target = refs.one(folder, BRANCHES + facts.target_branch).target
    names = Names(facts.source_branch, theirs=facts.target_branch)
    return Found(target, conflict_texts.read(folder, facts.head, target, names))


def texts_of(folder: Path, conflicts: Iterable[Conflict], names: Names) -> tuple[ConflictText, ...]:
    """What stands in conflicts that were found elsewhere. Needs no transaction."""
    return conflict_texts.of(folder, conflicts, names)
