"""What changed between two patch sets, and where lines of one are in another.

Functions on an `OpenRepository`, which `files.opened` gives to who may read it; none of them needs
a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from appliance.git import following, interdiff, range_diff, same_change
from appliance.git.diff import ORDINARY, Options
from appliance.git.following import Anchor
from appliance.git.interdiff import State
from appliance.git.range_diff import Fate, Series
from appliance.git.same_change import BlobPair

if TYPE_CHECKING:
    from appliance.git.diff_parse import DiffFile
    from appliance.git.interdiff import Interdiff
    from appliance.git.range_diff import Pair
    from appliance.services.files import OpenRepository

__all__ = ["Anchor", "BlobPair", "Fate", "State"]


def compare(
    repository: OpenRepository, old: State, new: State, options: Options = ORDINARY
) -> Interdiff:
    """How one patch set differs from another, without what came from their bases.

    Errors:
        NotFoundError: one of the commits does not exist.
        TooLargeError, TimeoutExceededError: it is too much to compare.
    """
    return interdiff.compare(repository.folder, old, new, options)


def of_file(
    repository: OpenRepository,
    old: State,
    new: State,
    paths: Sequence[bytes],
    options: Options = ORDINARY,
) -> DiffFile | None:
    """One file of that difference. None: it does not differ.

    Errors:
        As for `compare`.
    """
    return interdiff.of_file(repository.folder, old, new, paths, options)


def commits(repository: OpenRepository, old: State, new: State) -> tuple[Pair, ...]:
    """Which commits of one patch set are the same in another, changed, new or gone.

    Errors:
        TooLargeError, TimeoutExceededError: they are too many to be paired.
    """
    series = [Series(state.base, state.head) for state in (old, new) if state.base is not None]
    if len(series) < len((old, new)):
        return ()
    return range_diff.compare(repository.folder, *series)


def follow(
    repository: OpenRepository, old: str, new: str, anchors: Sequence[Anchor]
) -> list[Anchor | None]:
    """Where lines of one commit are in another; None where they are not there any more.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    return following.follow(repository.folder, old, new, anchors)


def are_same(repository: OpenRepository, pairs: Iterable[tuple[BlobPair, BlobPair]]) -> list[bool]:
    """Of each two changes of a file, whether there is nothing new to look at in the second."""
    return same_change.are_same(repository.folder, pairs)
