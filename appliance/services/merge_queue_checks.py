"""The checks that a merge queue waits for: its own, and those that rulesets demand besides."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.access.gate import open_to_everyone
from appliance.db.merge_queue import MergeQueue
from appliance.db.repositories import Repository
from appliance.db.rulesets import all_over
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.checks import Required, Standing, by_name, required
from appliance.domain.ruleset_reviews import reported
from appliance.domain.ruleset_words import Enforcement, Rule, RuleKind
from appliance.git.ref_names import BRANCHES
from appliance.services import checks

ASKED = "the appliance asks it for itself, and pages for who may read the repository"
WORST_FIRST = (
    *(Standing.FAILED, Standing.PENDING, Standing.STALE, Standing.MISSING),
    Standing.PASSED,
)


@dataclass(frozen=True)
class Demands:
    """What must have passed before anything lands."""

    own: tuple[str, ...]
    rules: tuple[Rule, ...] = ()

    @property
    def by_rules(self) -> tuple[str, ...]:
        """The names that rulesets demand."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.checks))


@dataclass(frozen=True)
class Standings:
    """How all of it stands for a commit."""

    own: tuple[Required, ...]
    by_rules: tuple[Required, ...]


@open_to_everyone(because=ASKED)
def demanded(work: UnitOfWork, row: MergeQueue) -> Demands:
    """What must have passed before anything lands in a queue's branch."""
    repository = work.session.get_one(Repository, row.repository_id)
    ref = BRANCHES + row.target_branch
    rules = tuple(
        rule
        for each in all_over(work.session, repository)
        if each.enforcement is Enforcement.ACTIVE and each.is_about(ref)
        for rule in each.rules
        if rule.kind is RuleKind.REQUIRED_CHECKS
    )
    return Demands(tuple(row.checks), rules)


@open_to_everyone(because=ASKED)
def standings(work: UnitOfWork, row: MergeQueue, commit: str, demands: Demands) -> Standings:
    """How it stands for a commit that the queue tests."""
    reports = checks.reports(work, row.repository_id, commit)
    worst: dict[str, Required] = {}
    for rule in demands.rules:
        for each in required(rule.checks, reported(rule, reports)):
            before = worst.setdefault(each.name, each)
            worst[each.name] = min(before, each, key=_badness)
    return Standings(required(demands.own, by_name(reports)), tuple(worst.values()))


def _badness(found: Required) -> int:
    return WORST_FIRST.index(found.standing)
