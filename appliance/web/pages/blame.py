"""Who wrote each line of a file, when, and what the line was before."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask.typing import ResponseReturnValue
from markupsafe import Markup

from appliance.services import files, history
from appliance.web import signed_work
from appliance.web.pages.files import code_of, tab_width
from appliance.web.pages.repository_frame import (
    Place,
    blueprint,
    located,
    opened,
    selector,
    show,
    words,
)

if TYPE_CHECKING:
    from appliance.git.blame import Blame, Origin, Run
    from appliance.services.signatures import Checked

pages = blueprint("blame")

MOST_CHECKED = 500
AGES = 10  # Shades from new to old; code.css has as many.


@dataclass(frozen=True)
class Chunk:
    """Lines that were written together, as the page shows them. Age 0 is the newest."""

    first: int
    lines: list[Markup]
    author: str
    subject: bytes
    href: str
    at: datetime
    age: int
    previous: str | None
    """The page that says who wrote what these lines were before."""
    signature: Checked | None


@pages.get("/<owner>/<name>/blame/<tail:tail>")
def show_blame(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """A file with who wrote it."""
    place = located(opened(owner, name))
    found = files.blame(place.frame.repository, place.commit, place.path)
    content = b"\n".join(found.lines)
    code = code_of(content + b"\n" if content else content, place.path)
    return show(
        "blame/show.html",
        place.frame,
        place=place,
        chunks=_chunks(place, found, code.lines),
        last=len(found.lines),
        language=code.language,
        tab_width=tab_width(place.path),
        **selector(place, "blame"),
    )


def _chunks(place: Place, found: Blame, lines: list[Markup]) -> list[Chunk]:
    times = [run.origin.author.at for run in found.runs]
    oldest, newest = min(times, default=None), max(times, default=None)
    checked = _checked(place, found)
    return [
        Chunk(
            first=run.first_line,
            lines=lines[run.first_line - 1 : run.first_line - 1 + run.count],
            author=words(run.origin.author.name),
            subject=run.origin.subject,
            href=place.frame.links.commit(run.origin.oid),
            at=run.origin.author.at,
            age=_age(run.origin, oldest, newest),
            previous=_previous(place, run),
            signature=checked.get(run.origin.oid),
        )
        for run in found.runs
    ]


def _checked(place: Place, found: Blame) -> dict[str, Checked]:
    """What came of checking the commits that a file's lines are of, the first few hundred."""
    oids = dict.fromkeys(run.origin.oid for run in found.runs)
    commits = history.read_many(place.frame.repository, itertools.islice(oids, MOST_CHECKED))
    return signed_work.of_commits(place.frame.repository, list(commits.values()))


def _age(origin: Origin, oldest: datetime | None, newest: datetime | None) -> int:
    """Which shade a commit has between the newest and the oldest of the file."""
    if oldest is None or newest is None or oldest == newest:
        return 0
    return int((newest - origin.author.at) / (newest - oldest) * (AGES - 1))


def _previous(place: Place, run: Run) -> str | None:
    if run.origin.previous is None:
        return None
    oid, path = run.origin.previous
    return f"{place.frame.links.blame(oid.encode(), path)}#L{run.first_line_then}"
