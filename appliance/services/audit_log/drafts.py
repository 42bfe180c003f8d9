"""Exports that are being written: each in a folder of its own beside its place, until it is whole.

Every some thousand entries all that was written is put on the disk for good, and a record beside it
says how far that is. Whoever writes the same export once more, after a crash or when there is room
again, goes on from there, with the plan of the first attempt: so it becomes, byte by byte, what it
would have become at once.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance import version
from appliance.errors import (
    ApplianceError,
    ConflictError,
    InvalidError,
    UnavailableError,
    sentence,
)
from appliance.services.audit_log import files, gone
from appliance.services.audit_log.export import (
    Begun,
    Counts,
    Exported,
    Form,
    Opens,
    Part,
    Plan,
    Wanted,
)
from appliance.services.audit_log.files import DamagedDraftError
from appliance.services.audit_log.trees import Tree

RECORD = "progress.json"
ONLY_US = 0o700
LACKS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENOMEM})
"""What will not last; all else is wrong with the place itself."""


@dataclass
class Draft:
    """An unfinished export. Its state is what the record says, and how much that is."""

    folder: Path
    plan: Plan
    begun: Begun
    asked: list[Any]
    """What it is an export of, in order to know it again."""
    reached: dict[str, Any] | None = None
    """What whoever writes it has kept; None at the beginning."""
    _kept: int = 0
    _gone: list[list[int]] | None = None

    @property
    def counts(self) -> Counts:
        """What is in it for good."""
        return Counts(**self.reached["counts"]) if self.reached else Counts()

    def left(self) -> Iterator[tuple[int, Part, int]]:
        """The ranges that are still to be written, each with its number and where to begin."""
        number, begin = (self.reached["part"], self.reached["next"]) if self.reached else (0, None)
        for at, part in enumerate(self.plan.parts[number:], number):
            yield at, part, part.first if begin is None else begin
            begin = None

    def is_due(self, counts: Counts) -> bool:
        """Whether so much is written that it is worth being kept."""
        return counts.entries - self._kept >= self.plan.stretch

    def keep(self, part: int, following: int, counts: Counts, state: dict[str, Any]) -> None:
        """Write down that all up to an entry is on the disk."""
        record = {
            "asked": self.asked,
            "gone": self._gone,
            "plan": _spelled(self.plan),
            "reached": {"part": part, "next": following, "counts": asdict(counts), **state},
        }
        self._kept = counts.entries
        # There is the old record or the new one at every moment, and never half of one.
        draft = self.folder / f"{RECORD}.new"
        with draft.open("w") as opened:
            json.dump(record, opened)
            opened.flush()
            os.fsync(opened.fileno())
        draft.rename(self.folder / RECORD)
        files.settle(self.folder)


@dataclass(frozen=True)
class Made:
    """What was written into a draft's folder: the file or folder that is the export."""

    path: Path
    counts: Counts
    sha256: str
    size_bytes: int


def written(
    opens: Opens, plan: Plan, target: Path, form: Form, write: Callable[[Draft], Made]
) -> Exported:
    """Write an export, from its beginning or from where an earlier attempt stopped.

    Errors:
        ConflictError: something of that name is there already, or somebody writes it right now.
        InvalidError: it cannot be written there.
        UnavailableError: there is no room; what was written is kept.
    """
    if target.exists() or target.is_symlink():
        raise ConflictError(
            sentence("%(target)s already exists. Choose another name.", target=target)
        )
    folder = folder_of(target)
    try:
        with _locked(folder):
            try:
                draft, made = _written(opens, plan, folder, form, write)
            except UnavailableError:
                raise
            except ApplianceError:
                _empty(folder)  # The same again would only end in the same way.
                folder.rmdir()
                raise
            made.path.rename(target)
            files.settle(target.parent)
            files.remove(folder)
    except OSError as error:
        raise _explained(error, target) from error
    return Exported(draft.plan, made.counts, made.sha256, made.size_bytes, draft.begun)


def folder_of(target: Path) -> Path:
    """Where an export is while it is being written."""
    return target.with_name(f".{target.name}.unfinished")


def discard(target: Path) -> None:
    """Remove what was begun of an export."""
    files.remove(folder_of(target))


def _written(
    opens: Opens, plan: Plan, folder: Path, form: Form, write: Callable[[Draft], Made]
) -> tuple[Draft, Made]:
    draft = _resumed(opens, plan, folder, form) or _anew(opens, plan, folder, form)
    try:
        return draft, write(draft)
    except DamagedDraftError:
        draft = _anew(opens, plan, folder, form)
        return draft, write(draft)


def _resumed(opens: Opens, plan: Plan, folder: Path, form: Form) -> Draft | None:
    """What an earlier attempt left, if it is the same export of logs that are the same still."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        asked, said, reached = record["asked"], record["plan"], record["reached"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if asked != _asked(plan, form) or not reached:
        return None
    before = _read(said)
    known = {part.tree.id for part in plan.parts}
    if not all(part.tree.id in known for part in before.parts):
        return None
    with opens() as work:
        lost = gone.so_far(work, [part.tree for part in before.parts])
    if lost != record["gone"]:
        return None  # What was erased or removed since must not be in what is handed out.
    entries = reached["counts"]["entries"]
    return Draft(folder, before, Begun.RESUMED, asked, reached, entries, lost)


def _anew(opens: Opens, plan: Plan, folder: Path, form: Form) -> Draft:
    begun = Begun.ANEW if (folder / RECORD).exists() else Begun.FIRST
    _empty(folder)
    with opens() as work:
        lost = gone.so_far(work, [part.tree for part in plan.parts])
    return Draft(folder, plan, begun, _asked(plan, form), _gone=lost)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else writes the same export meanwhile; the system lets go of it if we are killed.

    Errors:
        ConflictError: somebody does.
    """
    descriptor = _lock(folder)
    while not _is_there(folder, descriptor):  # Whoever had it before us has just finished.
        os.close(descriptor)
        descriptor = _lock(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.geteuid():
        files.remove(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(ONLY_US)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ConflictError(sentence("This export is being written right now.")) from error
    return descriptor


def _is_there(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        files.remove(each)


def _explained(error: OSError, target: Path) -> ApplianceError:
    why = error.strerror or str(error)
    if error.errno in LACKS:
        return UnavailableError(
            sentence(
                "%(target)s cannot be written: %(why)s. What is written is kept: "
                "once there is room, the next attempt goes on from there.",
                target=target,
                why=why,
            )
        )
    return InvalidError(sentence("%(target)s cannot be written: %(why)s.", target=target, why=why))


def _asked(plan: Plan, form: Form) -> list[Any]:
    """What tells one export from another; how names were read, and the moment, do not."""
    wanted = plan.wanted
    log = wanted.log and plan.parts[0].tree.name
    period = [each and each.isoformat() for each in (wanted.since, wanted.until)]
    sizes = sorted(wanted.known_sizes)
    return [version.RELEASE, str(form), log, wanted.query, *period, sizes, plan.stretch]


def _spelled(plan: Plan) -> dict[str, Any]:
    said = asdict(plan)
    said["made_at"] = plan.made_at.isoformat()
    for name in ("since", "until"):
        at = said["wanted"][name]
        said["wanted"][name] = at and at.isoformat()
    return said


def _read(said: dict[str, Any]) -> Plan:
    wanted = Wanted(**said["wanted"])
    since, until = (
        datetime.fromisoformat(said["wanted"][name]) if said["wanted"][name] else None
        for name in ("since", "until")
    )
    parts = tuple(Part(Tree(**part["tree"]), part["first"], part["end"]) for part in said["parts"])
    return Plan(
        replace(
            wanted,
            since=since,
            until=until,
            selection=tuple(wanted.selection),
            known_sizes=tuple(wanted.known_sizes),
        ),
        parts,
        datetime.fromisoformat(said["made_at"]),
        said["stretch"],
    )
