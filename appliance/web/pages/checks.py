"""What other systems say of a commit: on its page, as a sign in lists, and one report whole."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from appliance.services import check_runs, checks
from appliance.services.checks import OfCommit, Rollup
from appliance.web import links, markdown, requests
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

pages = blueprint("checks")

PAGE = 100


@pages.get("/<owner>/<name>/check-runs/<uuid:check_id>")
def show_run(owner: str, name: str, check_id: UUID) -> ResponseReturnValue:
    """The report of a check run, with what it says of lines."""
    frame = opened(owner, name)
    path = frame.repository.path
    with requests.reading() as work:
        ran = check_runs.show(work, path, check_id)
        page = check_runs.annotated(
            work, path, check_id, after=flask.request.args.get("after"), limit=PAGE
        )
        return show(
            "checks/show.html",
            frame,
            tab_name="commits",
            ran=ran,
            run=ran.run,
            summary=_html(frame, ran.run.commit, ran.run.summary),
            text=_html(frame, ran.run.commit, ran.run.text, "text-"),
            annotations=page.items,
            more=links.with_query(after=page.next) if page.next else None,
            first=links.with_query(after=None) if "after" in flask.request.args else None,
        )


def of_commit(frame: Frame, oid: str) -> OfCommit:
    """What counts of all that was said of a commit."""
    with requests.reading() as work:
        return checks.of_commit(work, frame.repository.path, oid)


def rollups(frame: Frame, oids: Iterable[str]) -> dict[str, Rollup]:
    """What the checks of each commit of a list come to."""
    with requests.reading() as work:
        return checks.rollups(work, frame.repository.path, oids)


def _html(frame: Frame, commit: str, text: str, within: str = "") -> Markup | None:
    """A report as HTML; addresses in it lead to files of the commit that was checked."""
    if not text.strip():
        return None

    def link(url: str) -> str | None:
        if url.startswith("/"):
            return url
        return links.relative(frame.links, commit.encode(), b"", url, view="blob")

    return markdown.render(text.encode(), link=link, within=within)
