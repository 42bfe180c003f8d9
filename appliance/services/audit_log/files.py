"""The files of an export: written beside their place, hashed on the way, and renamed when whole."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import zipfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from appliance.errors import ConflictError, InvalidError, sentence

QUICKLY = 1
"""The level of compression: the next ones take twice as long for a tenth less."""
CHUNK_BYTES = 1024 * 1024
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o644 << 16
UNIX = 3


class Hashed:
    """A file that is being written. Its state is the hash and the size of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        """Add to it."""
        self._hash.update(data)
        self.size_bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Hand on what waits."""
        self._file.flush()

    @property
    def sha256(self) -> str:
        """Of what was written, in hexadecimal."""
        return self._hash.hexdigest()


class Lines:
    """A text file that is being written, packed on request; lasting when closed."""

    def __init__(self, path: Path, *, is_packed: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self.hashed = Hashed(self._file)
        self.count = 0
        self._packed: gzip.GzipFile | None = None
        if is_packed:
            # Without the time: the same content makes the same file.
            self._packed = gzip.GzipFile("", "wb", QUICKLY, self.hashed, mtime=0)

    def write(self, lines: Iterable[bytes]) -> None:
        """Add lines; each gets its end here."""
        ended = [line + b"\n" for line in lines]
        self.count += len(ended)
        (self._packed or self.hashed).write(b"".join(ended))

    def close(self) -> None:
        """End it, on the disk."""
        if self._packed is not None:
            self._packed.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Let go of it, as it is."""
        self._file.close()


@contextmanager
def beside(target: Path) -> Generator[Path]:
    """A name to write to; what is there when the block ends well gets the name `target`.

    What an earlier attempt left there is removed first: half an export is never gone on with.

    Errors:
        ConflictError: there is something of that name already.
        InvalidError: it cannot be written there.
    """
    if target.exists() or target.is_symlink():
        raise ConflictError(
            sentence("%(target)s is there already. Choose another name.", target=target)
        )
    draft = target.with_name(f".{target.name}.unfinished")
    try:
        remove(draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.rename(target)
        _settle(target.parent)
    except OSError as error:
        raise InvalidError(
            sentence(
                "%(target)s cannot be written: %(why)s.", target=target, why=error.strerror or error
            )
        ) from error
    finally:
        remove(draft)


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def pack(folder: Path, target: Path) -> None:
    """Put all files of a folder into a zip file in which they are stored as they are."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with target.open("wb") as opened:
        with zipfile.ZipFile(opened, "w", zipfile.ZIP_STORED) as archive:
            for path in files:
                member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), LONG_AGO)
                member.external_attr, member.create_system = PLAIN_FILE, UNIX
                member.file_size = path.stat().st_size
                with path.open("rb") as source, archive.open(member, "w") as into:
                    shutil.copyfileobj(source, into, CHUNK_BYTES)
        opened.flush()
        os.fsync(opened.fileno())


def _settle(folder: Path) -> None:
    """See that a new name is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
