"""Builds repositories commit by commit, with any bytes as names: trees are written raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType, Option

START = 1_700_000_000
File = bytes | tuple[int, bytes]
"""The content of an ordinary file, or a mode and a content (for a submodule: a commit's id)."""


class Builder:
    """One bare repository being built. Its state is the clock of its commits."""

    def __init__(self, at: Path) -> None:
        self.at = at
        # No test cuts the power, and waiting for the disk thousands of times takes minutes.
        pygit2.option(Option.ENABLE_FSYNC_GITDIR, 0)
        self.repository = pygit2.init_repository(str(at), bare=True, initial_head="main")
        self.seconds = START

    def commit(
        self,
        files: Mapping[bytes, File],
        *,
        parents: Sequence[str] = (),
        branch: bytes | None = b"main",
        message: bytes = b"Change things.\n",
        author: bytes = b"Writer <writer@example.org>",
        extra: bytes = b"",
        seconds: int | None = None,
    ) -> str:
        """A commit with exactly these files, and `branch` moved to it."""
        self.seconds += 60
        stamp = b" %d +0100" % (self.seconds if seconds is None else seconds)
        lines = [b"tree " + self.tree(files).encode()]
        lines += [b"parent " + parent.encode() for parent in parents]
        lines += [b"author " + author + stamp, b"committer " + author + stamp]
        raw = b"\n".join(lines) + b"\n" + extra + b"\n" + message
        oid = self.write(ObjectType.COMMIT, raw)
        if branch is not None:
            self.ref(b"refs/heads/" + branch, oid)
        return oid

    def tree(self, files: Mapping[bytes, File]) -> str:
        """The tree that holds these files at their paths."""
        here: dict[bytes, tuple[int, str]] = {}
        folders: dict[bytes, dict[bytes, File]] = {}
        for path, file in files.items():
            name, slash, rest = path.partition(b"/")
            if slash:
                folders.setdefault(name, {})[rest] = file
            else:
                mode, content = file if isinstance(file, tuple) else (0o100644, file)
                oid = content.decode() if mode == 0o160000 else self.write(ObjectType.BLOB, content)
                here[name] = (mode, oid)
        here |= {name: (0o40000, self.tree(inner)) for name, inner in folders.items()}
        ordered = sorted(
            here.items(), key=lambda item: item[0] + (b"/" if item[1][0] == 0o40000 else b"")
        )
        raw = b"".join(
            b"%o %s\0%s" % (mode, name, bytes.fromhex(oid)) for name, (mode, oid) in ordered
        )
        return self.write(ObjectType.TREE, raw)

    def tag(self, name: bytes, target: str, message: bytes, *, kind: bytes = b"commit") -> str:
        """An annotated tag."""
        stamp = b"Tagger <tagger@example.org> %d +0000" % self.seconds
        raw = b"object %s\ntype %s\ntag %s\ntagger %s\n\n%s"
        oid = self.write(ObjectType.TAG, raw % (target.encode(), kind, name, stamp, message))
        self.ref(b"refs/tags/" + name, oid)
        return oid

    def ref(self, name: bytes, oid: str) -> None:
        """A ref, written as git would write a loose one."""
        place = Path(str(self.at)).joinpath(*name.decode("utf-8", "surrogateescape").split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(oid + "\n")

    def write(self, kind: ObjectType, raw: bytes) -> str:
        """Any object."""
        return str(self.repository.write(kind, raw))
