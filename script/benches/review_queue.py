"""A merge queue of fifty pull requests from the first word to the last merge, beside plain git.

Each is put in line; groups are built, reported to be good, and land, by the job and the verbs that
people use, on SQLite. Beside it git merges the same branches without asking anybody anything:
merge-tree, commit-tree, update-ref, fifty times.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from appliance.db import schema
from appliance.db.engine import sqlite_url
from appliance.domain.checks import StatusState
from appliance.domain.jobs import Job
from appliance.services import checks, merge_queues, queued_pulls
from appliance.services.checks import NewStatus
from appliance.services.merge_queues import Wanted
from appliance.services.pull_merging import Merging
from tests.services.pulling import NOTES, Place, which
from tests.world import NOON, World

from . import repositories
from .measure import Run, measured
from .rows import Row, compared

PULLS = 50
BRANCHES = [f"topic-{number}" for number in range(1, PULLS + 1)]
MOST_ROUNDS = 3
WHO = ("-c", "user.name=Maker", "-c", "user.email=maker@example.org")
BOUND = 10.0
"""Each of ours is asked for, written down, kept by a ref, tested, and settled, with its events."""


def run(options: argparse.Namespace) -> list[Row]:
    """The queue as it is delivered, and beside it plain git."""
    ours: list[Run] = []
    theirs: list[Run] = []
    for _ in range(min(options.rounds, MOST_ROUNDS)):
        with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
            mine, other = _round(Path(folder))
        ours.append(mine)
        theirs.append(other)
    return compared(f"merge queue of {PULLS} pull requests", ours, theirs, wall=BOUND, cpu=0)


def _round(folder: Path) -> tuple[Run, Run]:
    home = folder / "home"
    home.mkdir()
    world = World(home, sqlite_url(home / "codara.db"))
    try:
        schema.bring_up_to_date(world.wiring.database.engine)
        place = _filled(world)
        copy = folder / "plain.git"
        shutil.copytree(world.folder(world._repository(NOTES)), copy)  # noqa: SLF001 - the tests' own.
        return measured(lambda: _queued(place)), measured(lambda: _plain(copy))
    finally:
        world.close()


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
