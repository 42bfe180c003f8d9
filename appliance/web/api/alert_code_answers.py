"""The lines of an alert as programs get them."""

from __future__ import annotations

from appliance.services.alert_code import AlertCode, Excerpt
from appliance.web.api import frame
from appliance.web.api.bytes_text import text


class AlertLine(frame.Answer):
    """One line. Of a masked one `text` is what lists show of the secret."""

    number: int
    text: str
    marked: bool
    masked: bool


class AlertLines(frame.Answer):
    """Some lines of a file; `marked` are those that it is about."""

    path: str
    line: int
    end_line: int
    lines: list[AlertLine]


class AlertCodeAnswer(frame.Answer):
    """The code of an alert: where it stands, and what its data flows through before."""

    place: AlertLines | None
    flow: list[AlertLines]


def code(found: AlertCode) -> AlertCodeAnswer:
    """Excerpts of a repository."""
    place = None if found.place is None else _lines(found.place)
    return AlertCodeAnswer(place=place, flow=[_lines(each) for each in found.flow])


def _lines(found: Excerpt) -> AlertLines:
    spot = found.spot
    lines = [
        AlertLine(
            number=at,
            text=text(words),
            marked=spot.line <= at <= spot.end_line,
            masked=at in found.masked,
        )
        for at, words in enumerate(found.lines, found.first)
    ]
    return AlertLines(path=text(spot.path), line=spot.line, end_line=spot.end_line, lines=lines)
