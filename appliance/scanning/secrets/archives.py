"""Files inside archives, with ceilings on how much an archive may become.

ZIP (and what is one: JAR, wheels, office documents), TAR, gzip, bzip2 and xz, also one in the other
up to a depth. Nothing is written to a disk, no name is followed, and all past a ceiling is named.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

MIB = 1024 * 1024
XZ_MEMORY_BYTES = 80 * MIB
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)


class Readable(Protocol):
    """What gives up to so many bytes."""

    def read(self, most: int, /) -> bytes:
        """The next ones."""


@dataclass(frozen=True)
class Ceilings:
    """How much may come out of one archive, with all that is in it."""

    total_bytes: int = 64 * MIB
    member_bytes: int = 8 * MIB
    members: int = 2000
    depth: int = 3
    ratio: int = 200
    """Unpacked to packed. Text comes to about 10, logs to 60; 1000 is a bomb."""


@dataclass
class Allowance:
    """What is left of the ceilings, of one outermost archive."""

    ceilings: Ceilings
    bytes_left: int = 0
    members_left: int = 0
    skipped: list[str] = field(default_factory=list)

    def skip(self, path: str, why: str) -> None:
        """Say once for each reason what was not looked at."""
        if len(self.skipped) < self.ceilings.members:
            self.skipped.append(f"{why}: {path[:200]}")


@dataclass(frozen=True)
class Member:
    """A file in an archive; its path leads through the archives."""

    path: str
    data: bytes


DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # zipfile's word for what it cannot read.
    OverflowError,
)


def is_archive(data: bytes) -> bool:
    """Whether a file begins like an archive that can be read here."""
    return _opener(data) is not None


def members(data: bytes, path: str, allowance: Allowance, *, depth: int = 1) -> Iterator[Member]:
    """Each file in an archive, and in archives within it."""
    opener = _opener(data)
    if opener is None:
        return
    if depth > allowance.ceilings.depth:
        allowance.skip(path, "archive-too-deep")
        return
    if depth == 1:
        _fill(allowance, data)
    try:
        for name, content in opener(data, path, allowance):
            if _opener(content) is not None:
                yield from members(content, name, allowance, depth=depth + 1)
            else:
                yield Member(name, content)
    except DAMAGE:
        allowance.skip(path, "archive-damaged")


def _fill(allowance: Allowance, data: bytes) -> None:
    ceilings = allowance.ceilings
    allowance.members_left = ceilings.members
    allowance.bytes_left = min(ceilings.total_bytes, MIB + len(data) * ceilings.ratio)


def _read(stream: Readable, path: str, allowance: Allowance) -> bytes | None:
    """What a member holds, no more than is left; nothing where it is too much."""
    allowance.members_left -= 1
    most = min(allowance.ceilings.member_bytes, allowance.bytes_left)
    content = stream.read(most + 1)
    allowance.bytes_left -= min(len(content), most)
    if len(content) > most:
        why = "archive-member-too-large" if allowance.bytes_left > 0 else "archive-too-large"
        allowance.skip(path, why)
        return None
    return content


def _zip(data: bytes, path: str, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            name = f"{path}!{entry.filename}"
            if _is_spent(allowance, path):
                return
            if entry.is_dir():
                continue
            if entry.flag_bits & 1 or entry.compress_type not in PLAIN:
                allowance.skip(name, "archive-unreadable")
                continue
            with archive.open(entry) as stream:
                content = _read(stream, name, allowance)
            if content is not None:
                yield name, content


def _tar(data: bytes, path: str, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive:
            name = f"{path}!{entry.name}"
            if _is_spent(allowance, path):
                return
            stream = archive.extractfile(entry) if entry.isreg() else None
            if stream is None:
                continue
            content = _read(stream, name, allowance)
            if content is not None:
                yield name, content


def _is_spent(allowance: Allowance, path: str) -> bool:
    """Whether nothing more may come out of an archive, though there is more."""
    if allowance.members_left > 0 and allowance.bytes_left > 0:
        return False
    why = "archive-too-large" if allowance.members_left > 0 else "archive-too-many-members"
    allowance.skip(path, why)
    return True


def _gzip(data: bytes, path: str, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        yield from _unpacked(stream, path, allowance)


def _bzip2(data: bytes, path: str, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    with bz2.BZ2File(io.BytesIO(data)) as stream:
        yield from _unpacked(stream, path, allowance)


def _xz(data: bytes, path: str, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    yield from _unpacked(_XzStreams(data), path, allowance)


class _XzStreams:
    """Reads xz with a ceiling on its memory, which LZMAFile has not."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, most: int) -> bytes:
        """Up to so many bytes, of all streams one behind the other."""
        content = b""
        while self._data and len(content) < most:
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES)
            content += stream.decompress(self._data, max_length=most - len(content))
            self._data = stream.unused_data.lstrip(b"\0") if stream.eof else b""
        return content


def _unpacked(stream: Readable, path: str, allowance: Allowance) -> Iterator[tuple[str, bytes]]:
    """What one stream holds; it may be a TAR, so it may be as large as a whole archive."""
    most = allowance.bytes_left
    content = stream.read(most + 1)
    allowance.bytes_left = max(0, most - len(content))
    if len(content) > most:
        allowance.skip(path, "archive-too-large")
        return
    if _opener(content) is _tar:  # Its members are counted again as they come out.
        allowance.bytes_left += len(content)
    yield path, content


def _opener(data: bytes) -> Opener | None:
    for magic, opener in OPENERS.items():
        if data.startswith(magic):
            return opener
    return _tar if data[TAR_MARK] == b"ustar" else None


Opener = Callable[[bytes, str, Allowance], Iterator[tuple[str, bytes]]]
TAR_MARK = slice(257, 262)
OPENERS: dict[bytes, Opener] = {
    b"PK\x03\x04": _zip,
    b"\x1f\x8b\x08": _gzip,
    b"BZh": _bzip2,
    b"\xfd7zXZ\x00": _xz,
}
