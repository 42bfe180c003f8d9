"""The lines of an alert, coloured; a secret among them when somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.errors import ConflictError, DamagedError, NotFoundError, UnavailableError
from appliance.services import alert_code, commit_pulls, history
from appliance.web import highlight, requests

if TYPE_CHECKING:
    from markupsafe import Markup

    from appliance.db.alerts import Alert
    from appliance.git.commits import Commit
    from appliance.services.alert_code import AlertCode, Excerpt
    from appliance.services.commit_pulls import AboutCommit
    from appliance.web.pages.repository_frame import Frame


@dataclass(frozen=True)
class Line:
    """A line as a page shows it."""

    number: int
    html: Markup
    is_marked: bool
    """Whether it is of the place, not only around it."""
    is_masked: bool


@dataclass(frozen=True)
class Piece:
    """Some lines of a file."""

    path: bytes
    line: int
    lines: list[Line]


@dataclass(frozen=True)
class Origin:
    """The commit that brought it, and the pull requests that brought the commit."""

    commit: Commit
    pulls: list[AboutCommit]


def of(frame: Frame, number: int) -> AlertCode:
    """The code of an alert, every secret masked."""
    with requests.reading() as work:
        store = requests.wiring().repositories
        return alert_code.show(work, frame.repository.path, number, repositories=store)


def revealed(frame: Frame, number: int) -> AlertCode:
    """The same with the secret, which is recorded."""
    with requests.begin() as work:
        store = requests.wiring().repositories
        return alert_code.reveal(work, frame.repository.path, number, repositories=store)


def pieces(code: AlertCode) -> tuple[Piece | None, list[Piece]]:
    """The place and the steps of a data flow, coloured."""
    place = None if code.place is None else _piece(code.place)
    return place, [_piece(each) for each in code.flow]


def origin(frame: Frame, alert: Alert) -> Origin | None:
    """Where an alert came from; None where the commit is not here."""
    if not alert.first_commit:
        return None
    try:
        commit = history.commit(frame.repository, alert.first_commit)
    except (NotFoundError, DamagedError, ConflictError, UnavailableError):
        return None
    with requests.reading() as work:
        return Origin(commit, commit_pulls.of_commit(work, frame.repository.path, commit.oid))


def _piece(excerpt: Excerpt) -> Piece:
    shown = b"\n".join((*([excerpt.lead] if excerpt.lead else []), *excerpt.lines))
    coloured = highlight.highlight(shown, path=excerpt.spot.path).lines
    skipped = excerpt.lead.count(b"\n") + 1 if excerpt.lead else 0
    spot = excerpt.spot
    lines = [
        Line(at, html, spot.line <= at <= spot.end_line, at in excerpt.masked)
        for at, html in enumerate(coloured[skipped:], excerpt.first)
    ]
    return Piece(spot.path, spot.line, lines)
