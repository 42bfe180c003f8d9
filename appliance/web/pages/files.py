"""A file at a ref: coloured lines, a picture, a document, or words about why it is not shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from appliance.errors import TimeoutExceededError
from appliance.services import files, history
from appliance.services.files import EntryKind
from appliance.web import highlight, links, present, requests
from appliance.web.pages import content_types, readme, submodules, tree_rows
from appliance.web.pages.repository_frame import (
    Place,
    blueprint,
    located,
    opened,
    selector,
    show,
)

if TYPE_CHECKING:
    from appliance.git.blobs import File

pages = blueprint("files")

MOST_LINES = 20_000  # More make a page that no browser scrolls well; the raw file has them all.
REMEMBERED = 24  # Files whose colours are kept; colouring a large one takes a second.
LAST_COMMIT_SECONDS = 0.1
PIECE_SECONDS = 4.0
OTHER_THAN_SOURCE = {"image", "lfs", "markdown"}
WIDE_TABS = (b".c", b".h", b".go", b".mk", b"makefile", b".s", b".y", b".l")


@dataclass(frozen=True)
class View:
    """How a file is shown. `kind` is code, markdown, image, binary, large, lfs or empty."""

    kind: str
    file: File
    code: highlight.Code | None = None
    html: Markup | None = None
    has_source: bool = False
    """Whether it can be shown as its source too."""

    @property
    def lines(self) -> list[Markup]:
        """The lines that are shown."""
        return self.code.lines[:MOST_LINES] if self.code is not None else []

    @property
    def is_cut(self) -> bool:
        """Whether there are more lines than are shown."""
        return self.code is not None and len(self.code.lines) > MOST_LINES


@pages.get("/<owner>/<name>/blob/<tail:tail>")
def show_file(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """A file."""
    place = located(opened(owner, name))
    entry = files.entry(place.frame.repository, place.commit, place.path)
    if flask.request.args.get("part") == "last":
        return _page("files/last.html", place, last=_last(place, PIECE_SECONDS))
    if entry.is_folder:
        return flask.redirect(place.frame.links.tree(place.ref, place.path), 302)
    if entry.kind is EntryKind.SUBMODULE:
        found = submodules.of(place, entry)
        return _page("files/submodule.html", place, submodule=found, last=_last(place))
    most_bytes = requests.wiring().settings.limits.blob_render_bytes
    file = files.read(place.frame.repository, place.commit, place.path, most_bytes=most_bytes)
    if file.entry.kind is EntryKind.SYMLINK:
        target = file.link_target or b""
        goal = links.relative(
            place.frame.links,
            place.ref,
            place.path.rpartition(b"/")[0],
            present.path_url(target),
            view="blob",
        )
        is_inside = goal is not None and not target.startswith(b"/")
        return _page("files/symlink.html", place, target=target, goal=goal if is_inside else None)
    return _page(
        "files/show.html",
        place,
        view=_view(place, file),
        last=_last(place),
        wraps="wrap" in flask.request.args,
        is_plain=_is_plain(),
        tab_width=tab_width(place.path),
        last_piece=links.with_query(part="last"),
        with_query=links.with_query,
    )


def tab_width(path: bytes) -> int:
    """How wide a tab is in most files of that name."""
    return 8 if path.lower().endswith(WIDE_TABS) else 4


def code_of(content: bytes, path: bytes) -> highlight.Code:
    """The coloured lines of a file; those looked at lately are remembered."""
    if len(content) > highlight.MAX_HIGHLIGHT_BYTES:
        return highlight.highlight(content, path=path)
    return _remembered(content, path.rpartition(b"/")[2])


@lru_cache(maxsize=REMEMBERED)
def _remembered(content: bytes, name: bytes) -> highlight.Code:
    return highlight.highlight(content, path=name)


def _is_plain() -> bool:
    """Whether the source was asked for, where a file could be shown otherwise."""
    return "plain" in flask.request.args


def _view(place: Place, file: File) -> View:
    """How to show a file: what it is decides, and whether its source was asked for."""
    kind = _kind(place.path, file)
    other = kind if kind in OTHER_THAN_SOURCE else None
    if other is not None and _is_plain() and not file.is_binary and file.content:
        kind = "code"
    has_source = other is not None and not file.is_binary
    if kind == "markdown" and file.content is not None:
        html = readme.rendered(place, file.content, place.path)
        return View(kind, file, html=html, has_source=has_source)
    if kind == "code" and file.content is not None:
        return View(kind, file, code=code_of(file.content, place.path), has_source=has_source)
    return View(kind, file, has_source=has_source)


def _kind(path: bytes, file: File) -> str:
    """What a file is to a reader."""
    is_text = not file.is_binary or _is_wide_text(file)
    questions = (
        ("image", content_types.is_picture(path) and (file.is_binary or path.endswith(b".svg"))),
        ("lfs", file.lfs is not None),
        ("binary", not is_text),
        ("large", file.content is None),
        ("empty", not file.content),
        ("markdown", readme.is_markdown(path)),
    )
    return next((kind for kind, fits in questions if fits), "code")


def _is_wide_text(file: File) -> bool:
    """Whether it is text of two bytes a letter, which git takes for bytes."""
    return file.content is not None and file.content.startswith((b"\xff\xfe", b"\xfe\xff"))


def _last(place: Place, seconds: float = LAST_COMMIT_SECONDS) -> tree_rows.LastCommit | None:
    """The last commit that touched the path, if it is found in time."""
    wanted = history.Wanted(path=place.path, follow=False)
    try:
        page = history.page(place.frame.repository, place.commit, wanted, limit=1, seconds=seconds)
    except TimeoutExceededError:
        return None
    return tree_rows.line_of(place, page.steps[0].commit) if page.steps else None


def _page(template: str, place: Place, **context: object) -> str:
    return show(template, place.frame, place=place, **selector(place, "blob"), **context)
