"""Finds the last commit that touched each entry of a folder, and remembers the answer.

`last_commits(at, commit, path, seconds=...)` gives the commit of each entry by its name; None for
those there was no time for. A call ends after its time and leaves what it knows in the repository's
folder, so that the next one, or a job with more time, carries on where it stopped; and after a
push only the new commits are walked.

The walk starts at the commit with all names. At each commit, a name whose entry is the same in a
parent goes on to the first such parent; a name that differs from all parents was touched here.
That is how `git log -1 -- PATH` simplifies history, done for all names of a folder at once.
"""

from __future__ import annotations

import heapq
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

from appliance.errors import NotFoundError, TimeoutExceededError
from appliance.git import last_commits_store as store
from appliance.git import leaps, limits, process, tree
from appliance.git.commits import parent_lines
from appliance.git.handles import Handle, Kind, opened
from appliance.git.last_commits_store import Progress
from appliance.git.simplified import simplified
from appliance.git.tree_changes import Listing, listing, succeed

COMMITTED = re.compile(rb"^committer .*> (-?\d+)", re.MULTILINE)
STEPS_BEFORE_TAIL = 500  # Short walks need no other way.
BRANCHES = 8  # More that run beside each other cost more than the leaps save.
TAIL = 100  # Names; git needs some 10 milliseconds for each of them, the walk would need hours.
ASK_SECONDS = 0.5  # For one name; in a history where that is too little, strides get there.
LOOK_AT_CLOCK_EVERY = 16  # Commits; each takes some 100 microseconds.
COMMITS_KEPT = 50_000  # Some 20 MB; reading one again takes 20 microseconds.
LISTINGS_KEPT = 64  # Side branches running beside each other; more only cost time.


def last_commits(
    at: Path,
    commit: str,
    path: bytes = b"",
    *,
    names: Iterable[bytes] | None = None,
    seconds: float = limits.LAST_COMMIT_SECONDS,
) -> dict[bytes, str | None]:
    """The last commit that touched each entry of a folder, for all names or only those given.

    Errors:
        NotFoundError: there is no such commit, or no folder there.
    """
    with opened(at) as handle:
        folder = tree.locate(handle, commit, path)
        if not folder.is_folder:
            raise NotFoundError("There is no folder at that path in this commit.")
        progress = store.load(at, folder.path, commit)
        if progress is None:
            raw = handle.read(folder.oid, Kind.TREE, most_bytes=tree.TREE_BYTES)
            everything = {fields[1] for fields in tree.ENTRY.findall(raw)}
            progress = Progress({}, {commit: everything})
        if progress.pending:
            walk = _Walk(handle, at, folder.path, progress)
            walk.go_on(time.monotonic() + seconds)
            store.save(at, folder.path, commit, walk.progress())
    return _answer(progress, names)


def _answer(progress: Progress, names: Iterable[bytes] | None) -> dict[bytes, str | None]:
    found: dict[bytes, str | None] = dict(progress.found)
    if names is not None:
        return {name: found.get(name) for name in names}
    for waiting in progress.pending.values():
        found.update(dict.fromkeys(waiting))
    return found


def _left(deadline: float) -> float:
    """The seconds that are left.

    Errors:
        TimeoutExceededError: none are.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutExceededError("This took too long.")
    return left


def _has_path_index(at: Path) -> bool:
    information = at / "objects" / "info"
    return (information / "commit-graph").exists() or (information / "commit-graphs").exists()


class _Walk:
    """One walk through history. Its state is which names wait at which commits."""

    def __init__(self, handle: Handle, at: Path, path: bytes, progress: Progress) -> None:
        self._handle = handle
        self._at = at
        self._path = os.fsdecode(path)
        self._folder = path
        self._found = progress.found
        self._pending = progress.pending
        self._known = store.known_commits(at, path)
        self._commits: dict[str, tuple[str | None, list[str], int]] = {}
        self._listings: dict[str, Listing] = {}
        self._queue = [(-self._commit(oid)[2], oid) for oid in self._pending]
        heapq.heapify(self._queue)

    def progress(self) -> Progress:
        """What is known now, and where the walk goes on."""
        return Progress(self._found, self._pending)

    def go_on(self, deadline: float) -> None:
        """Walk until everything is found or the time is over."""
        steps = 0
        while self._queue:
            steps += 1
            if steps % LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() > deadline:
                return
            if steps % STEPS_BEFORE_TAIL == 0 and (
                self._take_tail(deadline) or self._leap(deadline)
            ):
                return
            if not self._queue:
                return
            oid = heapq.heappop(self._queue)[1]
            names = self._pending.pop(oid, None)
            if names and not self._answered_before(oid, names):
                self._step(oid, names)

    def _take_tail(self, deadline: float) -> bool:
        """Ask git for each of a few old names: its index of changed paths leaps over commits.

        Whether all are found or the time is over; what waits then waits further back than before.
        """
        if sum(map(len, self._pending.values())) > TAIL or not _has_path_index(self._at):
            return False
        ends: set[str] = set()  # Of strides: nothing was near there, so nothing is asked there.
        try:
            while self._pending:
                commit = max(self._pending, key=lambda oid: self._commit(oid)[2])
                if commit not in ends:
                    self._ask_for_each(commit, deadline)
                if commit in self._pending:
                    ends.update(self._stride(commit, deadline))
        except TimeoutExceededError:
            pass
        return True

    def _ask_for_each(self, commit: str, deadline: float) -> None:
        """Find the names that wait at a commit, as far as git is quick with each of them.

        Errors:
            TimeoutExceededError: the time is over.
        """
        names = self._pending[commit]
        for name in sorted(names):
            left = _left(deadline)
            try:
                self._found[name] = self._ask_git(commit, name, min(left, ASK_SECONDS))
            except TimeoutExceededError:
                return  # The others may be as old.
            names.discard(name)
        del self._pending[commit]

    def _stride(self, commit: str, deadline: float) -> set[str]:
        """Send the names that wait at a commit to the end of its stride, or to where they changed.

        Gives that end, if there is one. History is simplified in the same way: of the parents that
        have a path unchanged, the first.

        Errors:
            TimeoutExceededError: the time is over.
        """
        end = leaps.stride_end(self._at, commit, seconds=_left(deadline))
        names = self._pending[commit]
        for name in sorted(names):
            path = self._whole(name)
            touched = leaps.last_touch(self._at, commit, end, path, seconds=_left(deadline))
            names.discard(name)
            if touched is not None:
                self._step(touched, {name})
            elif end is not None:
                self._wait_at(end, {name})
        del self._pending[commit]
        return set() if end is None else {end}

    def _leap(self, deadline: float) -> bool:
        """Let git leap over the commits that left the folder alone; whether the time is over."""
        if not self._path or len(self._pending) > BRANCHES or not _has_path_index(self._at):
            return False
        for commit in list(self._pending):
            left = deadline - time.monotonic()
            if left <= 0:
                return True
            try:
                self._follow(commit, deadline, left)
            except TimeoutExceededError:
                return True
        return False

    def _follow(self, commit: str, deadline: float, seconds: float) -> None:
        """Walk from one commit as `go_on` does, in the history that the folder saw.

        What clocks that ran wrong bring too late stays pending.

        Errors:
            TimeoutExceededError: the time is over.
        """
        start: str | None = commit
        for oid, parents in simplified(self._at, commit, self._folder, seconds=seconds):
            if start is not None:  # The folder has here what it has in `commit`.
                self._wait_at(oid, self._pending.pop(start, set()))
                start = None
            names = self._pending.pop(oid, None)
            if names and not self._answered_before(oid, names):
                self._step(oid, names, parents)
            if not self._pending:
                return
            if time.monotonic() > deadline:
                raise TimeoutExceededError("This took too long.")

    def _ask_git(self, commit: str, name: bytes, seconds: float) -> str:
        words: list[str | bytes] = ["rev-list", "--max-count=1", commit, "--", self._whole(name)]
        return process.run(words, at=self._at, timeout_seconds=seconds).decode().strip()

    def _whole(self, name: bytes) -> bytes:
        return self._folder + b"/" + name if self._folder else name

    def _step(self, oid: str, names: set[bytes], parents: list[str] | None = None) -> None:
        """Send each name on to the first parent that has it unchanged; keep the others here.

        `parents` stand for the real ones: the folder has the same content there.
        """
        folder, real, _seconds = self._commit(oid)
        for parent in real if parents is None else parents:
            theirs = self._commit(parent)[0]
            if theirs == folder:
                self._wait_at(parent, names)
                return
            if theirs is None or folder is None:
                continue
            changed = self._changed(folder, theirs) & names
            names -= changed
            self._wait_at(parent, names)
            names = changed
        self._found.update(dict.fromkeys(names, oid))

    def _wait_at(self, oid: str, names: set[bytes]) -> None:
        if not names:
            return
        waiting = self._pending.get(oid)
        if waiting is None:
            # Clocks that ran wrong may bring a commit here twice; it is then simply done twice.
            self._pending[oid] = names
            heapq.heappush(self._queue, (-self._commit(oid)[2], oid))
        else:
            waiting |= names

    def _answered_before(self, oid: str, names: set[bytes]) -> bool:
        """Take the answers of an earlier walk from this very commit, where there is one."""
        if oid not in self._known:
            return False
        earlier = store.load(self._at, self._folder, oid)
        if earlier is None:
            return False
        for name in names & earlier.found.keys():
            self._found[name] = earlier.found[name]
        for commit, waiting in earlier.pending.items():
            self._wait_at(commit, waiting & names)
        return True

    def _changed(self, ours: str, theirs: str) -> set[bytes]:
        before = self._listings.get(ours)
        if before is None:
            before = self._listings[ours] = listing(self._handle.read_known(ours))
        names, after = succeed(before, self._handle.read_known(theirs))
        while len(self._listings) >= LISTINGS_KEPT:
            del self._listings[next(iter(self._listings))]
        self._listings[theirs] = after
        return names

    def _commit(self, oid: str) -> tuple[str | None, list[str], int]:
        """A commit's folder, its parents and its time."""
        known = self._commits.get(oid)
        if known is None:
            raw = self._handle.read_known(oid)
            headers = raw.partition(b"\n\n")[0]
            lines = headers.split(b"\n")
            parents = [line[7:].decode("latin-1") for line in parent_lines(lines)]
            match = COMMITTED.search(headers)
            seconds = int(match[1]) if match else 0
            if len(self._commits) >= COMMITS_KEPT:
                self._commits.clear()
            known = self._commits[oid] = (
                self._folder_of(lines[0][5:].decode("latin-1")),
                parents,
                seconds,
            )
        return known

    def _folder_of(self, root: str) -> str | None:
        if not self._path:
            return root
        try:
            return str(self._handle.repository[root][self._path].id)  # type: ignore[index]  # A tree.
        except KeyError:
            return None
