"""What a push brings, asked while it is still in quarantine, or what was made here, asked before a
ref moves: how much, how large, where, and whether a ref goes forward. Bounded questions; whether
the answers are welcome is decided elsewhere.

Source: git-receive-pack(1), "QUARANTINE ENVIRONMENT".
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.protection import NO_OBJECT, Movement, RefUpdate
from appliance.errors import InvalidError
from appliance.git import process, small_push
from appliance.git.storage import size_bytes

OFFENDERS = 20
"""Most large files and bad paths that are named; one is enough to refuse."""

NEW = ("--not", "--all")
OUTPUT_BYTES = 64 * 1024**3  # Streamed; time is what bounds it.


@dataclass(frozen=True)
class InspectionLimits:
    """What one push may bring, and how long it may take to find out."""

    file_size_bytes: int
    path_depth: int
    path_bytes: int
    seconds: float = 1200.0


@dataclass(frozen=True)
class LargeFile:
    """A new file over the limit. The path is one of those it has; empty when it has none."""

    oid: str
    size_bytes: int
    path: bytes


@dataclass(frozen=True)
class Inspection:
    """What a push brings. `deep_paths` are those over a limit of depth or length."""

    size_bytes: int
    large_files: tuple[LargeFile, ...]
    deep_paths: tuple[bytes, ...]
    movements: tuple[Movement, ...]


@dataclass(frozen=True)
class Quarantine:
    """Where the new objects of a push are until it is accepted."""

    folder: Path
    objects: Path

    @classmethod
    def parse(cls, folder: Path, environment: Mapping[str, str]) -> Quarantine | None:
        """The quarantine that git told a hook of; None when the push brings no objects.

        Errors:
            InvalidError: it does not lie in this repository.
        """
        told = environment.get("GIT_QUARANTINE_PATH")
        if told is None:
            return None
        objects = (folder / told).resolve()
        inside = objects.parent == (folder / "objects").resolve()
        if not inside or not objects.name.startswith("tmp_objdir-incoming-"):
            raise InvalidError.of("quarantine", "The quarantine does not belong to the repository.")
        return cls(folder, objects)

    @property
    def alone(self) -> dict[str, str]:
        """Lets git see the new objects only."""
        return {"GIT_OBJECT_DIRECTORY": str(self.objects)}

    @property
    def with_repository(self) -> dict[str, str]:
        """Lets git see the new objects and those of the repository."""
        objects = str((self.folder / "objects").resolve())
        return self.alone | {"GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}


def inspect(
    folder: Path,
    quarantine: Quarantine | None,
    updates: Iterable[RefUpdate],
    limits: InspectionLimits,
) -> Inspection:
    """What the push brings.

    Errors:
        TimeoutExceededError: it takes too long to find out; the push must be refused.
        DamagedError: the repository cannot be read.
    """
    updates = tuple(updates)
    deadline = time.monotonic() + limits.seconds
    small = small_push.look(quarantine, updates, limits) if quarantine else None
    movements = tuple(
        Movement.FAST_FORWARD
        if small is not None and update in small.forward
        else _movement(folder, quarantine, update, deadline)
        for update in updates
    )
    if quarantine is None:
        return _made_here(folder, updates, limits, deadline, movements)
    if small is not None:
        return Inspection(small.size_bytes, (), (), movements)
    return Inspection(
        size_bytes=size_bytes(quarantine.objects),
        large_files=_large_files(quarantine, updates, limits.file_size_bytes, deadline),
        deep_paths=_deep_paths(folder, quarantine.with_repository, updates, limits, deadline),
        movements=movements,
    )


def new_blobs(quarantine: Quarantine, *, seconds: float) -> Iterator[tuple[str, int]]:
    """Id and size of every new file, in the order of the pack.

    Objects that the repository has already may be among them: git completes a thin pack with them.

    Errors:
        TimeoutExceededError, DamagedError: while iterating.
    """
    form = "--batch-check=%(objecttype) %(objectname) %(objectsize)"
    words = ["cat-file", "--batch-all-objects", "--unordered", "--buffer", form]
    for line in _records(quarantine.folder, words, b"\n", seconds, extra=quarantine.alone):
        if line.startswith(b"blob "):
            _kind, oid, size = line.split(b" ")
            yield oid.decode("ascii"), int(size)


def _made_here(
    folder: Path,
    updates: tuple[RefUpdate, ...],
    limits: InspectionLimits,
    deadline: float,
    movements: tuple[Movement, ...],
) -> Inspection:
    """What objects bring that are in the repository, and that no ref leads to yet."""
    tips = _tips(updates)
    words = ["rev-list", "--objects", "--stdin", *NEW]
    found = _records(folder, words, b"\n", _left(deadline), extra={}, question=tips)
    paths = {oid: path for oid, _, path in (line.partition(b" ") for line in found)} if tips else {}
    if not paths:
        return Inspection(0, (), (), movements)
    form = "--batch-check=%(objecttype) %(objectname) %(objectsize) %(objectsize:disk)"
    words, question = ["cat-file", "--buffer", form], b"".join(oid + b"\n" for oid in paths)
    added, large = 0, []
    for line in _records(folder, words, b"\n", _left(deadline), extra={}, question=question):
        kind, oid, size, on_disk = line.split(b" ")
        added += int(on_disk)
        if kind == b"blob" and int(size) > limits.file_size_bytes:
            large.append(LargeFile(oid.decode("ascii"), int(size), paths[oid]))
    deep = _deep_paths(folder, {}, updates, limits, deadline)
    return Inspection(added, tuple(large[:OFFENDERS]), deep, movements)


def _large_files(
    quarantine: Quarantine, updates: tuple[RefUpdate, ...], most_bytes: int, deadline: float
) -> tuple[LargeFile, ...]:
    sizes = {
        oid: size
        for oid, size in new_blobs(quarantine, seconds=_left(deadline))
        if size > most_bytes
    }
    if not sizes:
        return ()
    paths = _paths_of(set(sizes), quarantine, updates, deadline)
    return tuple(LargeFile(oid, sizes[oid], path) for oid, path in paths.items())[:OFFENDERS]


def _paths_of(
    wanted: set[str], quarantine: Quarantine, updates: tuple[RefUpdate, ...], deadline: float
) -> dict[str, bytes]:
    """Where some new objects are in the new trees; those that are nowhere are not new at all."""
    words = ["rev-list", "--objects", "--stdin", *NEW]
    found: dict[str, bytes] = {}
    for line in _records(
        quarantine.folder,
        words,
        b"\n",
        _left(deadline),
        extra=quarantine.with_repository,
        question=_tips(updates),
    ):
        oid, _, path = line.partition(b" ")
        if oid.decode("ascii") in wanted:
            found[oid.decode("ascii")] = path
            if len(found) == len(wanted):
                break
    return found


def _deep_paths(
    folder: Path,
    seen: Mapping[str, str],
    updates: tuple[RefUpdate, ...],
    limits: InspectionLimits,
    deadline: float,
) -> tuple[bytes, ...]:
    """Paths that a new commit adds or changes and that are over a limit.

    A commit is compared with its first parent only: what that one has was looked at before. `seen`
    says which objects git is to see.
    """
    words = ["log", "--format=", "--name-only", "-z", "--no-renames", "--diff-filter=d", "--root"]
    words += ["--diff-merges=first-parent", "--stdin", *NEW]
    offenders = []
    for path in _records(
        folder, words, b"\0", _left(deadline), extra=seen, question=_tips(updates)
    ):
        if len(path) > limits.path_bytes or path.count(b"/") > limits.path_depth:
            offenders.append(path)
            if len(offenders) == OFFENDERS:
                break
    return tuple(offenders)


def _tips(updates: tuple[RefUpdate, ...]) -> bytes:
    news = {update.new_oid for update in updates} - {NO_OBJECT}
    return "".join(f"{oid}\n" for oid in sorted(news)).encode("ascii")


def _movement(
    folder: Path, quarantine: Quarantine | None, update: RefUpdate, deadline: float
) -> Movement:
    if update.old_oid == NO_OBJECT:
        return Movement.CREATE
    if update.new_oid == NO_OBJECT:
        return Movement.DELETE
    answer = process.execute(
        ["merge-base", "--is-ancestor", update.old_oid, update.new_oid],
        at=folder,
        extra=quarantine.with_repository if quarantine else None,
        timeout_seconds=_left(deadline),
    )
    # 1 is no; 128 is said of things that have no ancestors, such as a tag of a file.
    return Movement.FAST_FORWARD if answer.status == 0 else Movement.FORCE


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _records(
    folder: Path,
    words: list[str],
    end: bytes,
    seconds: float,
    *,
    extra: Mapping[str, str],
    question: bytes = b"",
) -> Iterator[bytes]:
    """What git says, cut at each `end`; git is ended when nobody wants more.

    Errors:
        TimeoutExceededError, DamagedError: while iterating.
    """
    with process.stream(
        words,
        at=folder,
        extra=extra,
        input=question,
        timeout_seconds=seconds,
        output_bytes=OUTPUT_BYTES,
    ) as speech:
        rest = b""
        for chunk in speech:
            *records, rest = (rest + chunk).split(end)
            yield from filter(None, records)
        if rest:
            yield rest
        speech.check()
