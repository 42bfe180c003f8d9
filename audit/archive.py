"""Opens a zip file of somebody unknown, if it is as small and plain as ours are.

The standard library reads the whole list of files before one can ask how long it is. So the end of
the file is read here first. Only what we write is taken: files that are stored, no comment at the
end.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

LARGEST_LIST = 16 * 1024 * 1024
MOST_FILES = 65_000
END = struct.Struct("<4s4H2LH")
END_LARGE = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")


DAMAGED = (
    OSError,
    EOFError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the library raises, one way or another, when a zip file is not sound."""


class ArchiveError(ValueError):
    """It is no zip file of the plain sort."""


def opened(path: Path) -> zipfile.ZipFile:
    """The zip file at a path.

    Errors:
        ArchiveError: it is none, or of a sort that no export is.
    """
    try:
        with path.open("rb") as file:
            _check_end(file)
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise ArchiveError("neither a folder nor a zip file as exports are") from error
    listed = archive.infolist()
    if not all(each.filename for each in listed):
        archive.close()
        raise ArchiveError("the zip file holds a file without a name")
    if any(each.compress_type != zipfile.ZIP_STORED or each.flag_bits & 1 for each in listed):
        archive.close()
        raise ArchiveError("the zip file holds files that are not simply stored")
    if len({each.filename for each in listed}) != len(listed):
        archive.close()
        raise ArchiveError("the zip file holds two files of the same name")
    return archive


def _check_end(file: IO[bytes]) -> None:
    length = file.seek(0, 2)
    signature, _, _, _, count, list_bytes, _, comment = END.unpack(
        _at(file, length - END.size, END.size)
    )
    if signature != b"PK\x05\x06" or comment:
        raise ArchiveError("no end of a zip file")
    large = _large_end(file, length - END.size)
    count, list_bytes = large or (count, list_bytes)
    if list_bytes > LARGEST_LIST or count > MOST_FILES:
        raise ArchiveError("too many files")


def _large_end(file: IO[bytes], end: int) -> tuple[int, int] | None:
    """Files, and bytes of their list, where the zip file has the larger sort of end."""
    if end < LOCATOR.size + END_LARGE.size:
        return None
    signature, _, place, _ = LOCATOR.unpack(_at(file, end - LOCATOR.size, LOCATOR.size))
    if signature != b"PK\x06\x07":
        return None
    start = end - LOCATOR.size - END_LARGE.size
    fields = END_LARGE.unpack(_at(file, start, END_LARGE.size))
    if fields[0] != b"PK\x06\x06" or place != start:
        raise ArchiveError("two ends that do not fit")
    return fields[7], fields[8]


def _at(file: IO[bytes], start: int, length: int) -> bytes:
    if start < 0:
        raise ArchiveError("too short")
    file.seek(start)
    return file.read(length)
