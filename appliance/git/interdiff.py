"""What really differs between two states of a series of commits, whatever it was rebased onto.

The old state is first brought onto the base of the new one, as a merge would; what differs from
that is what its author has changed. Where that merge has conflicts, the old state's version of the
file stands in for it, and the path is named: there the difference shows more than the author did.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.git import diff, limits
from appliance.git.conflicts import Conflict, Resolution, Resolutions, Side
from appliance.git.diff import ORDINARY, Diff, Options
from appliance.git.diff_parse import DiffFile
from appliance.git.handles import EMPTY_TREE
from appliance.git.made_commits import tree_of
from appliance.git.merged_trees import TreeMerger
from appliance.git.scratch import apart


@dataclass(frozen=True)
class State:
    """A series of commits at one time. `base` is None where it begins with a first commit."""

    base: str | None
    head: str


@dataclass(frozen=True)
class Interdiff:
    """The difference, and the paths at which the old state could not be brought along."""

    diff: Diff
    unmerged: frozenset[bytes]


def compare(at: Path, old: State, new: State, options: Options = ORDINARY) -> Interdiff:
    """How the new state differs from the old one, without what came from their bases.

    Errors:
        NotFoundError: one of the commits does not exist.
        TooLargeError, TimeoutExceededError: bringing the old state along takes too much.
    """
    diff.expect(at, old.head, new.head)
    if old.base == new.base:
        return Interdiff(diff.between(at, old.head, new.head, options), frozenset())
    with _brought_along(at, old, new) as (tree, unmerged, objects):
        found = diff.between_trees(at, tree, new.head, options, (), objects)
        return Interdiff(found, unmerged)


def of_file(
    at: Path, old: State, new: State, paths: Sequence[bytes], options: Options = ORDINARY
) -> DiffFile | None:
    """One file of that difference; `paths` are its old and its new path. None: no difference.

    Errors:
        As for `compare`.
    """
    diff.expect(at, old.head, new.head)
    if old.base == new.base:
        return diff.of_file(at, old.head, new.head, paths, options)
    with _brought_along(at, old, new) as (tree, _unmerged, objects):
        found = diff.between_trees(at, tree, new.head, options, tuple(paths), objects)
        return next((file for file in found.files if file.path == paths[-1]), None)


@contextmanager
def _brought_along(
    at: Path, old: State, new: State
) -> Iterator[tuple[str, frozenset[bytes], Mapping[str, str]]]:
    """The old state's tree on the new base, and what lets git see it: it is never kept."""
    deadline = time.monotonic() + limits.PAGE_SECONDS
    with apart(at) as (handle, objects):
        trees = [tree_of(handle, oid) for oid in (old.base, new.base, old.head)]
        tree, unmerged = _merged(TreeMerger(at, handle, deadline), *trees)
        yield tree, unmerged, objects


def _merged(merger: TreeMerger, base: str, onto: str, head: str) -> tuple[str, frozenset[bytes]]:
    merged = merger.merge(base, onto, head, Resolutions())
    if merged.tree is not None:
        return merged.tree, frozenset()
    as_it_was = Resolutions(_as_it_was(each) for each in merged.conflicts)
    again = merger.merge(base, onto, head, as_it_was)
    return again.tree or EMPTY_TREE, frozenset(each.path for each in merged.conflicts)


def _as_it_was(conflict: Conflict) -> Resolution:
    return Resolution(conflict.path, Side.THEIRS if conflict.theirs else Side.NOTHING)
