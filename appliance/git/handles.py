"""Opens repositories with pygit2 and reads their objects raw, with sizes known beforehand.

A handle costs some 25 microseconds, so each call opens its own: they are not for several threads,
and a fresh one sees what a repack has just moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, Option, RepositoryOpenFlag

from appliance.errors import DamagedError, NotFoundError, TooLargeError, sentence
from appliance.git import limits

# The host's and a home folder's configuration are none of ours; who owns a folder is the
# business of whoever runs us.
pygit2.option(Option.SET_OWNER_VALIDATION, 0)
# What has been acknowledged survives a power cut.
pygit2.option(Option.ENABLE_FSYNC_GITDIR, 1)
for _level in (ConfigLevel.SYSTEM, ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.PROGRAMDATA):
    pygit2.settings.search_path[_level] = ""

DAMAGED = sentence("Part of this repository cannot be read. An administrator can repair it.")
OBJECT_ID = re.compile("[0-9a-f]{40}")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Kind(StrEnum):
    """What an object is."""

    COMMIT = "commit"
    TREE = "tree"
    BLOB = "blob"
    TAG = "tag"


KINDS = {
    ObjectType.COMMIT: Kind.COMMIT,
    ObjectType.TREE: Kind.TREE,
    ObjectType.BLOB: Kind.BLOB,
    ObjectType.TAG: Kind.TAG,
}


class Handle:
    """One open repository: pygit2's object and its object database."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self.repository = repository
        self._objects = repository.odb

    def header(self, oid: str) -> tuple[Kind, int] | None:
        """What an object is and how many bytes it has; None where it does not exist."""
        if not OBJECT_ID.fullmatch(oid):
            return None
        try:
            kind, size_bytes = self._objects.read_header(oid)
        except KeyError:
            return EMPTY_HEADER if oid == EMPTY_TREE else None
        except (pygit2.GitError, ValueError, OSError) as error:
            raise DamagedError(DAMAGED) from error
        return KINDS[kind], size_bytes

    def expect(self, oid: str, kind: Kind) -> int:
        """The size of an object that a client named.

        Errors:
            NotFoundError: there is no such object, or it is something else.
        """
        header = self.header(oid)
        if header is None or header[0] is not kind:
            raise NotFoundError(
                sentence("There is no %(kind)s %(oid)s here.", kind=kind, oid=oid[:10])
            )
        return header[1]

    def read(self, oid: str, kind: Kind, *, most_bytes: int = limits.BLOB_BYTES) -> bytes:
        """The content of an object that another object or a ref speaks of.

        Errors:
            DamagedError: it is missing, broken, or something else.
            TooLargeError: it has more than `most_bytes`; nothing was loaded.
        """
        header = self.header(oid)
        if header is None or header[0] is not kind:
            raise DamagedError(DAMAGED)
        if header[1] > most_bytes:
            raise TooLargeError(
                sentence(
                    "The %(kind)s %(oid)s has %(size)s bytes: too many to show.",
                    kind=kind,
                    oid=oid[:10],
                    size=header[1],
                )
            )
        return self.read_known(oid)

    def read_unless_large(self, oid: str, kind: Kind, *, most_bytes: int) -> bytes | None:
        """The content of an object that a tree speaks of; None where it is missing or larger.

        Errors:
            DamagedError: it is broken, or something else.
        """
        objects = self._objects
        try:
            found, size_bytes = objects.read_header(oid)
            content: bytes | None = objects.read(oid)[1] if size_bytes <= most_bytes else None
        except KeyError:
            return None
        except (pygit2.GitError, ValueError, OSError) as error:
            raise DamagedError(DAMAGED) from error
        if KINDS[found] is not kind:
            raise DamagedError(DAMAGED)
        return content

    def read_known(self, oid: str) -> bytes:
        """The content of an object whose kind and size are beyond doubt; the quickest way.

        Errors:
            DamagedError: it is missing or broken.
        """
        try:
            return self._objects.read(oid)[1]
        except (KeyError, pygit2.GitError, ValueError, OSError) as error:
            if oid == EMPTY_TREE:
                return b""
            raise DamagedError(DAMAGED) from error


EMPTY_HEADER = (Kind.TREE, 0)


@contextmanager
def opened(at: Path) -> Iterator[Handle]:
    """The bare repository in folder `at`, for one thread and a short while.

    Errors:
        DamagedError: the folder holds no repository, or pygit2 cannot make sense of it.
    """
    flags = RepositoryOpenFlag.BARE | RepositoryOpenFlag.NO_SEARCH
    try:
        repository = pygit2.Repository(str(at), flags)
    except (pygit2.GitError, KeyError, OSError) as error:
        raise DamagedError(DAMAGED) from error
    try:
        yield Handle(repository)
    except pygit2.GitError as error:
        raise DamagedError(DAMAGED) from error
    finally:
        repository.free()
