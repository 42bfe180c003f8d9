"""Two refs beside each other: what one brought since they went apart, as commits and as changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.permissions import Permission
from appliance.services import history
from appliance.services.history import RefKind
from appliance.web import links, requests
from appliance.web.pages import diff_context, diff_files
from appliance.web.pages.commits import Row, days, rows
from appliance.web.pages.diff_sides import Commits
from appliance.web.pages.repository_frame import (
    EMPTY,
    SELECTABLE,
    EmptyRepositoryError,
    Frame,
    Place,
    blueprint,
    named,
    opened,
    show,
)

if TYPE_CHECKING:
    from appliance.git.diff import Diff
    from appliance.git.refs import Divergence

pages = blueprint("compare")

COMMITS = 100
SECONDS = 5.0


@dataclass(frozen=True)
class Pair:
    """The two sides. Three dots: changes since they went apart; two: one against the other."""

    base: Place
    head: Place
    dots: str
    start: str | None
    """The commit that changes count from; None where the two were never together."""

    @property
    def frame(self) -> Frame:
        """The repository."""
        return self.head.frame


@pages.get("/<owner>/<name>/compare", defaults={"tail": ""})
@pages.get("/<owner>/<name>/compare/<tail:tail>")
def show_comparison(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """Two refs."""
    frame = opened(owner, name)
    if links.asked("base") or links.asked("head"):
        return flask.redirect(_chosen(frame), 302)
    base, dots, head = split(requests.raw_tail(3))
    if not head:
        return show("compare/choose.html", frame, tab_name="branches", base=base, **_choices(frame))
    pair = _pair(frame, named(frame, base), named(frame, head), dots)
    paths = diff_files.wanted_file()
    if paths:
        sides = Commits(frame, pair.start, pair.head.commit)
        if diff_context.is_piece():
            return diff_files.lines(sides, paths)
        file = diff_files.one(sides, paths)
        if diff_files.is_piece():
            return diff_files.piece(sides, file)
        diff = diff_files.shown_alone(sides, file)
    else:
        diff = diff_files.shown(frame, _diff(pair))
    commits, divergence = _commits(pair)
    return show(
        "compare/show.html",
        frame,
        tab_name="branches",
        pair=pair,
        diff=diff,
        is_part=bool(paths),
        days=commits,
        divergence=divergence,
        shown_commits=COMMITS,
        with_query=links.with_query,
        swap_href=frame.links.compare(pair.head.ref, pair.base.ref, dots),
        direct_href=frame.links.compare(pair.base.ref, pair.head.ref, ".."),
        since_href=frame.links.compare(pair.base.ref, pair.head.ref, "..."),
        ask_href=_ask(pair),
        **_choices(frame),
    )


def split(tail: bytes) -> tuple[bytes, str, bytes]:
    """`BASE...HEAD` or `BASE..HEAD`, which no ref's name can hold. One ref alone is a head."""
    tail = tail.strip(b"/")
    for dots in (b"...", b".."):
        base, found, head = tail.partition(dots)
        if found:
            return base, dots.decode(), head
    return b"", "...", tail


def _chosen(frame: Frame) -> str:
    """The address of what the form of two refs says."""
    dots = ".." if links.asked("dots") == b".." else "..."
    base, head = named(frame, links.asked("base")), named(frame, links.asked("head"))
    return frame.links.compare(base.ref, head.ref, dots)


def _pair(frame: Frame, base: Place, head: Place, dots: str) -> Pair:
    start: str | None = base.commit
    if dots == "...":
        start = history.merge_base(frame.repository, base.commit, head.commit)
    return Pair(base, head, dots, start)


def _diff(pair: Pair) -> Diff:
    repository, options = pair.frame.repository, diff_files.options()
    if pair.dots == "...":
        return history.compare(repository, pair.base.commit, pair.head.commit, options)
    return history.between(repository, pair.base.commit, pair.head.commit, options)


def _commits(pair: Pair) -> tuple[list[tuple[str, list[Row]]], Divergence | None]:
    """The commits that the head has and the base has not; and how far apart they are."""
    repository = pair.frame.repository
    page = history.page(
        repository,
        pair.head.commit,
        history.Wanted(without=pair.base.commit),
        limit=COMMITS,
        seconds=SECONDS,
    )
    found = history.divergence(repository, pair.base.commit, [pair.head.commit])[0]
    return list(days(rows(pair.head, page.steps))), found


def _ask(pair: Pair) -> str:
    """Where one asks that the second be merged into the first; empty where nobody can."""
    both = (pair.base.found, pair.head.found)
    are_branches = all(each.kind is RefKind.BRANCH for each in both)
    if not are_branches or not pair.frame.repository.may(Permission.REPOSITORY_DISCUSS):
        return ""
    named = {"base": pair.base.found.short, "head": pair.head.found.short}
    return f"{pair.frame.links.home}/pulls/new{links.query(named)}"


def _choices(frame: Frame) -> dict[str, object]:
    """What the two ref pickers offer."""
    names = frame.names
    if not names.branches and not names.tags:
        raise EmptyRepositoryError(EMPTY)
    return {
        "branch_choices": names.branches[:SELECTABLE],
        "tag_choices": tuple(reversed(names.tags[-SELECTABLE:])),
    }
