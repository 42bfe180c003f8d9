"""Takes archives apart that other systems made of repositories, as strangers hand them in.

Only plain files below the archive's own folder are taken out; links are not. How much may come out
is bounded, whatever the archive says of itself. Of a Git repository in it only objects and refs
stay: its settings could start programs, and its alternates read what is not the archive's.
"""

from __future__ import annotations

import bz2
import gzip
import io
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from appliance.access.gate import open_to_everyone
from appliance.errors import InvalidError, TooLargeError, sentence

CHUNK_BYTES = 1024 * 1024
LARGEST_READ = CHUNK_BYTES
"""No header of a tar file is longer: a library would take all of a longer one into memory."""
ENTRY, ENTRY_BYTES = b"PK\1\2", 256
"""What each entry in the list of a zip file begins with, and how long one is at most, about."""
DEEPEST = 64
OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}
PLAIN_ZIP = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
OF_GIT = frozenset({"HEAD", "packed-refs", "refs", "objects", "lfs"})
"""What of a bare repository stays."""


MORE_FILES = sentence("The archive has more files than may be brought in.")
DAMAGED = (
    *(OSError, EOFError, RuntimeError, ValueError),
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class Bounds:
    """How much may come out of an archive."""

    size_bytes: int = 1 << 50
    files: int = 50_000_000


@open_to_everyone(because="whoever hands an archive in has been asked; it only reads files")
def unpack(
    archive: Path,
    into: Path,
    bounds: Bounds | None = None,
    *,
    note: Callable[[int], None] | None = None,
) -> Path:
    """The folder with an archive's content: itself, or where it was unpacked. `note` is told from
    time to time how many bytes have come out.

    Errors:
        InvalidError: it is no archive, a damaged one, or one that leads out of its folder.
        TooLargeError: more would come out than may.
    """
    if archive.is_dir():
        return archive
    bounds = bounds or Bounds()
    measure = _Measure(bounds, note)
    try:
        with _members(archive, bounds) as members:
            for name, source in members:
                _write(into.joinpath(*_safe(name).parts), source, measure)
    except DAMAGED as error:
        raise _damaged(archive, error) from error
    return root_of(into)


@open_to_everyone(because="it only looks at names")
def root_of(folder: Path) -> Path:
    """The folder that an archive's content begins in: often it is all in a folder of its own."""
    found = list(folder.iterdir())
    return found[0] if len(found) == 1 and found[0].is_dir() else folder


@open_to_everyone(because="it only looks at names")
def inside(folder: Path, name: str) -> Path | None:
    """The file or folder of that name in an archive's folder, if it is there and leads nowhere
    else.
    """
    if not name or "\0" in name:
        return None
    found = (folder / name).resolve()
    return found if found.is_relative_to(folder.resolve()) and found.exists() else None


@open_to_everyone(because="it takes away from what was unpacked a moment ago")
def leave_only_objects(repository: Path) -> None:
    """Take away from a bare repository all by which it could do more than hold objects and refs."""
    if not repository.is_dir():
        return
    for each in repository.iterdir():
        if each.name not in OF_GIT:
            _remove(each)
    _remove(repository / "objects" / "info")


class _Measure:
    """Counts what comes out. Its state is how much that is so far."""

    def __init__(self, bounds: Bounds, note: Callable[[int], None] | None) -> None:
        self._bounds, self._note = bounds, note
        self._bytes = self._files = 0

    def file(self) -> None:
        self._files += 1
        if self._files > self._bounds.files:
            raise TooLargeError(MORE_FILES)

    def content(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._bounds.size_bytes:
            raise TooLargeError(
                sentence(
                    "More than %(most)s bytes would come out of the archive.",
                    most=self._bounds.size_bytes,
                )
            )
        if self._note is not None:
            self._note(self._bytes)


class _Bounded:
    """What comes out of a packed tar file, forwards only; its state is how far that is read."""

    def __init__(self, source: IO[bytes], most_bytes: int) -> None:
        self._source, self._most_bytes, self._at = source, most_bytes, 0

    def read(self, count: int = -1) -> bytes:
        """The next bytes. What is passed over counts too: it is unpacked as well."""
        if not 0 <= count <= LARGEST_READ:
            raise tarfile.ReadError("a header is too long")
        found = self._source.read(count)
        self._at += len(found)
        if self._at > self._most_bytes:
            raise TooLargeError(sentence("More would come out of the archive than may."))
        return found

    def seek(self, place: int) -> None:
        """Go on from a place further on."""
        while self._at < place and self.read(min(LARGEST_READ, place - self._at)):
            pass

    def tell(self) -> int:
        """How far it is read."""
        return self._at

    def seekable(self) -> bool:
        """It is, forwards."""
        return True


class _Listed(io.FileIO):
    """A zip file whose list of files a library takes into memory at once, if it is not too long."""

    def __init__(self, archive: Path, most_files: int) -> None:
        super().__init__(archive)
        self._most_files = most_files

    def read(self, count: int | None = -1, /) -> bytes:
        """The next bytes. So many at a time are only the list: content comes in pieces."""
        wanted = count if count is not None else -1
        if wanted > self._most_files * ENTRY_BYTES + CHUNK_BYTES:
            raise TooLargeError(MORE_FILES)
        found = super().read(wanted)
        if wanted > CHUNK_BYTES and found.count(ENTRY) > self._most_files:
            raise TooLargeError(MORE_FILES)
        return found


def _write(target: Path, source: IO[bytes] | None, measure: _Measure) -> None:
    measure.file()
    if source is None:
        target.mkdir(parents=True, exist_ok=True)  # Git knows a repository by its folders.
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            measure.content(len(chunk))
            out.write(chunk)


@contextmanager
def _members(archive: Path, bounds: Bounds) -> Iterator[Iterator[tuple[str, IO[bytes] | None]]]:
    """The files of an archive with their content, and its folders with none."""
    if zipfile.is_zipfile(archive):
        with _Listed(archive, bounds.files) as listed, zipfile.ZipFile(listed) as opened:
            yield _of_zip(opened)
        return
    with archive.open("rb") as raw:
        start = raw.read(3)
    opens = next((each for mark, each in OPENERS.items() if start.startswith(mark)), open)
    # What is between the files is more than they are, as much as a header for each.
    most = bounds.size_bytes + 4 * tarfile.BLOCKSIZE * bounds.files
    with opens(archive, "rb") as source:
        bounded = cast("IO[bytes]", _Bounded(source, most))
        with tarfile.open(fileobj=bounded, mode="r:") as packed:
            yield _of_tar(packed)


def _of_zip(opened: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for each in opened.infolist():
        kind = each.external_attr >> 28
        if each.is_dir():
            yield each.filename, None
        elif kind in {0, 8}:  # Nothing is said of what it is, or it is a plain file.
            if each.compress_type not in PLAIN_ZIP:
                raise zipfile.BadZipFile("it is packed in a way that is not read here")
            with opened.open(each) as source:
                yield each.filename, source


def _of_tar(packed: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    known: Any = packed
    while (member := packed.next()) is not None:
        known.members.clear()  # The library would keep all of them.
        if sum(map(len, packed.pax_headers.values())) > LARGEST_READ:
            raise tarfile.ReadError("too much is said of all files")
        if member.isdir():
            yield member.name, None
        elif content := packed.extractfile(member) if member.isfile() else None:
            yield member.name, content


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise InvalidError(
            sentence(
                "The archive has a file with a name that leads out of it: %(name)s.",
                name=repr(name),
            )
        )
    if len(path.parts) > DEEPEST:
        raise InvalidError(sentence("The archive has folders in folders, deeper than is read."))
    return path


def _damaged(archive: Path, error: Exception) -> InvalidError:
    why = getattr(error, "strerror", None) or str(error)
    return InvalidError(
        sentence("%(archive)s cannot be unpacked: %(why)s.", archive=archive.name, why=why)
    )


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
