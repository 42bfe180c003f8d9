"""Merges, rebases, picks and reverts commits without a working tree.

- `merge(at, target, source, ...)` brings one history into another, by one of five `MergeMethod`s.
- `rebase(at, branch, onto, ...)` makes a branch's commits again on top of another commit.
- `cherry_pick(at, target, commits, ...)`, `revert(at, target, commits, ...)`.
- `reset(at, target, commit)` only says what would move; `apply(...)` merges one commit's change.

Each makes the objects and says which ref would move; `ref_changes.change` moves it, by
compare-and-swap. Or each gives the conflicts, and may be asked again with `Resolutions` of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.domain.git_operations import MergeMethod
from appliance.errors import ConflictError, InvalidError, TooLargeError, sentence
from appliance.git import limits, made_commits, merge_messages, process
from appliance.git.conflicts import Conflict, Resolutions
from appliance.git.handles import EMPTY_TREE, Handle, Kind, opened
from appliance.git.made_commits import Maker, Original, tree_of
from appliance.git.merged_trees import TreeMerger, insist_on_relation, merge_bases
from appliance.git.ref_changes import RefChange

NOTHING_CHANGES = sentence("That would change nothing.")
SAME = "="
"""Git's mark of a commit whose change is on the other side, too."""


@dataclass(frozen=True)
class Target:
    """A branch by its whole name, and where it must be."""

    name: bytes
    head: str


@dataclass(frozen=True)
class Outcome:
    """What came of it: the move of the branch with what is new on it, or the conflicts.

    With neither there was nothing to do, because all of it is there already.
    """

    ref: RefChange | None
    commits: tuple[str, ...] = ()
    """What was made, the oldest first."""
    skipped: tuple[str, ...] = ()
    """Commits that would change nothing any more and were left out."""
    conflicts: tuple[Conflict, ...] = ()
    sources: tuple[str, ...] = ()
    """The commits that it was done with."""


@dataclass(frozen=True)
class _Step:
    """One commit to be applied: the change from one tree to another, and what the new one says."""

    commit: str
    before: str
    after: str
    message: bytes
    author: bytes | None


def merge(
    at: Path,
    target: Target,
    source: str,
    *,
    method: MergeMethod,
    message: bytes,
    maker: Maker,
    said: Resolutions,
) -> Outcome:
    """Bring a commit and its history into a branch. An empty message is written here.

    Errors:
        ConflictError: they have nothing in common, or it is no fast-forward though it must be.
        InvalidError: something was said of what is not in conflict.
        TooLargeError, TimeoutExceededError: it is more than may be merged here.
    """
    bases = merge_bases(at, target.head, source)
    if bases == [source]:
        return Outcome(None, sources=(source,))
    if method is MergeMethod.FAST_FORWARD:
        if bases != [target.head]:
            raise ConflictError("The branches have diverged. Rebase first.")
        return Outcome(RefChange(target.name, target.head, source), sources=(source,))
    with _working(at) as work:
        if method in {MergeMethod.REBASE, MergeMethod.SEMI_LINEAR}:
            found = work.replayed(target, source, target.head, maker, said)
            found = replace(found, sources=(source,))
            return (
                found
                if method is MergeMethod.REBASE
                else work.capped(found, target, message, maker)
            )
        tree = insist_on_relation(work.merger.base_of(bases))
        ours, theirs = (tree_of(work.handle, oid) for oid in (target.head, source))
        merged = work.merger.merge(tree, ours, theirs, said)
        if merged.tree is None:
            return Outcome(None, conflicts=merged.conflicts, sources=(source,))
        said.insist_all_used()
        parents = [target.head, source] if method is MergeMethod.MERGE else [target.head]
        if method is MergeMethod.SQUASH and merged.tree == ours:
            return Outcome(None, sources=(source,))
        words = message or work.words(method, target, source, maker)
        made = made_commits.make(work.handle, merged.tree, parents, words, maker)
        return Outcome(RefChange(target.name, target.head, made), (made,), sources=(source,))


def rebase(at: Path, branch: Target, onto: str, *, maker: Maker, said: Resolutions) -> Outcome:
    """Make those commits of a branch again on top of another that it has and that one has not.

    As git does it: merges are left out, and so is what the other has already or what would change
    nothing any more. Commits that stand where they should stay as they are.

    Errors:
        InvalidError, TooLargeError, TimeoutExceededError: as for `merge`.
    """
    with _working(at) as work:
        found = work.replayed(branch, branch.head, onto, maker, said)
        return replace(found, sources=(onto,))


def cherry_pick(
    at: Path,
    target: Target,
    commits: Sequence[str],
    *,
    mainline: int | None,
    names_origin: bool,
    maker: Maker,
    said: Resolutions,
) -> Outcome:
    """Make commits again on top of a branch, each with its author and message.

    `mainline` says which parent of a merge its change is counted from, the first being 1.

    Errors:
        InvalidError: a merge comes without a mainline, or one that it has not.
        ConflictError: nothing would change.
        TooLargeError, TimeoutExceededError: it is more than may be merged here.
    """
    with _working(at) as work:
        steps = []
        for each in _originals(work.handle, commits):
            before = tree_of(work.handle, _parent(each, mainline))
            message = merge_messages.picked(each) if names_origin else each.message
            steps.append(_Step(each.oid, before, each.tree, message, each.author))
        return work.applied(target, steps, maker, said)


def revert(
    at: Path,
    target: Target,
    commits: Sequence[str],
    *,
    mainline: int | None,
    message: bytes,
    maker: Maker,
    said: Resolutions,
) -> Outcome:
    """Take back commits, each by one that undoes it. An empty message is written here.

    Errors:
        InvalidError, ConflictError, TooLargeError, TimeoutExceededError: as for `cherry_pick`.
    """
    with _working(at) as work:
        steps = []
        for each in _originals(work.handle, commits):
            parent = _parent(each, mainline)
            words = message or merge_messages.reverted(
                each, parent if len(each.parents) > 1 else None
            )
            steps.append(_Step(each.oid, each.tree, tree_of(work.handle, parent), words, None))
        return work.applied(target, steps, maker, said)


def reset(at: Path, target: Target, commit: str) -> Outcome:
    """Let a branch be at another commit, wherever that is. Nothing is made.

    Errors:
        NotFoundError: there is no such commit.
    """
    with opened(at) as handle:
        handle.expect(commit, Kind.COMMIT)
    if commit == target.head:
        return Outcome(None, sources=(commit,))
    return Outcome(RefChange(target.name, target.head, commit), sources=(commit,))


def apply(
    at: Path, target: Target, commit: str, *, message: bytes, maker: Maker, said: Resolutions
) -> Outcome:
    """Make one commit on a branch of what another changes, in the maker's own name.

    Of several parents the first counts, as git's own stashes have it.

    Errors:
        ConflictError: nothing would change.
        InvalidError, TooLargeError, TimeoutExceededError: as for `merge`.
    """
    with _working(at) as work:
        original = made_commits.original(work.handle, commit)
        before = tree_of(work.handle, original.parents[0] if original.parents else None)
        words = message or original.message
        return work.applied(
            target, [_Step(commit, before, original.tree, words, None)], maker, said
        )


@dataclass(frozen=True)
class _Work:
    """One operation under way in a repository."""

    at: Path
    handle: Handle
    merger: TreeMerger

    def applied(
        self, target: Target, steps: Sequence[_Step], maker: Maker, said: Resolutions
    ) -> Outcome:
        """Steps on top of a branch, of which at least one changes something."""
        found = self._on_top(target, target.head, steps, maker, said, keeps_empty=False)
        if found.ref is None and not found.conflicts:
            raise ConflictError(NOTHING_CHANGES)
        return found

    def replayed(
        self, branch: Target, head: str, onto: str, maker: Maker, said: Resolutions
    ) -> Outcome:
        """The commits that `head` has and `onto` has not, on top of `onto`."""
        picks = [made_commits.original(self.handle, oid) for oid in self._to_replay(onto, head)]
        tip = onto
        while picks and picks[0].parents == (tip,):
            tip = picks.pop(0).oid
        steps = [
            _Step(
                each.oid,
                tree_of(self.handle, each.parents[0] if each.parents else None),
                each.tree,
                each.message,
                each.author,
            )
            for each in picks
        ]
        return self._on_top(branch, tip, steps, maker, said, keeps_empty=True)

    def capped(self, found: Outcome, target: Target, message: bytes, maker: Maker) -> Outcome:
        """What was replayed, with a merge commit that brings it in."""
        if found.ref is None or found.ref.new is None:
            return found
        top = found.ref.new
        tree = tree_of(self.handle, top)
        words = message or merge_messages.merge(top.encode(), _short(target))
        made = made_commits.make(self.handle, tree, [target.head, top], words, maker)
        ref = RefChange(target.name, target.head, made)
        return replace(found, ref=ref, commits=(*found.commits, made))

    def words(self, method: MergeMethod, target: Target, source: str, maker: Maker) -> bytes:
        """What a merge or squash commit says that nobody has written a message for."""
        if method is MergeMethod.MERGE:
            return merge_messages.merge(source.encode(), _short(target))
        oids = self._to_replay(target.head, source)
        originals = [made_commits.original(self.handle, oid) for oid in oids]
        return merge_messages.squash(originals, maker=maker.person.email)

    def _on_top(
        self,
        target: Target,
        tip: str,
        steps: Sequence[_Step],
        maker: Maker,
        said: Resolutions,
        *,
        keeps_empty: bool,
    ) -> Outcome:
        sources = tuple(step.commit for step in steps)
        made: list[str] = []
        skipped: list[str] = []
        here = tree_of(self.handle, tip)
        for step in steps:
            merged = self.merger.merge(step.before, here, step.after, said, commit=step.commit)
            if merged.tree is None:
                return Outcome(None, conflicts=merged.conflicts, sources=sources)
            was_empty = step.before == step.after
            if merged.tree == here and not (keeps_empty and was_empty):
                skipped.append(step.commit)
                continue
            here = merged.tree
            tip = made_commits.make(
                self.handle, here, [tip], step.message, maker, author=step.author
            )
            made.append(tip)
        said.insist_all_used()
        ref = RefChange(target.name, target.head, tip) if tip != target.head else None
        return Outcome(ref, tuple(made), tuple(skipped), sources=sources)

    def _to_replay(self, onto: str, head: str) -> list[str]:
        """Which commits git would rebase, oldest first.

        One whose change is there already is left out; one that changes nothing stays.
        Source: git's sequencer.c, `sequencer_make_script`.
        """
        words = ["rev-list", "--topo-order", "--reverse", "--no-merges", "--cherry-mark"]
        words += ["--right-only", "--end-of-options", f"{onto}...{head}"]
        answer = process.run(words, at=self.at, timeout_seconds=limits.MERGE_SECONDS)
        marked = answer.decode("ascii").split()
        stay = [line[1:] for line in marked if line[0] != SAME or self._is_empty(line[1:])]
        return _counted(stay)

    def _is_empty(self, oid: str) -> bool:
        parents = made_commits.original(self.handle, oid).parents
        before = tree_of(self.handle, parents[0]) if parents else EMPTY_TREE
        return before == tree_of(self.handle, oid)


@contextmanager
def _working(at: Path) -> Iterator[_Work]:
    deadline = time.monotonic() + limits.MERGE_SECONDS
    with opened(at) as handle:
        yield _Work(at, handle, TreeMerger(at, handle, deadline))


def _counted(oids: list[str]) -> list[str]:
    if len(oids) > limits.MERGE_COMMITS:
        raise TooLargeError(
            sentence(
                "There are more than %(most)s commits, too many to rewrite here.",
                most=limits.MERGE_COMMITS,
            )
        )
    return oids


def _originals(handle: Handle, commits: Iterable[str]) -> Iterator[Original]:
    for oid in _counted(list(commits)):
        handle.expect(oid, Kind.COMMIT)
        yield made_commits.original(handle, oid)


def _parent(original: Original, mainline: int | None) -> str | None:
    """The parent that a commit's change is counted from; None for the first commit of all."""
    parents = original.parents
    if len(parents) > 1 and mainline is None:
        raise InvalidError.of(
            "mainline",
            sentence(
                "%(commit)s is a merge. Say which of its parents is the main line.",
                commit=original.oid[:10],
            ),
        )
    if mainline is not None and not 1 <= mainline <= len(parents):
        raise InvalidError.of(
            "mainline",
            sentence("%(commit)s has no such parent.", commit=original.oid[:10]),
        )
    return parents[(mainline or 1) - 1] if parents else None


def _short(target: Target) -> bytes:
    return target.name.removeprefix(b"refs/heads/")
