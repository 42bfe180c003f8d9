"""Keeps repositories quick and sound: packs, bitmaps, commit-graph, refs, pruning, fsck.

Each step is a program of git's own that replaces files by renames, so a kill at any moment leaves
the repository as it was, with rubbish that `SWEEP` removes once nobody is at work there, or an hour
later; running a step again goes on from there. One step at a time works on a repository, and none
while it is being forked.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.errors import DamagedError, UnavailableError
from appliance.git import process
from appliance.git.repository_config import TOLERATED
from appliance.git.storage import alone

HOUR = 3600.0
DAY = 24 * HOUR
STALE_SECONDS = HOUR
"""No program of git's holds a lock or writes a temporary file for longer without touching it."""
QUIET_SECONDS = 10.0
"""The same where no program of git's is at work: what we do in our own processes takes less."""

PROBLEMS = 50
"""Most problems of one repository that are kept."""

OURS = frozenset({"maintenance.lock"})
UNDER_WAY = "maintenance.step"


class Step(StrEnum):
    """One thing that maintenance does."""

    SWEEP = "sweep"
    PACK_REFS = "pack-refs"
    REPACK = "repack"
    COMMIT_GRAPH = "commit-graph"
    PRUNE = "prune"


@dataclass(frozen=True)
class Plan:
    """How long things are kept, and how long one step may work."""

    prune_seconds: float = 14 * DAY
    reflog_seconds: float = 90 * DAY
    step_seconds: float = 2 * HOUR


@dataclass(frozen=True)
class Problem:
    """One thing that fsck found: what git calls it, and its words."""

    kind: str
    words: str


@dataclass(frozen=True)
class Health:
    """What fsck found out about a repository."""

    is_sound: bool
    problems: tuple[Problem, ...]


def maintain(folder: Path, step: Step, plan: Plan) -> None:
    """Do one step.

    Errors:
        UnavailableError: another maintenance or a fork is under way; come back later.
        DamagedError: the repository cannot be read; let `check` say more.
        TimeoutExceededError: it took too long; the repository is as it was.
    """
    with alone(folder):
        with contextlib.suppress(OSError):  # A full disk, of which this may be the cure.
            _under_way(folder).write_text(step)
        STEPS[step](folder, plan)
        _under_way(folder).unlink(missing_ok=True)


def unlock(folder: Path) -> None:
    """Let refs move again that a maintenance had locked when it was killed; cheap where none was.

    Asked before each push, so that none waits until that maintenance is taken up again. Only where
    one is known to have died, nobody is at work, and a lock is older than our own processes keep
    any.
    """
    if not _under_way(folder).exists():
        return
    with contextlib.suppress(UnavailableError), alone(folder):  # Otherwise it is not dead.
        if _is_at_work(folder):
            return  # Perhaps what it had started.
        _remove(_ref_locks(folder), unless_after=time.time() - QUIET_SECONDS)
        if not any(_ref_locks(folder)):
            _under_way(folder).unlink(missing_ok=True)


def check(folder: Path, *, seconds: float = 6 * HOUR) -> Health:
    """Whether every object that a ref reaches is there and is what its id says.

    Errors:
        TimeoutExceededError: it took too long to find out.
    """
    try:
        found = process.execute(
            ["fsck", "--full", "--no-dangling", "--no-progress"],
            at=folder,
            timeout_seconds=seconds,
            configuration={f"fsck.{fault}": "ignore" for fault in TOLERATED},
        )
    except DamagedError as error:
        return Health(is_sound=False, problems=(Problem("unreadable", str(error)),))
    lines = (found.output + b"\n" + found.complaint).decode("utf-8", "replace").splitlines()
    problems = tuple(_problems(lines))[:PROBLEMS]
    return Health(is_sound=found.status == 0, problems=problems if found.status else ())


def _problems(lines: list[str]) -> Iterator[Problem]:
    """The lines of fsck that complain. Source: git-fsck(1), "EXTRACTED DIAGNOSTICS"."""
    for line in lines:
        if not line or line.startswith(("notice:", "Checking", "warning in ")):
            continue
        # Such a line says: error in KIND OID, its name for the fault, and words.
        parts = line.split(": ")
        is_named = line.startswith("error in ") and len(parts) > 1
        yield Problem(parts[1] if is_named else line.partition(" ")[0].rstrip(":"), line[:500])


def _pack_refs(folder: Path, plan: Plan) -> None:
    _git(folder, plan, "pack-refs", "--all", "--prune")


def _repack(folder: Path, plan: Plan) -> None:
    """Merge small packs, so that each remaining one is twice the next; one bitmap over them all.

    Source: git-repack(1), "--geometric".
    """
    words = ["--geometric=2", "-d", "--quiet", "--write-midx", "--write-bitmap-index"]
    _git(folder, plan, "repack", *words)


def _commit_graph(folder: Path, plan: Plan) -> None:
    """Let history be walked without opening commits, and a path's history without its trees."""
    words = ["--reachable", "--changed-paths", "--split", "--no-progress"]
    _git(folder, plan, "commit-graph", "write", *words)


def _prune(folder: Path, plan: Plan) -> None:
    """Put what nothing reaches into a pack of its own, and drop what has been there for long.

    Source: git-repack(1), "--cruft".
    """
    expire = f"--expire={_ago(plan.reflog_seconds)}"
    _git(folder, plan, "reflog", "expire", "--all", expire)
    words = ["--cruft", f"--cruft-expiration={_ago(plan.prune_seconds)}", "-d", "--quiet"]
    _git(folder, plan, "repack", *words, "--write-midx", "--write-bitmap-index")
    _git(folder, plan, "prune", f"--expire={_ago(plan.prune_seconds)}")


def _sweep(folder: Path, _plan: Plan) -> None:
    """Remove the locks and temporary files of programs that were killed."""
    wait = STALE_SECONDS if _is_at_work(folder) else QUIET_SECONDS
    _remove(_rubbish(folder), unless_after=time.time() - wait)


def _remove(rubbish: Iterable[Path], *, unless_after: float) -> None:
    for path in rubbish:
        with contextlib.suppress(FileNotFoundError):
            if _newest(path) > unless_after:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _under_way(folder: Path) -> Path:
    """A file that is there while a step works, and stays where it was killed or went wrong."""
    return folder / UNDER_WAY


def _ref_locks(folder: Path) -> Iterator[Path]:
    """What packing refs may leave that keeps them from moving."""
    yield from folder.glob("packed-refs.[ln]*")
    yield from (folder / "refs").rglob("*.lock")


def _is_at_work(folder: Path) -> bool:
    """Whether a program of git's may be at work there: each is started in the folder itself."""
    processes = Path("/proc")
    if not (processes / "self/cwd").exists():
        return True  # This system does not tell.
    for cwd in processes.glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):  # It has ended, or is another account's.
            if cwd.samefile(folder):
                return True
    return False


def _rubbish(folder: Path) -> Iterator[Path]:
    """What may be left of a killed program.

    Source: git's lockfile.h, tmp-objdir.c and pack-write.c.
    """
    for path in folder.glob("*"):
        # While `packed-refs.new` is there, git neither packs refs nor deletes packed ones.
        is_rubbish = path.name.endswith((".lock", ".pid", ".new")) or path.name.startswith(
            "config."
        )
        if is_rubbish and path.name not in OURS:
            yield path
    yield from (folder / "refs").rglob("*.lock")
    yield from (folder / "objects").glob("tmp_*")
    yield from (folder / "objects").glob("[0-9a-f][0-9a-f]/tmp_obj_*")
    yield from (folder / "objects/info").rglob("*.lock")
    yield from (folder / "objects/info").rglob("tmp_*")
    for pattern in ("tmp_*", ".tmp-*", "*.lock"):
        yield from (folder / "objects/pack").glob(pattern)


def _newest(path: Path) -> float:
    """When the path, or the newest thing in it, was last written."""
    newest = path.lstat().st_mtime
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                newest = max(newest, Path(parent, name).lstat().st_mtime)
    return newest


def _ago(seconds: float) -> str:
    return f"{int(seconds)}.seconds.ago"


def _git(folder: Path, plan: Plan, *words: str) -> None:
    process.run(words, at=folder, timeout_seconds=plan.step_seconds, extra={"CODARA_INTERNAL": "1"})


STEPS: dict[Step, Callable[[Path, Plan], None]] = {
    Step.SWEEP: _sweep,
    Step.PACK_REFS: _pack_refs,
    Step.REPACK: _repack,
    Step.COMMIT_GRAPH: _commit_graph,
    Step.PRUNE: _prune,
}
