"""Branches and tags: how old, how far from the default branch, protected or not; and their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.services import checks as standing
from appliance.services import history, signing_rules
from appliance.services.history import BRANCHES, TAGS
from appliance.web import links, present, requests, signed_work
from appliance.web.pages import checks, lists, ref_lists
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from appliance.db.signing_keys import SigningRule
    from appliance.git.refs import Divergence, Ref, RefPage
    from appliance.services.checks import Rollup

    Roll = Callable[[list[str]], dict[str, Rollup]]

pages = blueprint("branches")

PAGE = 50
PAGE_SECONDS = 0.2  # How long a page waits to learn how far branches are; the rest come later.
PIECE_SECONDS = 5.0
FILE_SECONDS = 1.0  # For every few hundred branches of a file; unknown distances stay empty there.
MOST = 1_000_000


@dataclass(frozen=True)
class Branch:
    """One branch as the list shows it."""

    ref: Ref
    author: str
    at: datetime | None
    is_default: bool
    is_protected: bool
    divergence: Divergence | None
    checks: Rollup | None
    may_delete: bool


@dataclass(frozen=True)
class Listed:
    """Some branches or tags, and the way to the others."""

    total: int
    query: str
    newer: str | None
    older: str | None


BRANCH_COLUMNS: lists.Columns = {
    **ref_lists.columns(lambda each: each.ref),
    "is_default": lambda each: each.is_default,
    "is_protected": lambda each: each.is_protected,
    "ahead": lambda each: each.divergence.ahead if each.divergence else None,
    "behind": lambda each: each.divergence.behind if each.divergence else None,
    "checks": lambda each: each.checks.outcome if each.checks else None,
}
TAG_COLUMNS: lists.Columns = {
    **ref_lists.columns(lambda ref: ref),
    "note": lambda ref: None if ref.note is None else present.name_text(ref.note),
}


@pages.get("/<owner>/<name>/branches")
def show_branches(owner: str, name: str) -> ResponseReturnValue:
    """Branches."""
    frame = opened(owner, name)
    find = ref_lists.finder(
        history.branches,
        frame,
        lambda work, page: _branches(
            frame, page, FILE_SECONDS, partial(standing.rollups, work, frame.repository.path)
        ),
    )
    if file := lists.export(f"{name}-branches", find, BRANCH_COLUMNS):
        return file
    first, query = _asked()
    sorted_by = ref_lists.sorting()
    page = ref_lists.part(
        history.branches, frame, sorted_by, containing=query, offset=first, limit=PAGE
    )
    is_piece = flask.request.args.get("part") == "rows"
    seconds = PIECE_SECONDS if is_piece else PAGE_SECONDS
    branches = _branches(frame, page, seconds, partial(checks.rollups, frame))
    return show(
        "branches/piece.html" if is_piece else "branches/show.html",
        frame,
        tab_name="branches",
        branches=branches,
        listed=_listed(page, first, query),
        firm=_demanded(frame),
        most=_most(branches),
        is_complete=all(one.divergence or one.ref.commit is None for one in branches),
        piece=links.with_query(part="rows"),
        acts=ref_lists.acts(frame, BRANCHES),
        key=ref_lists.key,
        **lists.tools(sorted_by),
    )


@pages.get("/<owner>/<name>/tags")
def show_tags(owner: str, name: str) -> ResponseReturnValue:
    """Tags."""
    frame = opened(owner, name)
    find = ref_lists.finder(history.tags, frame, lambda _work, page: list(page.refs))
    if file := lists.export(f"{name}-tags", find, TAG_COLUMNS):
        return file
    first, query = _asked()
    sorted_by = ref_lists.sorting()
    page = ref_lists.part(
        history.tags, frame, sorted_by, containing=query, offset=first, limit=PAGE
    )
    return show(
        "branches/tags.html",
        frame,
        tab_name="tags",
        tags=[(ref, links.tag_address(ref.short, frame.names)) for ref in page.refs],
        is_protected=frame.repository.is_protected,
        signatures=signed_work.of_tags(frame.repository, page.refs),
        listed=_listed(page, first, query),
        firm=_demanded(frame),
        acts=ref_lists.acts(frame, TAGS),
        key=ref_lists.key,
        **lists.tools(sorted_by),
    )


@pages.post("/<owner>/<name>/branches/delete")
def delete_branch(owner: str, name: str) -> ResponseReturnValue:
    """A branch less, if it is still where the page showed it."""
    branch = links.from_field(flask.request.form.get("branch", ""))
    frame = opened(owner, name)
    ref_lists.delete(frame, BRANCHES, branch, flask.request.form.get("expected") or None)
    flask.flash(_("The branch %(name)s is deleted.", name=present.name_text(branch)), "good")
    return flask.redirect(frame.links.branches, 303)


@pages.post("/<owner>/<name>/branches/several")
def delete_branches(owner: str, name: str) -> ResponseReturnValue:
    """Delete several branches."""
    return ref_lists.delete_several(owner, name, BRANCHES)


@pages.post("/<owner>/<name>/tags/several")
def delete_tags(owner: str, name: str) -> ResponseReturnValue:
    """Delete several tags."""
    return ref_lists.delete_several(owner, name, TAGS)


def _demanded(frame: Frame) -> Sequence[SigningRule]:
    """What the repository's organisation demands of signatures."""
    if frame.repository.organisation_id is None:
        return ()
    with requests.reading() as work:
        return signing_rules.over(work, frame.repository.path)


def _asked() -> tuple[int, bytes]:
    """Which part of the list, and which bytes its names must have."""
    return max(0, min(flask.request.args.get("from", 0, int), MOST)), links.asked("q").strip()


def _branches(frame: Frame, page: RefPage, seconds: float, roll: Roll) -> list[Branch]:
    repository = frame.repository
    head = history.head(repository)
    oids = [ref.commit for ref in page.refs if ref.commit]
    apart = ref_lists.apart(frame, oids, seconds)
    rolled = roll(oids)
    return [
        Branch(
            ref=ref,
            author=words(ref.author),
            at=ref.at,
            is_default=ref.name == head.name,
            is_protected=repository.is_protected(ref.name),
            divergence=apart.get(ref.commit or ""),
            checks=rolled.get(ref.commit or ""),
            may_delete=frame.may_write and ref.name != head.name,
        )
        for ref in page.refs
    ]


def _most(branches: list[Branch]) -> int:
    """The longest bar of the drawings."""
    known = [one.divergence for one in branches if one.divergence]
    return max((max(each.ahead, each.behind) for each in known), default=0)


def _listed(page: RefPage, first: int, query: bytes) -> Listed:
    after = first + PAGE
    return Listed(
        total=page.total,
        query=words(query),
        newer=_from(first - PAGE) if first else None,
        older=_from(after) if after < page.total else None,
    )


def _from(first: int) -> str:
    return links.with_query(**{"from": str(first) if first > 0 else None, "part": None})
