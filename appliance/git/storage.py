"""Where repositories live on disk: create, fork, remove, measure.

A repository is a bare folder under its id, so a rename or a transfer moves no bytes. Whatever takes
longer than one rename is done under `repositories/unfinished/`, a name that nobody looks up, and
renamed into place at the end; `sweep` removes what a crash has left there.
Source of the layout: gitrepository-layout(5).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from appliance.errors import ConflictError, InvalidError, NotFoundError, UnavailableError, sentence
from appliance.git import process
from appliance.git.repository_config import write_config

FORK_SECONDS = 600.0  # Links only; minutes are for folders that lie on different file systems.
EMPTY_FOLDERS = ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info")


@dataclass(frozen=True)
class RepositoryStore:
    """All repositories of one appliance; its state is the path of the home folder."""

    home: Path

    def folder(self, repository_id: UUID) -> Path:
        """Where the repository is, whether or not it exists."""
        return self.home / "repositories" / _shard(repository_id)

    @property
    def hooks(self) -> Path:
        """The folder with the hooks that every repository runs."""
        return self.home / "hooks"

    def create(self, repository_id: UUID, *, default_branch: bytes = b"main") -> Path:
        """An empty repository whose HEAD names `default_branch`; gives its folder.

        Errors:
            InvalidError: the branch cannot be called so.
            ConflictError: the repository exists.
        """
        with self.unfinished(repository_id) as folder:
            self.lay_out(folder, default_branch=default_branch)
            return self.adopt(folder, repository_id)

    def lay_out(self, folder: Path, *, default_branch: bytes) -> None:
        """Make `folder` an empty bare repository with our configuration."""
        for name in EMPTY_FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        _write_head(folder, default_branch)
        self.configure(folder)

    def configure(self, folder: Path) -> None:
        """Write the configuration that this release gives every repository; safe to repeat."""
        write_config(folder, hooks=self.hooks)

    def fork(self, source_id: UUID, repository_id: UUID) -> Path:
        """A repository with the branches, tags and default branch of another; gives its folder.

        The packs are hard links: nothing is copied, and each outlives the other's deletion
        (docs/decisions/0003-forks-share-by-hard-links.md).

        Errors:
            NotFoundError: the source has no folder.
            ConflictError: the new repository exists.
            DamagedError, TimeoutExceededError: the source cannot be read, or not in time.
        """
        source = self.folder(source_id)
        if not source.is_dir():
            raise NotFoundError("The repository to fork has no folder.")
        with self.unfinished(repository_id) as folder, unmoved(source):
            process.run(
                [
                    "clone",
                    "--bare",
                    "--local",
                    "--quiet",
                    "--template=",
                    "--",
                    *map(os.fspath, (source, folder)),
                ],
                at=self.home,
                timeout_seconds=FORK_SECONDS,
                extra={"CODARA_INTERNAL": "1"},
            )
            self.configure(folder)  # Also forgets the source, which clone has noted as a remote.
            return self.adopt(folder, repository_id)

    @contextmanager
    def unfinished(self, repository_id: UUID) -> Iterator[Path]:
        """A path for a repository in the making; what is still there afterwards is removed."""
        folder = self.home / "repositories/unfinished" / _unknown_name(repository_id)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def adopt(self, folder: Path, repository_id: UUID) -> Path:
        """Give a finished folder the place of its id; from here on it exists.

        Errors:
            ConflictError: the repository exists.
        """
        place = self.folder(repository_id)
        _move(folder, place, taken=sentence("A repository with this id exists already."))
        return place

    def remove(self, repository_id: UUID) -> None:
        """Remove the repository for good; safe to repeat, and when killed `sweep` does the rest."""
        with (
            self.unfinished(repository_id) as doomed,
            contextlib.suppress(FileNotFoundError),
        ):
            os.rename(self.folder(repository_id), doomed)  # noqa: PTH104 — its error names both paths.

    def ids(self, *, older_than_seconds: float, now_seconds: float) -> Iterator[UUID]:
        """Every repository whose folder was made so long ago, whether a row claims it or not.

        Units: `now_seconds` is a Unix time.
        """
        for folder in (self.home / "repositories").glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*.git"):
            with contextlib.suppress(FileNotFoundError, ValueError):
                if now_seconds - folder.stat().st_ctime > older_than_seconds:
                    yield UUID(hex=folder.stem)

    def sweep(self, *, older_than_seconds: float, now_seconds: float) -> int:
        """Remove what crashes have left under `unfinished/`; gives how many folders.

        Units: `now_seconds` is a Unix time.
        """
        removed = 0
        with contextlib.suppress(FileNotFoundError):
            for folder in (self.home / "repositories/unfinished").iterdir():
                if now_seconds - folder.lstat().st_mtime > older_than_seconds:
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed


def set_default_branch(folder: Path, branch: bytes) -> None:
    """Let HEAD name another branch, whether or not that exists yet.

    Errors:
        InvalidError: a branch cannot be called so.
    """
    _check_branch(folder, branch)
    target = b"refs/heads/" + branch
    process.run(["symbolic-ref", "HEAD", target], at=folder, extra={"CODARA_INTERNAL": "1"})


def size_bytes(folder: Path) -> int:
    """Bytes of all files of the repository, those shared with a fork included.

    Files that come and go meanwhile may be counted or not.
    """
    total = 0
    pending = [os.fspath(folder)]
    while pending:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.scandir(pending.pop()):
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    with contextlib.suppress(FileNotFoundError):
                        total += entry.stat(follow_symlinks=False).st_size
    return total


@contextmanager
def unmoved(folder: Path) -> Iterator[None]:
    """Keep maintenance from moving objects of `folder` between packs meanwhile; many may hold it.

    Errors:
        UnavailableError: maintenance is at work; come back later.
    """
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only maintenance of `folder`, with no fork under way. A kill lets go of the lock.

    Errors:
        UnavailableError: another holds it.
    """
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    handle = os.open(folder / "maintenance.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise UnavailableError(
            "This repository is being tidied up. Try again in a minute.", retry_after_seconds=30
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def _shard(repository_id: UUID) -> Path:
    """`ab/cd/ID.git` from the end of the id: its beginning is a clock and would fill one folder."""
    name = repository_id.hex
    return Path(name[-2:], name[-4:-2], f"{name}.git")


def _unknown_name(repository_id: UUID) -> str:
    return f"{repository_id.hex}-{secrets.token_hex(8)}"


def _move(source: Path, target: Path, *, taken: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ConflictError(taken)
    try:
        os.rename(source, target)  # noqa: PTH104 — never replaces a folder that holds anything.
    except FileNotFoundError as error:
        raise NotFoundError("The repository has no folder here.") from error
    except OSError as error:
        raise ConflictError(taken) from error
    for parent in {source.parent, target.parent}:
        _persist(parent)


def _persist(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_head(folder: Path, branch: bytes) -> None:
    _check_branch(folder, branch)
    (folder / "HEAD").write_bytes(b"ref: refs/heads/" + branch + b"\n")


def _check_branch(folder: Path, branch: bytes) -> None:
    words: list[str | bytes] = ["check-ref-format", b"refs/heads/" + branch]
    usable = not branch.startswith(b"-") and b"\0" not in branch and branch != b"HEAD"
    if not usable or process.execute(words, at=folder).status != 0:
        raise InvalidError.of("default_branch", "A branch cannot have this name.")
