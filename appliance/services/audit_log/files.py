"""The files of an export: hashed and packed on the way, marked where they can be gone on with."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

QUICKLY = 1
"""The level of compression: the next ones take twice as long for a tenth less."""
CHUNK_BYTES = 1024 * 1024
GZIP_HEADER = bytes.fromhex("1f8b08000000000004ff")
"""Deflate, without a name or a time: the same content makes the same file."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o644 << 16
UNIX = 3


@dataclass(frozen=True)
class Mark:
    """How much of a file is on the disk for good, so that it can be gone on with from there."""

    size_bytes: int
    sha256: str
    count: int
    """Lines."""
    checksum: int = 0
    """CRC-32 of what was packed."""
    unpacked_bytes: int = 0


class DamagedDraftError(Exception):
    """What was on the disk for good is not there as it was."""


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

    def go_on(self, mark: Mark) -> None:
        """Take what is there up to a mark as written, and throw away what comes after it.

        Errors:
            DamagedDraftError: it is not what it was.
        """
        while missing := mark.size_bytes - self.size_bytes:
            data = self._file.read(min(CHUNK_BYTES, missing))
            if not data:
                raise DamagedDraftError
            self._hash.update(data)
            self.size_bytes += len(data)
        if self.sha256 != mark.sha256:
            raise DamagedDraftError
        self._file.seek(self.size_bytes)
        self._file.truncate()

    def settle(self) -> None:
        """See that all of it is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    @property
    def sha256(self) -> str:
        """Of what was written, in hexadecimal."""
        return self._hash.hexdigest()


class Packed:
    """One gzip member that is being written. Its state is the compressor, a checksum and a length.

    Wherever it is cut, a new compressor begins, which knows nothing of what came before: so whoever
    goes on from there writes the very bytes that would have been written without a break.
    Source: RFC 1952, section 2.3; zlib's manual for `Z_FULL_FLUSH`.
    """

    def __init__(self, into: Hashed, mark: Mark | None) -> None:
        self._into = into
        self._deflate = _deflate()
        self.checksum, self.size_bytes = (mark.checksum, mark.unpacked_bytes) if mark else (0, 0)
        if mark is None:
            into.write(GZIP_HEADER)

    def write(self, data: bytes) -> None:
        """Add to it."""
        self.checksum = zlib.crc32(data, self.checksum)
        self.size_bytes += len(data)
        self._into.write(self._deflate.compress(data))

    def cut(self) -> None:
        """Hand on all that waits, in whole bytes."""
        self._into.write(self._deflate.flush(zlib.Z_FULL_FLUSH))
        self._deflate = _deflate()

    def close(self) -> None:
        """End it."""
        self._into.write(self._deflate.flush())
        self._into.write(struct.pack("<II", self.checksum, self.size_bytes & 0xFFFFFFFF))


class Lines:
    """A text file that is being written, packed on request; lasting when closed.

    With a mark it goes on with what is there; `DamagedDraftError` says that it cannot.
    """

    def __init__(self, path: Path, *, is_packed: bool = False, mark: Mark | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = path.open("r+b" if mark else "wb")
        except FileNotFoundError as error:
            raise DamagedDraftError from error
        self.hashed = Hashed(self._file)
        if mark is not None:
            self._go_on(mark)
        self.count = mark.count if mark else 0
        self._packed = Packed(self.hashed, mark) if is_packed else None

    def _go_on(self, mark: Mark) -> None:
        try:
            self.hashed.go_on(mark)
        except DamagedDraftError:
            self.abandon()
            raise

    def write(self, lines: Iterable[bytes]) -> None:
        """Add lines; each gets its end here."""
        ended = [line + b"\n" for line in lines]
        self.count += len(ended)
        (self._packed or self.hashed).write(b"".join(ended))

    def mark(self) -> Mark:
        """See that all of it is on the disk, and say how much that is."""
        checksum = unpacked_bytes = 0
        if self._packed is not None:
            self._packed.cut()
            checksum, unpacked_bytes = self._packed.checksum, self._packed.size_bytes
        self.hashed.settle()
        written = self.hashed
        return Mark(written.size_bytes, written.sha256, self.count, checksum, unpacked_bytes)

    def close(self) -> None:
        """End it, on the disk."""
        if self._packed is not None:
            self._packed.close()
        self.hashed.settle()
        self._file.close()

    def abandon(self) -> None:
        """Let go of it, as it is."""
        with suppress(OSError):  # What cannot be written any more is missed elsewhere.
            self._file.close()


def _deflate() -> Any:
    return zlib.compressobj(QUICKLY, zlib.DEFLATED, -zlib.MAX_WBITS)


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


def settle(folder: Path) -> None:
    """See that a new name is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
