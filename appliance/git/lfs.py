"""The store of large files: each lies once under the SHA-256 of its content, checked on the way in
and on the way out.

    lfs/ab/cd/OID                whole and checked
    lfs/unfinished/UPLOAD-OID    what has arrived of an upload; it can be continued

Source: git-lfs, docs/spec.md and docs/api/basic-transfers.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from appliance.errors import (
    ConflictError,
    DamagedError,
    InvalidError,
    NotFoundError,
    QuotaError,
    TooLargeError,
    sentence,
)
from appliance.git.duplex import Body

CHUNK_BYTES = 1024 * 1024
RESERVE_BYTES = 1024**3
"""Room that uploads leave on the disk: the database and pushes need some to the last."""

OID = re.compile(r"[0-9a-f]{64}")
UPLOAD = re.compile(r"[0-9a-zA-Z_-]{1,64}")


@dataclass(frozen=True)
class StoredObject:
    """One whole object of the store."""

    oid: str
    size_bytes: int
    written_seconds: float


@dataclass(frozen=True)
class LfsStore:
    """All large files of one appliance; its state is the path of the home folder."""

    home: Path
    reserve_bytes: int = RESERVE_BYTES

    def path(self, oid: str) -> Path:
        """Where the object is, whether or not it exists.

        Errors:
            InvalidError: it is no SHA-256 in lower-case hex.
        """
        if not OID.fullmatch(oid):
            raise InvalidError.of("oid", "An LFS object id is 64 lower-case hex digits.")
        return self.home / "lfs" / oid[:2] / oid[2:4] / oid

    def size_bytes(self, oid: str) -> int | None:
        """The size of a whole object; None when there is none."""
        try:
            return self.path(oid).stat().st_size
        except FileNotFoundError:
            return None

    def received_bytes(self, oid: str, *, upload: str) -> int:
        """How much of an unfinished upload is here: where the client may go on."""
        try:
            return self._unfinished(oid, upload).stat().st_size
        except FileNotFoundError:
            return 0

    def free_bytes(self) -> int:
        """Room left for uploads."""
        self.home.mkdir(parents=True, exist_ok=True)
        return max(0, shutil.disk_usage(self.home).free - self.reserve_bytes)

    def receive(
        self, oid: str, body: Body, *, size_bytes: int, upload: str, offset: int = 0
    ) -> None:
        """Store an object from its body, or the rest of one from `offset` on.

        `upload` names who uploads, so that nobody can go on with what another has begun. When the
        body breaks off, what has arrived stays for the next attempt.

        Errors:
            InvalidError: the content has another SHA-256 or another size than it was said to have.
            TooLargeError: the body goes on after `size_bytes`.
            ConflictError: less than `offset` is here, or the same upload is under way.
            QuotaError: the disk has no room.
        """
        if size_bytes - offset > self.free_bytes():
            raise QuotaError("The disk has no room for this file. Tell an administrator.")
        with self._open_unfinished(oid, upload) as file:
            checksum = _continue(file, offset)
            _append(file, body, checksum, left=size_bytes - offset)
            if checksum.hexdigest() != oid:
                os.ftruncate(file.fileno(), 0)
                raise InvalidError.of("oid", "What arrived has another SHA-256. Send it again.")
            os.fsync(file.fileno())
            self._adopt(oid, upload)

    def read(self, oid: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, in chunks; the last one comes only when the whole
        object has been found to be what it was.

        Errors:
            NotFoundError: there is no such object.
            DamagedError: while iterating, when the content is no longer that of its id.
        """
        try:
            file = self.path(oid).open("rb", buffering=0)
        except FileNotFoundError as error:
            raise NotFoundError("There is no such LFS object here.") from error
        return _verified(file, oid, start, end)

    def delete(self, oid: str) -> None:
        """Remove an object; safe to repeat."""
        self.path(oid).unlink(missing_ok=True)

    def objects(self) -> Iterator[StoredObject]:
        """Every whole object, in no order, for sweeping and counting.

        Units: `written_seconds` is a Unix time.
        """
        for path in (self.home / "lfs").glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(FileNotFoundError):
                state = path.stat()
                yield StoredObject(path.name, state.st_size, state.st_mtime)

    def sweep_unfinished(self, *, older_than_seconds: float, now_seconds: float) -> int:
        """Remove uploads that nobody has gone on with; gives how many.

        Units: `now_seconds` is a Unix time.
        """
        removed = 0
        for path in (self.home / "lfs/unfinished").glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if now_seconds - path.stat().st_mtime > older_than_seconds:
                    path.unlink()
                    removed += 1
        return removed

    def _unfinished(self, oid: str, upload: str) -> Path:
        if not UPLOAD.fullmatch(upload):
            raise InvalidError.of("upload", "This is no name of an upload.")
        return self.home / "lfs/unfinished" / f"{upload}-{self.path(oid).name}"

    @contextmanager
    def _open_unfinished(self, oid: str, upload: str) -> Iterator[IO[bytes]]:
        path = self._unfinished(oid, upload)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConflictError("The same file is being uploaded just now.") from error
            yield file

    def _adopt(self, oid: str, upload: str) -> None:
        place = self.path(oid)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._unfinished(oid, upload).replace(place)
        handle = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _continue(file: IO[bytes], offset: int) -> hashlib._Hash:
    """Bring the file to `offset`; gives the checksum so far."""
    present = os.fstat(file.fileno()).st_size
    if offset < 0 or offset > present:
        raise ConflictError(
            sentence("%(present)s bytes of this file are here. Go on from there.", present=present)
        )
    os.ftruncate(file.fileno(), offset)
    checksum = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        checksum.update(chunk)
    return checksum


def _append(file: IO[bytes], body: Body, checksum: hashlib._Hash, *, left: int) -> None:
    while chunk := _next(body):
        left -= len(chunk)
        if left < 0:
            os.ftruncate(file.fileno(), 0)
            raise TooLargeError("The file goes on after the size that was announced.")
        checksum.update(chunk)
        _write(file, chunk)
    if left > 0:
        raise InvalidError(
            sentence(
                "The upload broke off %(left)s bytes before the end. Go on from there.", left=left
            )
        )


def _next(body: Body) -> bytes:
    """The next chunk; none when the client has gone, so that what arrived is kept."""
    try:
        return body.read(CHUNK_BYTES)
    except OSError:
        return b""


def _write(file: IO[bytes], chunk: bytes) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise QuotaError("The disk has no room for this file. Tell an administrator.") from error


def _verified(file: IO[bytes], oid: str, start: int, end: int | None) -> Iterator[bytes]:
    checksum = hashlib.sha256()
    position = 0
    held = b""
    with file:
        while chunk := file.read(CHUNK_BYTES):
            checksum.update(chunk)
            wanted = _slice(chunk, position, start, end)
            position += len(chunk)
            if wanted:
                if held:
                    yield held
                held = wanted
    if checksum.hexdigest() != oid:
        raise DamagedError("This LFS object is damaged on the disk. Tell an administrator.")
    if held:
        yield held


def _slice(chunk: bytes, position: int, start: int, end: int | None) -> bytes:
    first = max(0, start - position)
    last = len(chunk) if end is None else min(len(chunk), end - position)
    if first == 0 and last == len(chunk):
        return chunk
    return chunk[first : max(first, last)]
