"""What stands in the way of merging a pull request: every door asks here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.domain.pull_requests import MergeState
from appliance.errors import sentence, together
from appliance.services import pull_rules, push_rules

if TYPE_CHECKING:
    from appliance.access.fetch_pulls import SeenPull
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.rulesets import Refusal
    from appliance.git.pull_refs import Look
    from appliance.services.pull_rules import Looked

BUILT_IN = "appliance"
OF_STATE = frozenset({"state", "draft", "mergeable"})
"""What is no rule of anybody: nobody goes past that."""
"""Where a rule comes from that nobody has made."""


@dataclass(frozen=True)
class Obstacle:
    """A reason not to merge."""

    text: str
    rule: str
    source: str
    """Whose rule it is: of the appliance, an organisation, a repository."""
    may_bypass: bool = False
    """Whether the actor may merge all the same, if they say why."""


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def obstacles(
    work: UnitOfWork, seen: SeenPull, *, look: Look | None = None, looked: Looked | None = None
) -> tuple[Obstacle, ...]:
    """What stands in the way of merging, and whether the actor may go past it.

    `look`: what git says, where it is known.
    `looked`: the same for rulesets; without it they are not asked here, but when the target moves.

    For a pull request that was merged or closed it is that alone.
    """
    pull, found = seen.pull, []
    if pull.merged_at is not None:
        return (Obstacle(sentence("It has already been merged."), "state", BUILT_IN),)
    if not seen.conversation.is_open:
        return (Obstacle(sentence("It is closed. Reopen it first."), "state", BUILT_IN),)
    if pull.is_draft:
        found.append(
            Obstacle(
                sentence("It is a draft. Mark it as ready for review first."), "draft", BUILT_IN
            )
        )
    state = pull.merge_state if look is None else look.state
    if state in IN_THE_WAY:
        found.append(Obstacle(IN_THE_WAY[state], "mergeable", BUILT_IN))
    if looked is not None:
        found += map(_obstacle, pull_rules.broken(work, seen, looked))
    return tuple(found)


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def withheld(work: UnitOfWork, seen: SeenPull) -> tuple[Obstacle, ...]:
    """What keeps the actor from moving the target, whatever they merge. It is no matter of the pull
    request: to merge it all the same is refused as any push is, and on record.
    """
    return tuple(map(_obstacle, pull_rules.withheld(work, seen)))


def _obstacle(refusal: Refusal) -> Obstacle:
    return Obstacle(
        *(together(refusal.said), refusal.kind.value, refusal.ruleset.layer.value),
        may_bypass=refusal.may_bypass,
    )


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def texts(found: Sequence[Obstacle], *, goes_past: bool) -> list[str]:
    """What stands in the way, in sentences; also to somebody who would go past it in vain."""
    said = [each.text for each in found]
    if goes_past and any(each.rule not in OF_STATE for each in found):
        said.append(push_rules.NO_WAY_PAST)
    return said


OF_QUEUES = frozenset({"merge_queue", "required_checks", "freeze"})
"""Rules that a merge queue sees to: it asks them of what lands, and waits until a freeze ends."""
IN_THE_WAY = {
    MergeState.CONFLICTS: sentence("It conflicts with its target branch: resolve the conflicts."),
    MergeState.NOTHING: sentence("The target branch already has all its commits."),
    MergeState.TOO_LARGE: sentence("It is too large to merge here. Merge with git and push."),
}
