"""Turns suggestions of reviewers into changes of files, for `write.draft_files` to commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.domain.suggestions import Edit, applied
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.git import blobs
from appliance.git.blobs import File
from appliance.git.write import Change, Expect, Put


def changes(at: Path, commit: str, edits: Mapping[bytes, Sequence[Edit]]) -> list[Change]:
    """The files of a commit with all edits of them, each only if it is still as it was.

    Errors:
        ConflictError: a file is not there or has no lines, or two edits are about one line.
    """
    made: list[Change] = []
    for path, about in sorted(edits.items()):
        found = _file(at, commit, path)
        if found is None or found.content is None:
            raise ConflictError(
                sentence(
                    "%(path)s is no longer a text file.",
                    path=path.decode("utf-8", "backslashreplace"),
                )
            )
        made += [Expect(path, found.entry.oid), Put(path, applied(found.content, about))]
    return made


def _file(at: Path, commit: str, path: bytes) -> File | None:
    """What is at a path, if it has lines."""
    try:
        found = blobs.file(at, commit, path)
    except NotFoundError:
        return None
    return None if found.is_binary or found.link_target is not None else found
