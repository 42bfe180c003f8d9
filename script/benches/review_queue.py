"""A merge queue of fifty pull requests from the first word to the last merge, beside plain git.

Each is put in line; groups are built, reported to be good, and land, by the job and the verbs that
people use, on each database. Beside it git merges the same branches and asks nobody anything:
merge-tree, commit-tree, update-ref, fifty times.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from appliance.domain.checks import StatusState
from appliance.domain.jobs import Job
from appliance.services import checks, merge_queues, queued_pulls
from appliance.services.checks import NewStatus
from appliance.services.merge_queues import Wanted
from appliance.services.pull_merging import Merging
from tests.services.pulling import NOTES, Place, which
from tests.world import NOON, World

from . import identity_worlds, repositories
from .measure import Run, measured
from .rows import Row, compared

PULLS = 50
BRANCHES = [f"topic-{number}" for number in range(1, PULLS + 1)]
MOST_ROUNDS = 3
WHO = ("-c", "user.name=Maker", "-c", "user.email=maker@example.org")
BOUND = 6.0
"""Each of ours is asked for, written down, kept by a ref, tested, and settled, with its events."""


def run(options: argparse.Namespace) -> list[Row]:
    """The queue as it is delivered, and beside it plain git."""
    found = []
    for name, opened in identity_worlds.chosen(options.on).items():
        runs = [_round(opened) for _ in range(min(options.rounds, MOST_ROUNDS))]
        ours, theirs = [mine for mine, _ in runs], [other for _, other in runs]
        what = f"merge queue of {PULLS} pull requests, {name}"
        found += compared(what, ours, theirs, wall=BOUND, cpu=0)
    return found


def _round(opened: Callable[[], AbstractContextManager[World]]) -> tuple[Run, Run]:
    with opened() as world:
        place = _filled(world)
        copy = world.home / "plain.git"
        shutil.copytree(world.folder(world._repository(NOTES)), copy)  # noqa: SLF001 - the tests' own.
        return measured(lambda: _queued(place)), measured(lambda: _plain(copy))


def _filled(world: World) -> Place:
    place = Place(world)
    for branch in BRANCHES:
        place.topic(branch, {branch: branch})
        place.open(branch)
    with world.begin(world.actor("maintainer")) as work:
        merge_queues.change(
            work,
            NOTES,
            "",
            Wanted(["build"]),
            repositories=world.wiring.repositories,
            now=NOON,
        )
    return place


def _queued(place: Place) -> None:
    """All come, and all land."""
    for number in range(1, PULLS + 1):
        place.do("writer", queued_pulls.enter, which(number), Merging())
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    for _ in range(PULLS):
        groups = place.do("reader", merge_queues.show, NOTES, "").groups
        if not groups:
            break
        for each in groups:
            good = NewStatus(StatusState.SUCCESS, "build")
            place.do("writer", checks.report, NOTES, each.commit, good)
        place.run_jobs(Job.RUN_MERGE_QUEUES)
    landed = repositories.git(
        place.world.folder(place.world._repository(NOTES)),  # noqa: SLF001 - the tests' own.
        *("rev-list", "--count", "--merges", "main"),
    )
    if int(landed) != PULLS:
        raise SystemExit(f"{landed} of {PULLS} have landed: that measures nothing.")


def _plain(folder: Path) -> None:
    """The same commits, and nobody is asked."""
    head = repositories.git(folder, "rev-parse", "main")
    for branch in BRANCHES:
        tree = repositories.git(folder, "merge-tree", "--write-tree", head, branch)
        parents = ("-p", head, "-p", branch)
        commit = repositories.git(folder, *WHO, "commit-tree", tree, *parents, "-m", "Merge.")
        repositories.git(folder, "update-ref", "refs/heads/main", commit, head)
        head = commit
