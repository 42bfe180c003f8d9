"""The history of a ref or a path, and one commit with what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from markupsafe import Markup

from appliance.domain.commit_talk import Spot
from appliance.errors import InvalidError, NotFoundError
from appliance.services import commit_labels, commit_pulls, history
from appliance.web import links, present, requests, signed_work
from appliance.web.pages import checks, commit_said, diff_context, diff_files
from appliance.web.pages.commit_said import Place as Whole
from appliance.web.pages.diff_sides import Commits
from appliance.web.pages.page_forms import after, listed
from appliance.web.pages.repository_frame import (
    Frame,
    Place,
    blueprint,
    located,
    opened,
    selector,
    show,
    words,
)

if TYPE_CHECKING:
    from appliance.db.labels import Label
    from appliance.git.commits import Commit
    from appliance.git.history import Step
    from appliance.services.checks import Rollup
    from appliance.services.commit_pulls import AboutCommit
    from appliance.services.signatures import Checked
    from appliance.web.links import Links

pages = blueprint("commits")

PAGE = 50
SECONDS = 10.0
FILTERS = ("q", "author", "since", "until")
OLD_NAME = Markup('<span class="badge">{}</span>')


@dataclass(frozen=True)
class Row:
    """One commit of a list; the names are those of the macro that draws it."""

    oid: str
    subject: bytes
    author: str
    at: datetime
    href: str
    browse_href: str
    badges: Markup | None = None
    signature: Checked | None = None
    checks: Rollup | None = None
    labels: Sequence[Label] = ()


@pages.get("/<owner>/<name>/commits", defaults={"tail": ""})
@pages.get("/<owner>/<name>/commits/<tail:tail>")
def show_history(owner: str, name: str, tail: str) -> ResponseReturnValue:  # noqa: ARG001 - read as bytes.
    """The commits before a ref, of one path if one is named."""
    place = located(opened(owner, name))
    asked = flask.request.args
    wanted = history.Wanted(
        path=place.path,
        author=asked.get("author", "").strip(),
        message=asked.get("q", "").strip(),
        since=_day(asked.get("since")),
        until=_day(asked.get("until"), is_end=True),
    )
    page = history.page(
        place.frame.repository,
        place.commit,
        wanted,
        cursor=asked.get("cursor"),
        limit=PAGE,
        seconds=SECONDS,
    )
    return show(
        "commits/list.html",
        place.frame,
        place=place,
        tab_name="commits",
        days=days(rows(place, page.steps)),
        asked=asked,
        is_filtered=any(asked.get(each) for each in FILTERS),
        older=links.with_query(cursor=page.cursor) if page.cursor else None,
        newest=links.with_query(cursor=None) if asked.get("cursor") else None,
        **selector(place, "commits"),
    )


@pages.get("/<owner>/<name>/commit/<oid>")
def show_commit(owner: str, name: str, oid: str) -> ResponseReturnValue:
    """One commit with what it changed."""
    frame = opened(owner, name)
    found = history.resolve(frame.repository, oid.encode())
    if found.commit != oid:
        return flask.redirect(frame.links.commit(found.commit), 302)
    if flask.request.args.get("part") == "refs":
        return show("commits/refs.html", frame, containing=_containing(frame, oid))
    commit = history.commit(frame.repository, oid)
    paths = diff_files.wanted_file()
    talk = commit_said.read(frame, oid)
    if paths:
        commits = Commits(frame, commit.parents[0] if commit.parents else None, oid)
        if diff_context.is_piece():
            return diff_files.lines(commits, paths)
        file = diff_files.one(commits, paths)
        if diff_files.is_piece():
            return diff_files.piece(commits, file, talk)
        diff = diff_files.shown_alone(commits, file, talk)
    else:
        changes = history.changes(frame.repository, oid, diff_files.options())
        diff = diff_files.shown(frame, changes, talk)
    return show(
        "commits/show.html",
        frame,
        tab_name="commits",
        commit=commit,
        author=words(commit.author.name),
        committer=words(commit.committer.name),
        is_same_person=_is_same(commit),
        signature=signed_work.of_commits(frame.repository, [commit]).get(oid),
        checks=checks.of_commit(frame, oid),
        pulls=_pulls(frame, oid),
        containing=_containing(frame, oid) if "refs" in flask.request.args else None,
        refs_piece=links.with_query(part="refs"),
        diff=diff,
        is_part=bool(paths),
        with_query=links.with_query,
        where=commit_said.where,
        whole=Whole(Spot(), ""),
        **talk.context,
    )


@pages.get("/<owner>/<name>/labelled-commits")
def labelled(owner: str, name: str) -> ResponseReturnValue:
    """The commits that have a label."""
    frame = opened(owner, name)
    label = flask.request.args.get("label", "")
    with requests.reading() as work:
        path = frame.repository.path
        found = commit_labels.labelled(work, path, label, after=after(), limit=PAGE)
    return show(
        "commits/labelled.html",
        frame,
        tab_name="commits",
        label=label,
        days=days(_labelled_rows(frame, [each.commit for each in found.items])),
        listed=listed(found),
    )


def rows(place: Place, steps: Sequence[Step]) -> list[Row]:
    """Steps of a history as lines of a list."""
    about = _About.of(place.frame, [step.commit for step in steps])
    return [
        _row(place.frame.links, step.commit, about, step.path, is_old=step.path != place.path)
        for step in steps
    ]


@dataclass(frozen=True)
class _About:
    """What is known of some commits beside what they say themselves."""

    signatures: dict[str, Checked]
    checks: dict[str, Rollup]
    labels: dict[str, list[Label]]

    @classmethod
    def of(cls, frame: Frame, commits: Sequence[Commit]) -> _About:
        oids = [commit.oid for commit in commits]
        with requests.reading() as work:
            labels = commit_labels.of_commits(work, frame.repository.path, oids)
        signed = signed_work.of_commits(frame.repository, commits)
        return cls(signed, checks.rollups(frame, oids), labels)


def _labelled_rows(frame: Frame, oids: Sequence[str]) -> list[Row]:
    """Those of the commits that are still there."""
    found = []
    for oid in oids:
        with suppress(NotFoundError):
            found.append(history.commit(frame.repository, oid))
    about = _About.of(frame, found)
    return [_row(frame.links, commit, about) for commit in found]


def _row(
    to: Links, commit: Commit, about: _About, path: bytes = b"", *, is_old: bool = False
) -> Row:
    oid = commit.oid.encode()
    badge = OLD_NAME.format(_("as %(path)s", path=present.name_text(path))) if is_old else None
    return Row(
        oid=commit.oid,
        subject=commit.subject,
        author=words(commit.author.name),
        at=commit.committer.at,
        href=to.commit(commit.oid),
        browse_href=to.blob(oid, path) if path else to.tree(oid),
        badges=badge,
        signature=about.signatures.get(commit.oid),
        checks=about.checks.get(commit.oid),
        labels=about.labels.get(commit.oid, ()),
    )


def days(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Rows by the day of their commits, in UTC."""
    grouped = groupby(rows, key=lambda each: each.at.astimezone(UTC).date())
    return [(format_date(day, "full"), list(group)) for day, group in grouped]


def _is_same(commit: Commit) -> bool:
    return (commit.author.name, commit.author.email) == (
        commit.committer.name,
        commit.committer.email,
    )


def _pulls(frame: Frame, oid: str) -> list[AboutCommit]:
    with requests.reading() as work:
        return commit_pulls.of_commit(work, frame.repository.path, oid)


def _containing(frame: Frame, oid: str) -> dict[str, object]:
    found = history.containing(frame.repository, oid)
    to, names = frame.links, frame.names
    branches = [name.removeprefix(history.BRANCHES) for name in found.branches]
    tags = [name.removeprefix(history.TAGS) for name in found.tags]
    return {
        "branches": [(name, to.tree(name)) for name in branches],
        "tags": [(name, to.tree(links.tag_address(name, names))) for name in tags],
        "is_cut": found.is_cut,
    }


def _day(text: str | None, *, is_end: bool = False) -> datetime | None:
    """The beginning or the end of a day in UTC."""
    if not text:
        return None
    try:
        start = datetime.combine(date.fromisoformat(text), time(), UTC)
        return start + timedelta(days=1, seconds=-1) if is_end else start
    except (ValueError, OverflowError) as error:
        raise InvalidError.of("until" if is_end else "since", _("A day is YYYY-MM-DD.")) from error
