"""Keeps what pull requests speak of: `refs/pull/NUMBER/PATCH_SET`, and `refs/pull/NUMBER/head`.

`bring` lets a repository have commits of another one, a fork; the objects are copied, and refs come
after the rows that they follow from. `look` says whether two histories go together.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.pull_requests import MergeState
from appliance.domain.sizes import size
from appliance.errors import NotFoundError, TimeoutExceededError, TooLargeError, sentence
from appliance.git import limits, process, refs
from appliance.git.conflicts import Resolutions
from appliance.git.failures import check
from appliance.git.handles import Kind, opened
from appliance.git.made_commits import tree_of
from appliance.git.merged_trees import TreeMerger, merge_bases
from appliance.git.ref_changes import INTERNAL

PULLS = b"refs/pull/"
BRING_SECONDS = 600.0
READER = "--upload-pack=git -c safe.directory=* -c uploadpack.allowAnySHA1InWant=true upload-pack"
"""The source's commits are asked for by their ids, because branches move meanwhile."""
FROM_DISK = {
    "protocol.allow": "never",
    "protocol.file.allow": "always",
    "fetch.fsckObjects": "true",
    "submodule.recurse": "false",
}


@dataclass(frozen=True)
class Look:
    """Whether one history goes into another, and the paths that do not go together."""

    state: MergeState
    conflicts: tuple[bytes, ...] = ()


def bring(at: Path, source: Path, oid: str, *, most_bytes: int = limits.BROUGHT_BYTES) -> None:
    """Let a repository have a commit of another on this machine, with all that leads to it.

    Errors:
        NotFoundError: the other has no such commit.
        TooLargeError: it is more than may come along.
        TimeoutExceededError: it takes too long.
    """
    if at == source:
        return
    if not _has(source, oid):
        raise NotFoundError(sentence("There is no such commit in the source any more."))
    if missing_bytes(at, source, oid) > most_bytes:
        raise TooLargeError(
            sentence(
                "The branch brings more than the %(most)s that one push may.",
                most=size(most_bytes),
            )
        )
    words = ["fetch", "--quiet", "--no-tags", "--no-auto-gc", "--no-write-fetch-head", READER, "--"]
    answer = process.execute(
        [*words, os.fspath(source), oid],
        at=at,
        configuration=FROM_DISK,
        extra=INTERNAL,
        timeout_seconds=BRING_SECONDS,
    )
    check(answer.status, answer.complaint)


def missing_bytes(at: Path, source: Path, oid: str) -> int:
    """How much of a commit of another repository, and of what leads to it, is not here yet.

    Errors:
        DamagedError, TimeoutExceededError: it cannot be measured, or not in time.
    """
    known = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.fspath(at / "objects")}
    words = ["rev-list", "--disk-usage", "--objects", oid, "--not", "--alternate-refs"]
    return int(process.run(words, at=source, extra=known, timeout_seconds=limits.MERGE_SECONDS))


def keep(at: Path, number: int, heads: Mapping[int, str]) -> None:
    """Let refs keep these patch sets; the latest is the head, too. Safe to repeat.

    Errors:
        DamagedError: they cannot be written.
    """
    folder = b"%s%d/" % (PULLS, number)
    names = {folder + b"%d" % patch_set: oid for patch_set, oid in heads.items()}
    if heads:
        names[folder + b"head"] = heads[max(heads)]
    lacking = {name: oid for name, oid in names.items() if _target(at, name) != oid}
    if not lacking:
        return
    spoken = b"".join(b"update %s\0%s\0\0" % (name, oid.encode()) for name, oid in lacking.items())
    process.run(["update-ref", "--no-deref", "--stdin", "-z"], at=at, input=spoken, extra=INTERNAL)


def _target(at: Path, name: bytes) -> str | None:
    try:
        return refs.one(at, name).target
    except NotFoundError:
        return None


def base(at: Path, target: str, head: str) -> str | None:
    """The best commit that two histories have in common; None where there is none.

    Errors:
        DamagedError, TimeoutExceededError: the history cannot be read, or not in time.
    """
    found = merge_bases(at, target, head)
    return found[0] if found else None


def is_in(at: Path, commit: str, head: str) -> bool:
    """Whether a history holds a commit.

    Errors:
        DamagedError, TimeoutExceededError: as for `base`.
    """
    words = ["merge-base", "--is-ancestor", "--end-of-options", commit, head]
    answer = process.execute(words, at=at, timeout_seconds=limits.MERGE_SECONDS)
    if answer.status > 1:
        check(answer.status, answer.complaint)
    return answer.status == 0


def look(at: Path, target: str, head: str) -> Look:
    """Whether a history goes into another by itself.

    Errors:
        DamagedError: they cannot be read.
    """
    try:
        bases = merge_bases(at, target, head)
        if bases == [head]:
            return Look(MergeState.NOTHING)
        if bases == [target]:
            return Look(MergeState.CLEAN)
        with opened(at) as handle:
            merger = TreeMerger(at, handle, time.monotonic() + limits.MERGE_SECONDS)
            tree = merger.base_of(bases)
            if tree is None:
                return Look(MergeState.CONFLICTS)
            ours, theirs = tree_of(handle, target), tree_of(handle, head)
            merged = merger.merge(tree, ours, theirs, Resolutions(()))
    except (TooLargeError, TimeoutExceededError):
        return Look(MergeState.TOO_LARGE)
    if merged.tree is None:
        return Look(MergeState.CONFLICTS, tuple(each.path for each in merged.conflicts))
    return Look(MergeState.CLEAN)


def _has(at: Path, oid: str) -> bool:
    with opened(at) as handle:
        header = handle.header(oid)
    return header is not None and header[0] is Kind.COMMIT
