"""What the tests of merges share: how one asks for a merge, and how git would."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from appliance.domain.git_operations import MergeMethod
from appliance.git import merging, tree
from appliance.git.commits import Person
from appliance.git.conflicts import Resolution, Resolutions
from appliance.git.handles import opened
from appliance.git.made_commits import Maker, tree_of
from appliance.git.merging import Outcome, Target
from tests.git.builder import Builder

MAKER = Maker(Person(b"Maker", b"maker@example.org", datetime(2026, 1, 2, tzinfo=UTC), 0))
MAIN = b"refs/heads/main"
FOLDERS_STAY = "merge.directoryRenames=false"
"""Ours follow no renames of folders, so that a file is where somebody put it."""


def merge(
    built: Builder,
    ours: str,
    theirs: str,
    *said: Resolution,
    method: MergeMethod = MergeMethod.MERGE,
    message: bytes = b"Merge.\n",
) -> Outcome:
    return merging.merge(
        built.at,
        Target(MAIN, ours),
        theirs,
        method=method,
        message=message,
        maker=MAKER,
        said=Resolutions(said),
    )


def tree_at(built: Builder, commit: str) -> str:
    with opened(built.at) as handle:
        return tree_of(handle, commit)


def result(built: Builder, outcome: Outcome) -> str | None:
    assert outcome.ref is not None or outcome.conflicts
    return tree_at(built, outcome.ref.new) if outcome.ref else None


def git(at: Path, *words: str, succeeds: bool = True) -> str:
    said = ("user.name=Maker", "user.email=maker@example.org", FOLDERS_STAY)
    given = [word for each in said for word in ("-c", each)]
    done = subprocess.run(["git", *given, *words], cwd=at, capture_output=True, check=False)
    assert done.returncode == 0 or not succeeds, done.stderr
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def by_git(built: Builder, ours: str, theirs: str) -> str | None:
    """The tree that git's own merge gives; None where it finds conflicts."""
    said = git(built.at, "merge-tree", "--write-tree", ours, theirs, succeeds=False)
    return said.split()[0] if said else None


def files_of(built: Builder, commit: str) -> dict[bytes, tuple[int, bytes]]:
    found = {}
    with opened(built.at) as handle:
        for path in tree.paths(built.at, commit).paths:
            entry = tree.locate(handle, commit, path)
            found[path] = (entry.mode, handle.read_known(entry.oid))
    return found


def pick(built: Builder, ours: str, *picked: str, mainline: int | None = None) -> Outcome:
    return merging.cherry_pick(
        built.at,
        Target(MAIN, ours),
        picked,
        mainline=mainline,
        names_origin=True,
        maker=MAKER,
        said=Resolutions(),
    )


def revert(built: Builder, ours: str, *reverted: str, mainline: int | None = None) -> Outcome:
    return merging.revert(
        built.at,
        Target(MAIN, ours),
        reverted,
        mainline=mainline,
        message=b"",
        maker=MAKER,
        said=Resolutions(),
    )
