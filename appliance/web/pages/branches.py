"""Branches and tags: how old, how far from the default branch, protected or not; and their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.services import branch_health, history, signing_rules
from appliance.services import checks as standing
from appliance.services.branch_health import Checked, Show, Sort, Wanted
from appliance.services.history import BRANCHES, TAGS
from appliance.web import links, present, requests, signed_work
from appliance.web.pages import checks, lists, ref_lists
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from appliance.db.signing_keys import SigningRule
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.refs import Divergence, Ref
    from appliance.services.branch_health import Branch as Found
    from appliance.services.branch_health import BranchPage, Known
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
    pull: int | None
    is_merged: bool
    is_stale: bool


@dataclass(frozen=True)
class Listed:
    """Some branches or tags, and the way to the others."""

    total: int
    query: str
    newer: str | None
    older: str | None


SHOWS = {
    Show.ALL: lazy("All"),
    Show.ACTIVE: lazy("Active"),
    Show.STALE: lazy("Stale"),
    Show.MERGED: lazy("Merged"),
}
CHECKS = {
    Checked.ANY: lazy("Any checks"),
    Checked.PASSED: lazy("Passed"),
    Checked.PENDING: lazy("Pending"),
    Checked.FAILED: lazy("Failed"),
    Checked.NONE: lazy("No checks"),
}
SORTS = {"name": Sort.NAME, "updated": Sort.NEWEST, "ahead": Sort.AHEAD, "behind": Sort.BEHIND}
BRANCH_COLUMNS: lists.Columns = {
    **ref_lists.columns(lambda each: each.ref),
    "is_default": lambda each: each.is_default,
    "is_protected": lambda each: each.is_protected,
    "ahead": lambda each: each.divergence.ahead if each.divergence else None,
    "behind": lambda each: each.divergence.behind if each.divergence else None,
    "checks": lambda each: each.checks.outcome if each.checks else None,
    "pull_request": lambda each: each.pull,
    "is_merged": lambda each: each.is_merged,
    "is_stale": lambda each: each.is_stale,
}
TAG_COLUMNS: lists.Columns = {
    **ref_lists.columns(lambda ref: ref),
    "note": lambda ref: None if ref.note is None else present.name_text(ref.note),
}


@pages.get("/<owner>/<name>/branches")
def show_branches(owner: str, name: str) -> ResponseReturnValue:
    """Branches."""
    frame = opened(owner, name)
    with requests.reading() as work:
        known = branch_health.known(work, frame.repository.path)
    if file := lists.export(f"{name}-branches", _finder(frame, known), BRANCH_COLUMNS):
        return file
    first, query = _asked()
    sorted_by, chosen = _sorting(), _chosen()
    roll = partial(checks.rollups, frame)
    page = _looker(frame, known)(first, PAGE, roll)
    is_piece = flask.request.args.get("part") == "rows"
    seconds = PIECE_SECONDS if is_piece else PAGE_SECONDS
    branches = _branches(frame, page.items, seconds, roll, requests.now())
    return show(
        "branches/piece.html" if is_piece else "branches/show.html",
        frame,
        tab_name="branches",
        branches=branches,
        listed=_listed(page.total, first, query),
        firm=_demanded(frame),
        most=_most(branches),
        is_complete=all(one.divergence or one.ref.commit is None for one in branches),
        piece=links.with_query(part="rows"),
        acts=ref_lists.acts(frame, BRANCHES),
        key=ref_lists.key,
        chosen=chosen,
        shows=SHOWS,
        one_of=lambda name: links.with_query(**{"show": name, "from": None, "part": None}),
        checked=_checked(),
        outcomes={
            each: (said, links.with_query(**{"checks": each, "from": None, "part": None}))
            for each, said in CHECKS.items()
        },
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
        listed=_listed(page.total, first, query),
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
    flask.flash(_("The branch %(name)s was deleted.", name=present.name_text(branch)), "good")
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


def _chosen() -> Show:
    """Which branches the address wants."""
    try:
        return Show(flask.request.args.get("show", Show.ALL))
    except ValueError:
        return Show.ALL


def _checked() -> Checked:
    """What the checks of the branches that the address wants come to."""
    try:
        return Checked(flask.request.args.get("checks", Checked.ANY))
    except ValueError:
        return Checked.ANY


def _sorting() -> lists.Sorting:
    """How the address wants them sorted."""
    return lists.sorting(SORTS, "-updated")


def _looker(frame: Frame, known: Known) -> Callable[[int, int, Roll], BranchPage]:
    """Gives some of the branches that the address wants; a file asks after the request is over."""
    sorted_by, now = _sorting(), requests.now()
    sort = SORTS[sorted_by.by]
    is_turned = sorted_by.is_descending is (sort is Sort.NAME)
    wanted = Wanted(_chosen(), _checked(), sort, is_turned, links.asked("q").strip())

    def look(offset: int, limit: int, roll: Roll) -> BranchPage:
        return branch_health.page(
            *(frame.repository, known, wanted),
            roll=roll,
            offset=offset,
            limit=limit,
            now=now,
        )

    return look


def _finder(frame: Frame, known: Known) -> lists.Find:
    """All branches that the page's filter wants, for a file."""
    look, now = _looker(frame, known), requests.now()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> lists.Part:
        first = int(after or 0)
        roll = partial(standing.rollups, work, frame.repository.path)
        page = look(first, limit, roll)
        last = first + limit
        found = _branches(frame, page.items, FILE_SECONDS, roll, now)
        return lists.Part(found, str(last) if last < page.total else None)

    return find


def _branches(
    frame: Frame, found: list[Found], seconds: float, roll: Roll, now: datetime
) -> list[Branch]:
    oids = [each.ref.commit for each in found if each.ref.commit]
    apart = ref_lists.apart(frame, oids, seconds)
    rolled = roll(oids)
    return [
        Branch(
            ref=each.ref,
            author=words(each.ref.author),
            at=each.ref.at,
            is_default=each.health.is_default,
            is_protected=each.health.is_protected,
            divergence=apart.get(each.ref.commit or ""),
            checks=rolled.get(each.ref.commit or ""),
            may_delete=frame.may_write and not each.health.is_default,
            pull=each.pull,
            is_merged=each.health.is_merged,
            is_stale=each.health.is_stale(now),
        )
        for each in found
    ]


def _most(branches: list[Branch]) -> int:
    """The longest bar of the drawings."""
    known = [one.divergence for one in branches if one.divergence]
    return max((max(each.ahead, each.behind) for each in known), default=0)


def _listed(total: int, first: int, query: bytes) -> Listed:
    after = first + PAGE
    return Listed(
        total=total,
        query=words(query),
        newer=_from(first - PAGE) if first else None,
        older=_from(after) if after < total else None,
    )


def _from(first: int) -> str:
    return links.with_query(**{"from": str(first) if first > 0 else None, "part": None})
