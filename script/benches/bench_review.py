"""Merges of large trees in memory, beside `git merge-tree --write-tree` of the same; and large
changes under review, beside git's own words about them.

Ours runs in this process, as in a web process that is there already and has settled, and makes a
commit besides; the reference is a program of its own that makes the tree. Both write to the same
disk.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from appliance import garbage
from appliance.domain.git_operations import MergeMethod
from appliance.git import diff, interdiff, merging, range_diff
from appliance.git.commits import Person
from appliance.git.conflicts import Resolutions
from appliance.git.diff import Options
from appliance.git.interdiff import State
from appliance.git.made_commits import Maker
from appliance.git.merging import Target
from appliance.git.range_diff import Series

from . import repositories, review_grep, review_issues, review_paint, review_queue
from .measure import in_turn, measured, run_program
from .rows import Row, compared

MAKER = Maker(Person(b"Maker", b"maker@example.org", datetime(2026, 1, 2, tzinfo=UTC), 0))
CASES = {
    "few files on each side": ("main", "side"),
    "and the same files": ("main", "same"),
    "a file renamed on one": ("moved", "side"),
    "a folder of 1,000 renamed on one": ("folder", "side"),
}
BOUND = 5.0
FIRST_PAGE = Options(most_lines=20_000)
"""As `web.pages.diff_files` asks: of later files only the numbers."""
CAREFUL = {
    "safe.directory": "*",
    "core.fsync": "committed,loose-object,reference",
    "core.fsyncMethod": "batch",
}
"""What repositories of ours have, as far as it costs time."""


def run(options: argparse.Namespace) -> list[Row]:
    """Every measurement of changes under review."""
    groups: list[tuple[str, Callable[[], list[Row]]]] = [
        ("merge", lambda: _merges(options)),
        ("diff", lambda: _changes(options)),
        ("queue", lambda: review_queue.run(options)),
        ("issues", lambda: review_issues.run(options)),
        ("grep", lambda: review_grep.run(options)),
        ("paint", review_paint.run),
    ]
    found = []
    garbage.settle()
    for name, group in groups:
        if options.only in name:
            print(f"... {name}", flush=True)
            found += group()
    return found


def _merges(options: argparse.Namespace) -> list[Row]:
    found = []
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as name:
        folder = Path(name) / "wide.git"
        shutil.copytree(repositories.wide(), folder)
        for case, (ours, theirs) in CASES.items():
            found += _compared(folder, case, ours, theirs, options.rounds)
    return found


def _changes(options: argparse.Namespace) -> list[Row]:
    """What pages of a change of 3,000 files and 100,000 lines ask git for."""
    folder = repositories.reviewed()
    named = ("main", "onto", "large", "large-again", "series", "series-again")
    main, onto, large, again, series, later = (
        repositories.git(folder, "rev-parse", branch) for branch in named
    )
    git = ["git", "-c", "safe.directory=*", "-C", str(folder)]
    tree = [*git, "diff-tree", "-r", "-M", "--raw", "-p", "--full-index"]
    old, new = State(main, large), State(onto, again)
    pairs = Series(main, series), Series(onto, later)
    cases: dict[str, tuple[Callable[[], object], list[str]]] = {
        "first page of 3,000 files": (
            lambda: diff.between(folder, main, large, FIRST_PAGE),
            [*tree, main, large],
        ),
        "all of 100,000 lines": (lambda: diff.between(folder, main, large), [*tree, main, large]),
        "3,000 files over a rebase": (
            lambda: interdiff.compare(folder, old, new),
            [*tree, large, again],
        ),
        "50 commits over a rebase": (
            lambda: range_diff.compare(folder, *pairs),
            [*git, "range-diff", pairs[0].words, pairs[1].words],
        ),
    }
    found = []
    for case, (act, command) in cases.items():
        mine, other = in_turn(
            partial(measured, act),
            partial(run_program, command),
            rounds=options.rounds,
        )
        found += compared(f"review, {case}", mine, other, wall=BOUND, cpu=0)
    return found


def _compared(folder: Path, case: str, ours: str, theirs: str, rounds: int) -> list[Row]:
    head, source = (repositories.git(folder, "rev-parse", branch) for branch in (ours, theirs))
    careful = [word for key, value in CAREFUL.items() for word in ("-c", f"{key}={value}")]
    command = ["git", *careful, "-C", str(folder), "merge-tree", "--write-tree"]
    mine, other = in_turn(
        lambda: measured(lambda: _merge(folder, head, source)),
        lambda: run_program([*command, head, source]),
        rounds=rounds,
    )
    return compared(f"merge of 100,000 files, {case}", mine, other, wall=BOUND, cpu=0)


def _merge(folder: Path, head: str, source: str) -> None:
    outcome = merging.merge(
        folder,
        Target(b"refs/heads/main", head),
        source,
        method=MergeMethod.MERGE,
        message=b"Merge.\n",
        maker=MAKER,
        said=Resolutions(),
    )
    assert outcome.ref is not None, outcome.conflicts  # noqa: S101 — a conflict measures nothing.
