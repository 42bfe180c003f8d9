"""What is said of the files of a pull request, at the lines where those are in what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from appliance.domain.codeowners import CodeOwners
from appliance.domain.protection import NO_OBJECT
from appliance.domain.pull_requests import Anchor, Side
from appliance.errors import ApplianceError
from appliance.services import code_owners, patch_set_changes
from appliance.services.patch_set_changes import BlobPair
from appliance.services.viewed_files import Viewed
from appliance.web import links, present
from appliance.web.pages import pull_threads
from appliance.web.pages.diff_files import FileTalk

if TYPE_CHECKING:
    from appliance.git.diff_parse import DiffFile
    from appliance.services.pull_facts import PatchSetFacts
    from appliance.web.pages.pull_frame import Opened
    from appliance.web.pages.pull_threads import Said, Thread

Place = tuple[bytes, Side, int | None]
"""A path, a side, and the last line; None for the file as a whole."""


@dataclass(frozen=True)
class Mark:
    """Whether the reader has looked through a file as it is."""

    spelled: str
    old: str
    new: str
    back: str
    is_viewed: bool


@dataclass
class PullTalk:
    """What is said of each file of one diff. Its state is which files were viewed."""

    chosen: View
    said: Said
    places: dict[Place, list[Thread]]
    outdated: int
    threads: Any
    marks: Any
    owners: CodeOwners
    same: set[bytes] = field(default_factory=set)
    total: int = 0

    @property
    def has_marks(self) -> bool:
        """Whether files are marked as viewed: of all that changes, for who is somebody."""
        return self.chosen.old is None and self.said.may_say

    @property
    def viewed(self) -> int:
        """How many of the files were viewed."""
        return len(self.same)

    def expect(self, files: Sequence[DiffFile]) -> None:
        """Find out which of these files were viewed and are as they were."""
        self.total = len(files)
        if not self.has_marks:
            return
        pairs = []
        for file in files:
            kept, now = self.said.viewed.get(file.path), _pair(file)
            if kept == now:
                self.same.add(file.path)
            elif kept is not None:
                pairs.append((file.path, (_blobs(kept), _blobs(now))))
        found = patch_set_changes.are_same(
            self.chosen.pull.frame.repository, [pair for _, pair in pairs]
        )
        self.same |= {path for (path, _), is_same in zip(pairs, found, strict=True) if is_same}

    def of(self, file: DiffFile, number: int) -> FileTalk:
        """What is said of one file, and how one says something."""
        paths = {Side.NEW: file.new_path or file.path, Side.OLD: file.old_path or file.path}
        below: dict[tuple[str, int], Markup] = {}
        above = Markup("")
        for (path, side, line), threads in self.places.items():
            if paths[side] != path:
                continue
            html = Markup("").join(self.threads.thread_box(each) for each in threads)
            if line is None:
                above += html
            else:
                below["R" if side is Side.NEW else "L", line] = html
        said: dict[str, bytes | str | None] = {
            "path": file.path,
            "was": file.old_path if file.old_path != file.path else None,
            "patch_set": str(self.chosen.new.number),
        }
        address = f"{self.chosen.pull.here}/threads/new{links.query(said)}"
        mark = self.mark(file, number)
        owners = self.owners.owners_of(file.path)
        acts = self.marks.file_acts(mark, address, self.said.may_say, owners)
        if above:
            above = Markup('<section class="talk">{}</section>').format(above)
        return FileTalk(below, above, acts, address, is_folded=bool(mark and mark.is_viewed))

    def mark(self, file: DiffFile, number: int) -> Mark | None:
        """The button by which a file is marked."""
        if not self.has_marks:
            return None
        pair = _pair(file)
        back = f"{links.with_query()}#d{number}"
        spelled = present.path_url(file.path)
        return Mark(spelled, pair.old_blob, pair.new_blob, back, file.path in self.same)


def of(chosen: View) -> PullTalk:
    """What is said of what is shown."""
    said = pull_threads.read(chosen.pull)
    anchors = [each.anchor for each in said.threads]
    anchors += [each.anchor for each in said.lone_drafts()]
    now = located(chosen, anchors)
    places: dict[Place, list[Thread]] = {}
    outdated = 0
    for thread, place in zip(said.threads, now, strict=False):
        if place is None:
            outdated += not thread.is_resolved
            continue
        places.setdefault(place, []).append(said.thread(thread, is_outdated=False))
    for draft, place in zip(said.lone_drafts(), now[len(said.threads) :], strict=True):
        if place is not None:
            places.setdefault(place, []).append(said.note(draft))
    return PullTalk(
        chosen,
        said,
        places,
        outdated,
        pull_threads.macros("pulls/_thread.html", chosen.pull),
        pull_threads.macros("pulls/_mark.html", chosen.pull),
        _owners(chosen),
    )


def _owners(chosen: View) -> CodeOwners:
    """Who owns which files, as the target said then; nobody where that cannot be read."""
    try:
        found = code_owners.found(chosen.pull.found.folder, chosen.new.target)
    except ApplianceError:  # The page says the rest.
        return CodeOwners()
    return found.owners if found is not None else CodeOwners()


def in_conversation(said: Said) -> list[Thread]:
    """All threads with the lines that they were about, those first that are not settled."""
    anchors = [each.anchor for each in said.threads]
    places = located(View(said.pull, None, said.pull.sets[-1]), anchors)
    views = [
        said.thread(thread, is_outdated=place is None, has_snippet=True)
        for thread, place in zip(said.threads, places, strict=True)
    ]
    return sorted(views, key=lambda each: each.resolved_by is not None)


@dataclass(frozen=True)
class View:
    """Which patch set is looked at, and which one it is compared with; none: the target."""

    pull: Opened
    old: PatchSetFacts | None
    new: PatchSetFacts


def located(chosen: View, anchors: Sequence[Anchor]) -> list[Place | None]:
    """Where lines are in what is shown; None: nowhere any more."""
    found: list[Place | None] = [None] * len(anchors)
    groups: dict[tuple[str, str], list[int]] = {}
    for at, anchor in enumerate(anchors):
        way = _way(chosen, anchor)
        if way is not None:
            groups.setdefault(way, []).append(at)
    for (old, new), members in groups.items():
        wanted = [
            patch_set_changes.Anchor(
                anchors[at].path, anchors[at].start_line or 1, anchors[at].end_line or 1
            )
            for at in members
        ]
        try:
            moved = patch_set_changes.follow(chosen.pull.frame.repository, old, new, wanted)
        except ApplianceError:  # What cannot be read any more is nowhere.
            continue
        for at, place in zip(members, moved, strict=True):
            if anchors[at].start_line is None:
                found[at] = (place.path if place else anchors[at].path, anchors[at].side, None)
            elif place is not None:
                found[at] = (place.path, anchors[at].side, place.last)
    return found


def _way(chosen: View, anchor: Anchor) -> tuple[str, str] | None:
    """From which commit to which lines are followed."""
    then = next((each for each in chosen.pull.sets if each.number == anchor.patch_set), None)
    if then is None:
        return None
    if anchor.side is Side.NEW:
        return then.head, chosen.new.head
    return (then.base, chosen.new.base) if chosen.old is None else None


def _pair(file: DiffFile) -> Viewed:
    old, new = ("" if oid == NO_OBJECT else oid for oid in (file.old_oid, file.new_oid))
    return Viewed(old, new)


def _blobs(seen: Viewed) -> BlobPair:
    return BlobPair(seen.old_blob or None, seen.new_blob or None)
