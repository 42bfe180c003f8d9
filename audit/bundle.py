"""Reads an export without trusting it: a folder, or one zip file with the same in it.

Nothing is unpacked to disk, nothing is read whole that can be long, and each file is hashed while
it is read. What SPEC.md says of the files is checked here and in `rows.py`; what they prove, in
`verify.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeGuard

from audit import archive
from audit.canonical import DEEPEST, canonical

FORMAT = "codara-audit-bundle/1"
LARGEST_MANIFEST = 4 * 1024 * 1024
LARGEST_SMALL_FILE = 1024 * 1024
LONGEST_LINE = 256 * 1024
CHUNK_BYTES = 64 * 1024
LEAST_BYTES_OF_A_LINE = 4
"""Of a packed line. Each of ours has random bytes in it, which nothing packs."""
FREE_LINES = 1000
MOST_FILES = archive.MOST_FILES
MOST_LOGS = 4096
LARGEST_SIZE = 2**53 - 1
NAME = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,3}\Z", re.ASCII
)
SHA256 = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
MANIFEST, MANIFEST_NOTE = "bundle.json", "manifest.note"
NUMBERS = ("size", "first", "end", "bodies", "values", "minimum")
TEXTS = ("log", "origin", "folder")
DISCLOSURES = ("all", "some")


class BundleError(ValueError):
    """It is no bundle, or a part of it cannot be read."""


class MissingError(BundleError):
    """A file that should be there is not."""


@dataclass(frozen=True)
class LogPart:
    """What the manifest says of one log in the bundle."""

    log: str
    origin: str
    folder: str
    size: int
    first: int
    end: int
    bodies: int
    values: int
    minimum: int


@dataclass(frozen=True)
class Manifest:
    """What the bundle says of itself. Its hash is what is signed."""

    made_at: str
    query: str
    selection: Any
    disclosure: str
    """`all` where every personal value of each body is told or erased; `some` where not."""
    files: dict[str, tuple[str, int]]
    """SHA-256 and size by name."""
    logs: tuple[LogPart, ...]


class Bundle:
    """A folder or zip file, read by names. Its state is what was read to the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self.digests: dict[str, tuple[str, int]] = {}
        """SHA-256 and size of each file that was read to its end."""
        if path.is_dir():
            return
        try:
            self._zip = archive.opened(path)
        except archive.ArchiveError as error:
            raise BundleError(str(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._zip is not None:
            self._zip.close()

    def names(self) -> set[str]:
        """The files that are there.

        Errors:
            BundleError: there are more than any bundle has, or a folder cannot be read.
        """
        if self._zip is not None:
            return {each.filename for each in self._zip.infolist() if not each.is_dir()}
        found = set()
        try:
            for number, each in enumerate(self._path.rglob("*")):
                if number >= MOST_FILES:
                    raise BundleError(f"more than {MOST_FILES} files and folders")
                if each.is_symlink() or not each.is_dir():
                    found.add(each.relative_to(self._path).as_posix())
        except (OSError, RecursionError) as error:
            raise BundleError("a folder cannot be read") from error
        return found

    def small(self, name: str, limit: int = LARGEST_SMALL_FILE) -> bytes:
        """A file that is known to be short.

        Errors:
            MissingError: it is not there.
            BundleError: it is longer than the limit, or damaged.
        """
        return b"".join(self._chunks(name, limit))

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, without their ends; a name that ends in `.gz` is inflated.

        Errors:
            MissingError, BundleError: while iterating.
        """
        rest, count = b"", 0
        for chunk, packed in self._inflated(name) if name.endswith(".gz") else self._plain(name):
            *whole, rest = (rest + chunk).split(b"\n")
            count += len(whole)
            if count > FREE_LINES + packed // LEAST_BYTES_OF_A_LINE:
                raise BundleError("more lines than so few bytes can hold")
            for line in whole:
                if len(line) > LONGEST_LINE:
                    break
                yield line
            else:
                if len(rest) <= LONGEST_LINE:
                    continue
            raise BundleError(f"a line is longer than {LONGEST_LINE} bytes")
        if rest:
            raise BundleError("the last line has no end")

    def digest(self, name: str) -> tuple[str, int]:
        """SHA-256 and size of a file.

        Errors:
            MissingError, BundleError: as for `small`.
        """
        if name not in self.digests:
            for _ in self._chunks(name, None):
                pass
        return self.digests[name]

    def size(self, name: str) -> int:
        """How long a file says that it is, without reading it.

        Errors:
            MissingError, BundleError: as for `small`.
        """
        try:
            if self._zip is not None:
                return self._zip.getinfo(name).file_size
            with self._open(name) as opened:
                return opened.seek(0, 2)
        except (KeyError, FileNotFoundError) as error:
            raise MissingError(f"{name} is missing") from error
        except archive.DAMAGED as error:
            raise BundleError("it cannot be read") from error

    def _plain(self, name: str) -> Iterator[tuple[bytes, int]]:
        size = 0
        for chunk in self._chunks(name, None):
            size += len(chunk) * LEAST_BYTES_OF_A_LINE
            yield chunk, size

    def _inflated(self, name: str) -> Iterator[tuple[bytes, int]]:
        """What a packed file holds, each time with how many packed bytes were read so far."""
        inflater, packed = zlib.decompressobj(wbits=31), 0
        try:
            for chunk in self._chunks(name, None):
                data, packed = chunk, packed + len(chunk)
                while data:
                    # What follows the end would be kept by the inflater, however long it is.
                    if inflater.eof:
                        raise BundleError("something follows the end of the gzip file")
                    yield inflater.decompress(data, CHUNK_BYTES), packed
                    data = inflater.unconsumed_tail or inflater.unused_data
            yield inflater.flush(), packed
        except zlib.error as error:
            raise BundleError("no sound gzip file") from error
        if not inflater.eof:
            raise BundleError("the gzip file is cut off")

    def _chunks(self, name: str, limit: int | None) -> Iterator[bytes]:
        hasher, size = hashlib.sha256(), 0
        try:
            with self._open(name) as opened:
                while chunk := opened.read(CHUNK_BYTES):
                    size += len(chunk)
                    if limit is not None and size > limit:
                        break
                    hasher.update(chunk)
                    yield chunk
        except BundleError:
            raise
        except (KeyError, FileNotFoundError) as error:
            raise MissingError(f"{name} is missing") from error
        except archive.DAMAGED as error:
            raise BundleError("it cannot be read") from error
        if limit is not None and size > limit:
            raise BundleError(f"longer than {limit} bytes")
        self.digests[name] = hasher.hexdigest(), size

    def _open(self, name: str) -> IO[bytes]:
        if not NAME.match(name):
            raise BundleError("a name that no file of a bundle has")
        if self._zip is not None:
            return self._zip.open(name)
        path = self._path / name
        if path.is_symlink() or not path.is_file():
            raise FileNotFoundError(name)
        return path.open("rb")


def manifest(data: bytes) -> Manifest:
    """What a bundle says of itself.

    Errors:
        BundleError: it is no manifest of this format.
    """
    said = json_object(data)
    if said.get("format") != FORMAT:
        raise BundleError(f"not of the format {FORMAT}")
    files, logs = said.get("files"), said.get("logs")
    if not isinstance(files, list) or not isinstance(logs, list) or len(logs) > MOST_LOGS:
        raise BundleError("the manifest does not say which files and logs there are")
    if not logs or said.get("disclosure") not in DISCLOSURES:
        raise BundleError("the manifest names no log, or not what is disclosed")
    made = Manifest(
        made_at=str(said.get("made_at")),
        query=str(said.get("query") or ""),
        selection=said.get("selection"),
        disclosure=said["disclosure"],
        files=dict(_file(each) for each in files),
        logs=tuple(_log(each) for each in logs),
    )
    if len(made.files) != len(files) or {MANIFEST, MANIFEST_NOTE} & made.files.keys():
        raise BundleError("the manifest names a file twice, or itself")
    for name in TEXTS:
        if len({getattr(each, name) for each in made.logs}) != len(logs):
            raise BundleError(f"the manifest names a {name} twice")
    return made


def json_object(data: bytes) -> dict[str, Any]:
    """The canonical JSON object in some bytes.

    Errors:
        BundleError: it is none.
    """
    try:
        value = json.loads(data)
        is_canonical = isinstance(value, dict) and canonical(value, deepest=DEEPEST + 1) == data
    except (ValueError, RecursionError) as error:
        raise BundleError("not JSON of our profile") from error
    if not is_canonical:
        raise BundleError("no canonical JSON object")
    found: dict[str, Any] = value
    return found


def is_size(value: Any) -> TypeGuard[int]:
    """Whether it is a whole number that can be a size or an index."""
    return type(value) is int and 0 <= value <= LARGEST_SIZE


def _file(said: Any) -> tuple[str, tuple[str, int]]:
    if not isinstance(said, dict) or said.keys() != {"name", "sha256", "bytes"}:
        raise BundleError("the manifest says of a file what it should not")
    name, digest = said["name"], said["sha256"]
    if not isinstance(name, str) or not NAME.match(name):
        raise BundleError("the manifest names a file as none is named")
    if not isinstance(digest, str) or not SHA256.match(digest) or not is_size(said["bytes"]):
        raise BundleError(f"the manifest says nothing sound of {name}")
    return name, (digest, said["bytes"])


def _log(said: Any) -> LogPart:
    if not isinstance(said, dict) or said.keys() != {*NUMBERS, *TEXTS}:
        raise BundleError("the manifest says of a log what it should not")
    if not all(is_size(said[name]) for name in NUMBERS):
        raise BundleError("a number about a log is none")
    if not all(isinstance(said[name], str) for name in TEXTS) or not NAME.match(said["folder"]):
        raise BundleError("a name of a log is none")
    part = LogPart(**said)
    if not part.minimum <= part.first <= part.end <= part.size:
        raise BundleError("what the manifest says of a log cannot be")
    return part
