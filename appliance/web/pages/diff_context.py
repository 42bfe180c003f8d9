"""Unchanged lines around a change, on demand: a few at a time, or the whole file.

Without script a link leads to a page of that one file with all its lines; a script asks for a piece
(`?part=lines`) and puts it where the link stands (static/js/diff_context.js).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from appliance.errors import InvalidError, NotFoundError
from appliance.services import files
from appliance.web import diff_view, links, present, requests
from appliance.web.diff_view import Gap
from appliance.web.pages.files import code_of
from appliance.web.pages.repository_frame import Frame, show

if TYPE_CHECKING:
    from markupsafe import Markup

STEP = 20  # Lines that one click brings.
WHOLE_STEPS = 2  # A gap that so many clicks would close is closed by one.
MOST_LINES = 1000  # More at once would be a page of its own, and there is one.
WAYS = ("up", "down", "all")
BUTTONS: dict[str, tuple[str, ...]] = {"start": ("up",), "middle": ("down", "up"), "end": ("down",)}
PLACES: dict[str, diff_view.Place] = {"start": "start", "middle": "middle", "end": "end"}
MOST_NUMBER = 100_000_000


@dataclass(frozen=True)
class Context:
    """Where the unchanged lines of one file are: as pieces, and as a page of their own."""

    piece: str
    page: str

    def ways(self, gap: Gap) -> tuple[str, ...]:
        """Which buttons a gap has beside its link; a small one needs none."""
        count = gap.count
        is_small = count is not None and count <= STEP * WHOLE_STEPS
        return () if is_small else BUTTONS[gap.place]

    def is_small(self, gap: Gap) -> bool:
        """Whether the link may bring all of a gap into the page."""
        return gap.count is not None and gap.count <= MOST_LINES

    def href(self, gap: Gap, id: str) -> str:  # noqa: A002 - as in HTML.
        """The page of the whole file, at the first line that was hidden."""
        return f"{self.page}#{id}R{gap.first}"


def of(file_query: dict[str, bytes | str | None], number: int) -> Context:
    """The context of a file that a page's address describes so."""
    left_out = dict.fromkeys(("from", "refs", "n", "context", "part", "gap", "way", "place"))
    said = {**left_out, **file_query}
    return Context(
        piece=links.with_query(**{**said, "n": str(number), "part": "lines"}),
        page=links.with_query(**{**said, "context": "full"}),
    )


def is_piece() -> bool:
    """Whether some unchanged lines were asked for."""
    return flask.request.args.get("part") == "lines"


def is_whole() -> bool:
    """Whether all lines of a file were asked for."""
    return flask.request.args.get("context") == "full" and "file" in flask.request.args


def piece(frame: Frame, commit: str, path: bytes, context: Context, *, is_split: bool) -> str:
    """Some lines of a file as it is in a commit, and what is still hidden after that.

    Errors:
        InvalidError: the address does not say which lines.
        NotFoundError: there is no such file, or it has no lines to show.
    """
    gap, way = _asked()
    rows = _rows(frame, commit, path)
    end = min(gap.last or len(rows), len(rows))
    first, last = _chosen(replace(gap, last=end), way)
    rest = _rest(gap, end, first, last)
    return show(
        "commits/lines.html",
        frame,
        rows=diff_view.same(range(first, last + 1), rows, gap.shift),
        id=f"d{flask.request.args.get('n', 1, int)}",
        is_split=is_split,
        rest=rest,
        context=context,
        said=_said(last - first + 1, rest),
    )


def _asked() -> tuple[Gap, str]:
    """Which gap, and from which end."""
    way, place = flask.request.args.get("way", "all"), flask.request.args.get("place", "middle")
    try:
        first, last, shift = map(int, flask.request.args.get("gap", "").split("."))
    except ValueError as error:
        raise InvalidError.of("gap", _("A gap is three numbers.")) from error
    in_bounds = max(first, last, abs(shift)) < MOST_NUMBER
    if (
        way not in WAYS
        or place not in PLACES
        or first < 1
        or last < 0
        or first + shift < 1
        or not in_bounds
    ):
        raise InvalidError.of("gap", _("There is no such gap."))
    return Gap(first, last or None, shift, PLACES[place]), way


def _rows(frame: Frame, commit: str, path: bytes) -> list[Markup]:
    most_bytes = requests.wiring().settings.limits.blob_render_bytes
    file = files.read(frame.repository, commit, path, most_bytes=most_bytes)
    if file.content is None:
        raise NotFoundError(_("%(path)s is too large to show.", path=present.name_text(path)))
    return code_of(file.content, path).lines


def _chosen(gap: Gap, way: str) -> tuple[int, int]:
    """The first and the last line that are shown now."""
    last = gap.last or 0
    if way == "up":
        return max(gap.first, last - STEP + 1), last
    return gap.first, min(last, gap.first + (STEP if way == "down" else MOST_LINES) - 1)


def _rest(gap: Gap, end: int, first: int, last: int) -> Gap | None:
    """What stays hidden; the length of the file is known by now."""
    if first > gap.first:
        return replace(gap, last=first - 1)
    return replace(gap, first=last + 1, last=end) if last < end else None


def _said(count: int, rest: Gap | None) -> str:
    """What a reader who does not see the page is told."""
    if count <= 0:
        return str(_("The file ends here."))
    shown = str(ngettext("%(num)s more line is shown.", "%(num)s more lines are shown.", count))
    if rest is None or rest.count is None:
        return shown
    hidden = ngettext("%(num)s is still hidden.", "%(num)s are still hidden.", rest.count)
    return f"{shown} {hidden}"
