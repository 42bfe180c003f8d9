"""Gives a commit's files as one archive, as a stream of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from appliance.errors import InvalidError
from appliance.git import process
from appliance.git.handles import Kind, opened

FOUR_GIB = 4 * 1024**3
ARCHIVE_BYTES = 16 * FOUR_GIB
ARCHIVE_SECONDS = 3600.0


class Format(StrEnum):
    """What kind of archive."""

    ZIP = "zip"
    TAR_GZ = "tar.gz"


def archive(
    at: Path,
    commit: str,
    *,
    form: Format,
    prefix: bytes,
    seconds: float = ARCHIVE_SECONDS,
) -> Iterator[bytes]:
    """All files of a commit below the folder `prefix`, piece by piece.

    Errors:
        NotFoundError: there is no such commit; said before the first piece.
        DamagedError: something in it cannot be read; the archive is then cut short.
    """
    if not prefix or b"\n" in prefix or b".." in prefix.split(b"/"):
        raise InvalidError("An archive's files need a folder.")
    with opened(at) as handle:
        handle.expect(commit, Kind.COMMIT)
    return _stream(at, commit, form, prefix.strip(b"/") + b"/", seconds)


def _stream(at: Path, commit: str, form: Format, prefix: bytes, seconds: float) -> Iterator[bytes]:
    words: list[str | bytes] = ["archive", f"--format={form}", b"--prefix=" + prefix, commit]
    with process.stream(
        words, at=at, timeout_seconds=seconds, output_bytes=ARCHIVE_BYTES
    ) as speech:
        yield from speech
        speech.check()
