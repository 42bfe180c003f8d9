"""What a merge could not decide by itself, and what somebody says is to be there instead."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pygit2.enums import ObjectType

from appliance.errors import ConflictError, InvalidError, sentence
from appliance.git.handles import Handle
from appliance.git.written_tree import EXECUTABLE_MODE, FILE_MODE, Leaf

SUBMODULE = 0o160000
Triple = tuple[Leaf | None, Leaf | None, Leaf | None]
"""What is at one path: in the base, on our side, on theirs."""


class ConflictKind(StrEnum):
    """Why something could not be merged."""

    CONTENT = "content"
    """Both sides have changed the same lines."""
    BINARY = "binary"
    """Both have changed a file that has no lines, is too large, or is said not to be merged."""
    MODIFY_DELETE = "modify/delete"
    """One has changed what the other has removed."""
    ADD_ADD = "add/add"
    """Both have something else at a path where nothing was."""
    RENAME = "rename"
    """One has renamed what the other has renamed differently, removed, or has in its way."""
    DIRECTORY_FILE = "directory/file"
    """One has a folder where the other has a file."""
    MODE = "mode"
    """They have made different kinds of it: a file, a symbolic link, a submodule."""
    SUBMODULE = "submodule"
    """Both have moved a submodule to another commit."""


@dataclass(frozen=True)
class Conflict:
    """One path that is not decided. Of a rename, each path in it is one."""

    path: bytes
    kind: ConflictKind
    base: Leaf | None
    ours: Leaf | None
    theirs: Leaf | None
    commit: str | None = None
    """The commit that could not be applied, where several are applied one by one."""


class Side(StrEnum):
    """Whose version is taken; `NOTHING` removes the path."""

    OURS = "ours"
    THEIRS = "theirs"
    BASE = "base"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Resolution:
    """What is to be at a path in conflict: a side's version, or a content of its own.

    With a commit it is about that one's conflict only.
    """

    path: bytes
    take: Side | bytes
    commit: str | None = None


class Resolutions:
    """What somebody has said of conflicts. Its state is what of that has been used."""

    def __init__(self, said: Iterable[Resolution] = ()) -> None:
        self._said = {(each.commit, each.path): each for each in said}
        self._unused = set(self._said)

    def settle(
        self, handle: Handle, conflicts: Iterable[Conflict]
    ) -> tuple[dict[bytes, Leaf | None], tuple[Conflict, ...]]:
        """What is to be at the paths that somebody has decided, and the conflicts that remain."""
        settled: dict[bytes, Leaf | None] = {}
        remaining = []
        for conflict in conflicts:
            found = self._find(conflict)
            if found is None:
                remaining.append(conflict)
            else:
                settled[conflict.path] = _leaf(handle, conflict, found.take)
        return settled, tuple(remaining)

    def insist_all_used(self) -> None:
        """Go on only if each was about a conflict.

        Errors:
            InvalidError: one was not, so that its author believes something else than what is.
        """
        for _commit, path in sorted(self._unused, key=lambda key: key[1]):
            raise InvalidError.of(
                "resolutions", sentence("%(path)s is not in conflict.", path=_show(path))
            )

    def _find(self, conflict: Conflict) -> Resolution | None:
        for key in ((conflict.commit, conflict.path), (None, conflict.path)):
            if key in self._said:
                self._unused.discard(key)
                return self._said[key]
        return None


def _leaf(handle: Handle, conflict: Conflict, take: Side | bytes) -> Leaf | None:
    sides = {Side.OURS: conflict.ours, Side.THEIRS: conflict.theirs, Side.BASE: conflict.base}
    if isinstance(take, Side):
        if take is not Side.NOTHING and sides[take] is None:
            raise ConflictError(
                sentence(
                    "%(path)s does not exist on the chosen side.",
                    path=_show(conflict.path),
                )
            )
        return sides.get(take)
    modes = [leaf.mode for leaf in (conflict.ours, conflict.theirs, conflict.base) if leaf]
    mode = next((mode for mode in modes if stat.S_ISREG(mode)), FILE_MODE)
    return Leaf(
        EXECUTABLE_MODE if mode == EXECUTABLE_MODE else FILE_MODE,
        str(handle.repository.write(ObjectType.BLOB, take)),
    )


def _show(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def named(
    paths: dict[bytes, Triple], folders: set[bytes], binary: set[bytes]
) -> Iterator[Conflict]:
    """Conflicts by what is at their paths. `folders` are the paths that one side has as folders."""
    for path, triple in sorted(paths.items()):
        yield Conflict(path, _kind(path, triple, folders, binary), *triple)


def _kind(path: bytes, triple: Triple, folders: set[bytes], binary: set[bytes]) -> ConflictKind:
    base, ours, theirs = triple
    present = [leaf for leaf in triple if leaf is not None]
    if path in folders:
        return ConflictKind.DIRECTORY_FILE
    if ours is None or theirs is None:
        return ConflictKind.RENAME if len(present) == 1 else ConflictKind.MODIFY_DELETE
    if ours.oid == theirs.oid or len({stat.S_IFMT(leaf.mode) for leaf in present}) > 1:
        return ConflictKind.MODE
    if ours.mode == SUBMODULE:
        return ConflictKind.SUBMODULE
    if base is None:
        return ConflictKind.ADD_ADD
    return ConflictKind.BINARY if path in binary else ConflictKind.CONTENT
