"""Which commits a merge brings, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.errors import TooLargeError, sentence
from appliance.git import limits, made_commits, merge_messages, process
from appliance.git.handles import opened


def between(at: Path, base: str, head: str) -> list[str]:
    """The commits that one history has and another has not, without merges, the oldest first.

    Errors:
        TooLargeError, TimeoutExceededError: these are more than are made again here.
    """
    found = _listed(at, base, head)
    if len(found) > limits.MERGE_COMMITS:
        raise TooLargeError(
            sentence(
                "There are more than %(most)s commits, too many to rewrite here.",
                most=limits.MERGE_COMMITS,
            )
        )
    return found


def parents(at: Path, commit: str) -> tuple[str, ...]:
    """The parents of a commit.

    Errors:
        DamagedError: it cannot be read.
    """
    with opened(at) as handle:
        return made_commits.original(handle, commit).parents


@dataclass(frozen=True)
class Told:
    """What commits that are merged say, for the message of a merge."""

    subjects: bytes
    """A line for each, of many the first; of one alone what it says beyond its subject."""
    co_authors: bytes
    """A line `Co-authored-by` for each author but the maker."""


def told(at: Path, target: str, source: str, *, maker: bytes) -> Told:
    """What the commits say that one history has and another has not.

    Errors:
        DamagedError, TimeoutExceededError: they cannot be read, or not in time.
    """
    oids = _listed(at, target, source)[: merge_messages.LISTED]
    with opened(at) as handle:
        originals = [made_commits.original(handle, oid) for oid in oids]
    return Told(*merge_messages.told(originals, maker=maker))


def _listed(at: Path, base: str, head: str) -> list[str]:
    words = ["rev-list", "--topo-order", "--reverse", "--no-merges", "--end-of-options"]
    answer = process.run([*words, f"{base}..{head}"], at=at, timeout_seconds=limits.MERGE_SECONDS)
    return answer.decode("ascii").split()
