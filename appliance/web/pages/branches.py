"""Branches and tags: how old, how far from the default branch, protected or not; and their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.errors import ConflictError, NotFoundError
from appliance.services import history, ref_updates
from appliance.services.history import Order
from appliance.web import links, present
from appliance.web import ref_updates as moves
from appliance.web.pages.repository_frame import Frame, blueprint, default, opened, show, words

if TYPE_CHECKING:
    from appliance.git.refs import Divergence, Ref, RefPage

pages = blueprint("branches")

PAGE = 50
PAGE_SECONDS = 0.2  # How long a page waits to learn how far branches are; the rest come later.
PIECE_SECONDS = 5.0
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
    may_delete: bool


@dataclass(frozen=True)
class Listed:
    """Some branches or tags, and the way to the others."""

    total: int
    query: str
    order: Order
    newer: str | None
    older: str | None


@pages.get("/<owner>/<name>/branches")
def show_branches(owner: str, name: str) -> ResponseReturnValue:
    """Branches."""
    frame = opened(owner, name)
    first, order, query = _asked(Order.NEWEST)
    page = history.branches(
        frame.repository, order=order, containing=query, offset=first, limit=PAGE
    )
    is_piece = flask.request.args.get("part") == "rows"
    branches = _branches(frame, page, PIECE_SECONDS if is_piece else PAGE_SECONDS)
    return show(
        "branches/piece.html" if is_piece else "branches/show.html",
        frame,
        tab_name="branches",
        branches=branches,
        listed=_listed(page, first, order, query),
        most=_most(branches),
        is_complete=all(one.divergence or one.ref.commit is None for one in branches),
        piece=links.with_query(part="rows"),
        with_query=links.with_query,
    )


@pages.get("/<owner>/<name>/tags")
def show_tags(owner: str, name: str) -> ResponseReturnValue:
    """Tags."""
    frame = opened(owner, name)
    first, order, query = _asked(Order.NEWEST)
    page = history.tags(frame.repository, order=order, containing=query, offset=first, limit=PAGE)
    return show(
        "branches/tags.html",
        frame,
        tab_name="tags",
        tags=[(ref, links.tag_address(ref.short, frame.names)) for ref in page.refs],
        is_protected=frame.repository.is_protected,
        listed=_listed(page, first, order, query),
        with_query=links.with_query,
    )


@pages.post("/<owner>/<name>/branches/delete")
def delete_branch(owner: str, name: str) -> ResponseReturnValue:
    """A branch less, if it is still where the page showed it."""
    branch = links.from_field(flask.request.form.get("branch", ""))
    expected = flask.request.form.get("expected") or None
    frame = opened(owner, name)
    if branch == frame.repository.default_branch.encode():
        raise ConflictError("The default branch stays. Make another one the default first.")
    moves.do(
        frame.repository.path,
        lambda plan: ref_updates.draft_branch_deletion(plan, branch, expected=expected),
    )
    flask.flash(_("The branch %(name)s is deleted.", name=present.name_text(branch)), "good")
    return flask.redirect(frame.links.branches, 303)


def _asked(order: Order) -> tuple[int, Order, bytes]:
    """Which part of the list, in which order, with which bytes in the names."""
    given = flask.request.args
    wanted = given.get("order", "")
    chosen = Order(wanted) if wanted in set(Order) else order
    return max(0, min(given.get("from", 0, int), MOST)), chosen, links.asked("q").strip()


def _branches(frame: Frame, page: RefPage, seconds: float) -> list[Branch]:
    repository = frame.repository
    head = history.head(repository)
    base = head.oid or _base(frame)
    oids = [ref.commit for ref in page.refs if ref.commit]
    apart = (
        dict(zip(oids, history.divergence(repository, base, oids, seconds=seconds), strict=True))
        if base
        else {}
    )
    return [
        Branch(
            ref=ref,
            author=words(ref.author),
            at=ref.at,
            is_default=ref.name == head.name,
            is_protected=repository.is_protected(ref.name),
            divergence=apart.get(ref.commit or ""),
            may_delete=frame.may_write and ref.name != head.name,
        )
        for ref in page.refs
    ]


def _base(frame: Frame) -> str | None:
    try:
        return default(frame).commit
    except NotFoundError:
        return None


def _most(branches: list[Branch]) -> int:
    """The longest bar of the drawings."""
    known = [one.divergence for one in branches if one.divergence]
    return max((max(each.ahead, each.behind) for each in known), default=0)


def _listed(page: RefPage, first: int, order: Order, query: bytes) -> Listed:
    after = first + PAGE
    return Listed(
        total=page.total,
        query=words(query),
        order=order,
        newer=_from(first - PAGE) if first else None,
        older=_from(after) if after < page.total else None,
    )


def _from(first: int) -> str:
    return links.with_query(**{"from": str(first) if first > 0 else None, "part": None})
