"""Which plain files of a commit have a path that somebody wants, with the ids of their contents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from appliance.git import process
from appliance.git.handles import Kind, opened

SECONDS = 60.0
PLAIN = (b"100644 ", b"100755 ")


def wanted(
    at: Path, commit: str, is_wanted: Callable[[bytes], bool], *, most: int
) -> dict[bytes, str]:
    """Paths and ids of files, neither links nor submodules, in git's order; at most so many.

    Errors:
        DamagedError, TimeoutExceededError: the tree cannot be read, or not in time.
    """
    found: dict[bytes, str] = {}
    rest = b""
    words = ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit]
    with process.stream(words, at=at, timeout_seconds=SECONDS) as speech:
        for chunk in speech:
            *whole, rest = (rest + chunk).split(b"\0")
            for line in whole:
                head, _, path = line.partition(b"\t")
                if head.startswith(PLAIN) and is_wanted(path):
                    found[path] = head.rpartition(b" ")[2].decode("ascii")
            if len(found) >= most:
                return dict(list(found.items())[:most])
        speech.check()
    return found


def contents(at: Path, oids: dict[bytes, str], *, most_bytes: int) -> Callable[[bytes], bytes]:
    """Gives the content of one of these files; of a larger one as much as tells that it is."""

    def read(path: bytes) -> bytes:
        with opened(at) as handle:
            header = handle.header(oids[path])
            if header is not None and header[0] is Kind.BLOB and header[1] > most_bytes:
                return bytes(most_bytes + 1)
            return handle.read(oids[path], Kind.BLOB, most_bytes=most_bytes)

    return read
