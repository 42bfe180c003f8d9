"""The two sides of a change that has no lines: pictures, other binary files and submodules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.domain.protection import NO_OBJECT
from appliance.services import files
from appliance.web import picture_size
from appliance.web.pages import content_types, submodules
from appliance.web.pages.repository_frame import Frame

if TYPE_CHECKING:
    from appliance.git.blobs import Measure
    from appliance.git.diff_parse import DiffFile
    from appliance.web.picture_size import Size

SUBMODULE = 0o160000


@dataclass(frozen=True)
class Commits:
    """What a diff is between. `old` is None before a first commit."""

    frame: Frame
    old: str | None
    new: str


@dataclass(frozen=True)
class Side:
    """One side of a file without lines. `picture` is its address where a browser can show it."""

    size_bytes: int
    href: str
    picture: str | None
    size: Size | None
    lfs_bytes: int | None

    @property
    def pixels(self) -> str | None:
        """Width and height in words of their own."""
        return f"{self.size[0]} × {self.size[1]}" if self.size else None  # noqa: RUF001 - is meant.


@dataclass(frozen=True)
class Sides:
    """Both sides of a file without lines; None where it was not there."""

    old: Side | None
    new: Side | None

    @property
    def has_pictures(self) -> bool:
        """Whether there is something to look at."""
        return any(side is not None and side.picture for side in (self.old, self.new))


@dataclass(frozen=True)
class Moved:
    """A submodule before and after; None where it was not there."""

    old: str | None
    new: str | None
    old_href: str | None
    new_href: str | None
    compare_href: str | None


def of(commits: Commits, changed: list[DiffFile]) -> dict[bytes, Sides]:
    """The sides of those files that have no lines, by their paths."""
    wanted = [file for file in changed if needs_sides(file)]
    oids = [oid for file in wanted for oid in (file.old_oid, file.new_oid) if oid != NO_OBJECT]
    known = files.measure(commits.frame.repository, oids) if oids else {}
    return {
        file.path: Sides(
            _side(commits, commits.old, file.old_path, known.get(file.old_oid)),
            _side(commits, commits.new, file.new_path, known.get(file.new_oid)),
        )
        for file in wanted
    }


def needs_sides(file: DiffFile) -> bool:
    """Whether lines say too little about a file."""
    is_same = file.old_oid == file.new_oid
    is_drawn = content_types.is_picture(file.path)
    return not file.is_submodule and not is_same and (file.is_binary or file.is_lfs or is_drawn)


def moved(commits: Commits, file: DiffFile) -> Moved | None:
    """Where a submodule stood and stands; None for anything else."""
    if not file.is_submodule:
        return None
    old = file.old_oid if file.old_mode == SUBMODULE else None
    new = file.new_oid if file.new_mode == SUBMODULE else None
    commit, path = (commits.new, file.new_path) if new else (commits.old, file.old_path)
    home = submodules.home(commits.frame, commit, path) if commit else None
    return Moved(
        old=old,
        new=new,
        old_href=f"{home}/commit/{old}" if home and old else None,
        new_href=f"{home}/commit/{new}" if home and new else None,
        compare_href=f"{home}/compare/{old}...{new}" if home and old and new else None,
    )


def _side(commits: Commits, commit: str | None, path: bytes, known: Measure | None) -> Side | None:
    if commit is None or known is None:
        return None
    to, ref = commits.frame.links, commit.encode()
    is_picture = content_types.is_picture(path) and known.lfs is None
    return Side(
        size_bytes=known.size_bytes,
        href=to.blob(ref, path),
        picture=to.raw(ref, path) if is_picture else None,
        size=picture_size.size_of(known.start) if is_picture else None,
        lfs_bytes=known.lfs.size_bytes if known.lfs else None,
    )
