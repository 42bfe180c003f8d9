"""The commits and tags that a push would bring to a ref, with their signatures, while they are
still in quarantine. Bounded: of more than `most` commits it only says that there are too many.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.git import commits, process, refs
from appliance.git.handles import Handle, Kind, opened

if TYPE_CHECKING:
    from appliance.git.commits import Commit
    from appliance.git.inspect import Quarantine
    from appliance.git.refs import Ref

MOST_COMMITS = 10_000
SECONDS = 60.0
OBJECT_ID_BYTES = 41


@dataclass(frozen=True)
class NewWork:
    """What a ref would get."""

    tag: Ref | None
    """The annotated tag that the ref would name."""
    commits: tuple[Commit, ...]
    is_too_much: bool = False


def read(
    folder: Path,
    quarantine: Quarantine | None,
    ref: bytes,
    new_oid: str,
    *,
    known: Iterable[str],
    most: int = MOST_COMMITS,
) -> NewWork:
    """What `ref` would get at `new_oid`, but for what the objects in `known` lead to.

    Errors:
        TimeoutExceededError: it takes too long to find out; the push must be refused.
        DamagedError: the repository cannot be read.
    """
    with opened(folder) as handle:
        if quarantine is not None:
            handle.repository.odb.add_disk_alternate(os.fspath(quarantine.objects))
        found = refs.described(handle, ref, new_oid)
        tag = found if found.note is not None else None
        if found.commit is None:
            return NewWork(tag, ())
        oids = _new(folder, quarantine, found.commit, known, most)
        if len(oids) > most:
            return NewWork(tag, (), is_too_much=True)
        return NewWork(tag, tuple(_load(handle, oid) for oid in oids))


def _load(handle: Handle, oid: str) -> Commit:
    return commits.parse(oid, handle.read(oid, Kind.COMMIT))


def _new(
    folder: Path, quarantine: Quarantine | None, commit: str, known: Iterable[str], most: int
) -> list[str]:
    question = f"{commit}\n" + "".join(f"^{oid}\n" for oid in sorted(set(known)))
    answer = process.run(
        ["rev-list", "--ignore-missing", f"--max-count={most + 1}", "--stdin"],
        at=folder,
        extra=quarantine.with_repository if quarantine else None,
        input=question.encode("ascii"),
        timeout_seconds=SECONDS,
        output_bytes=(most + 2) * OBJECT_ID_BYTES,
    )
    return answer.decode("ascii").split()
