"""The lines where an alert stands, and those that its data flows through.

What is known to be a secret is masked in them, of whichever alert it is: the value is shown only to
who may decide about secrets, when they ask for it, and the audit log has that they did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.db.alerts import Alert, AlertOccurrence
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.alerts import AlertKind
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    DamagedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    sentence,
)
from appliance.git import blobs
from appliance.services import files
from appliance.services.alert_events import about

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

AROUND = 6
"""Lines before and after a place."""
MOST_LINES = 40
"""Of one place, beside those around it."""
LED_BY = 60
"""Lines before those shown that say how to colour them."""
MOST_STEPS = 20
LONGEST_LINE = 1000
LARGEST_FILE_BYTES = 1024 * 1024
REST = b"..."
Masks = Mapping[int, bytes]
"""What stands instead of a line, by its number."""


@dataclass(frozen=True)
class Spot:
    """Some lines of a file."""

    object_id: str
    path: bytes
    line: int
    end_line: int


@dataclass(frozen=True)
class Excerpt:
    """The lines of a place, and some around it. Secrets are masked unless they were asked for."""

    spot: Spot
    lead: bytes
    """What stands before: it is not shown, but says how to colour what is."""
    first: int
    lines: tuple[bytes, ...]
    masked: frozenset[int] = frozenset()
    """The numbers of lines that are not as they stand in the file."""


@dataclass(frozen=True)
class AlertCode:
    """What to show of an alert's code."""

    place: Excerpt | None
    """None: it stands on no line, or not in a text."""
    flow: tuple[Excerpt, ...] = ()
    """From where the data comes to where it does harm."""


def show(work: UnitOfWork, path: str, number: int, *, repositories: RepositoryStore) -> AlertCode:
    """The code of an alert, with every secret in it masked.

    Errors:
        HiddenError, MovedError: there is no such alert, or none for this actor.
    """
    repository, alert = fetch_alerts.alert(work, path, number)
    try:
        folder = _folder(work, repository, repositories)
        return _Reader(work, repository, folder, frozenset()).code_of(alert)
    except (ConflictError, DamagedError, UnavailableError):
        return AlertCode(None)  # What was decided is shown without its code, too.


def reveal(work: UnitOfWork, path: str, number: int, *, repositories: RepositoryStore) -> AlertCode:
    """The code of a secret's alert, the secret included. That it was shown is recorded, of every
    alert whose secret stands on the same lines.

    Errors:
        HiddenError, MovedError: there is no such alert, or none for this actor.
        RefusedError: they do not decide about secrets.
        ConflictError: it is no secret, or stands in no text that can be shown.
    """
    repository, alert = fetch_alerts.alert(work, path, number, Permission.ALERT_SETTLE)
    if alert.kind is not AlertKind.SECRET:
        raise ConflictError(sentence("Only secrets are masked."))
    spot = _spot_of(alert)
    shown = frozenset() if spot is None else _lines(spot)
    reader = _Reader(work, repository, _folder(work, repository, repositories), shown)
    code = reader.code_of(alert)
    if code.place is None:
        raise ConflictError(sentence("It stands in no text that can be shown."))
    for each in reader.revealed(alert):
        work.record(events.AlertSecretShown(**about(repository, each)))
    return code


def _folder(work: UnitOfWork, repository: Repository, store: RepositoryStore) -> Path:
    return files.opened(work, repository.path, repositories=store).folder


def _spot_of(alert: Alert) -> Spot | None:
    in_file = alert.detail.get("in", "blob") == "blob"
    if alert.line is None or not in_file or not alert.path:
        return None
    return Spot(alert.object_id, alert.path, alert.line, max(alert.end_line or 0, alert.line))


def _lines(spot: Spot) -> frozenset[int]:
    return frozenset(range(spot.line, spot.end_line + 1))


class _Reader:
    """Reads excerpts of one repository. Its state: files and masks that were asked for already."""

    def __init__(
        self, work: UnitOfWork, repository: Repository, folder: Path, unmasked: frozenset[int]
    ) -> None:
        self._work, self._repository, self._folder = work, repository, folder
        self._unmasked = unmasked
        self._masks: dict[str, Masks] = {}

    def code_of(self, alert: Alert) -> AlertCode:
        """What to show of it."""
        spot = _spot_of(alert)
        if spot is None:
            return AlertCode(None)
        place = self._excerpt(self._found(spot, alert.first_commit))
        steps = [self._found(each, alert.first_commit) for each in _flow(alert, spot)]
        self._unmasked = frozenset()  # Steps are of code, and show no secret to anybody.
        excerpts = [self._excerpt(each, around=1) for each in steps]
        return AlertCode(place, tuple(each for each in excerpts if each is not None))

    def revealed(self, alert: Alert) -> list[Alert]:
        """The alerts whose secrets stand on the lines of one, it included."""
        spot = _spot_of(alert)
        if spot is None:
            return []
        same = [
            each
            for each, line, end in self._secrets(alert.object_id)
            if line <= spot.end_line and end >= spot.line
        ]
        return list({each.id: each for each in (alert, *same)}.values())

    def _found(self, spot: Spot, commit: str) -> Spot:
        """With the file's id, where only a commit and a path say which one it is."""
        if spot.object_id or not commit:
            return spot
        try:
            file = blobs.file(self._folder, commit, spot.path, most_bytes=0)
        except (NotFoundError, InvalidError, DamagedError):
            return spot
        return Spot(file.entry.oid, spot.path, spot.line, spot.end_line)

    def _excerpt(self, spot: Spot, around: int = AROUND) -> Excerpt | None:
        content = None
        if spot.object_id:
            content = blobs.content(self._folder, spot.object_id, most_bytes=LARGEST_FILE_BYTES)
        lines = [] if content is None else content.split(b"\n")
        if spot.line > len(lines):
            return None
        masks = self._masks_of(spot.object_id)
        first = max(1, spot.line - around)
        last = min(len(lines), min(spot.end_line, spot.line + MOST_LINES) + around)
        start = max(1, first - LED_BY)
        shown = [_cut(masks.get(at, lines[at - 1])) for at in range(start, last + 1)]
        lead = shown[: first - start]
        return Excerpt(
            spot,
            b"\n".join(lead),
            first,
            tuple(shown[first - start :]),
            frozenset(at for at in masks if first <= at <= last),
        )

    def _masks_of(self, object_id: str) -> Masks:
        if object_id not in self._masks:
            self._masks[object_id] = dict(self._mask_rows(object_id))
        unmasked = self._unmasked
        return {at: text for at, text in self._masks[object_id].items() if at not in unmasked}

    def _mask_rows(self, object_id: str) -> Iterable[tuple[int, bytes]]:
        for alert, line, end in self._secrets(object_id):
            yield line, _ascii(alert.preview)
            yield from ((at, REST) for at in range(line + 1, end + 1))

    def _secrets(self, object_id: str) -> list[tuple[Alert, int, int]]:
        """The secrets of an object: their alerts, first and last lines."""
        ours = (Alert.repository_id == self._repository.id, Alert.kind == AlertKind.SECRET)
        known = sa.select(Alert, Alert.line, Alert.end_line).where(
            *ours, Alert.object_id == object_id, Alert.line.is_not(None)
        )
        places = (
            sa.select(Alert, AlertOccurrence.line, AlertOccurrence.end_line)
            .join(AlertOccurrence, AlertOccurrence.alert_id == Alert.id)
            .where(*ours, AlertOccurrence.object_id == object_id)
            .where(AlertOccurrence.line.is_not(None))
        )
        rows = [
            *self._work.session.execute(known),
            *self._work.session.execute(places),
        ]
        return [(row[0], row[1], max(row[2] or 0, row[1])) for row in rows]


def _flow(alert: Alert, spot: Spot) -> list[Spot]:
    """The steps of a data flow as the scan wrote them; what is no step is left out."""
    steps = alert.detail.get("flow")
    if not isinstance(steps, list):
        return []
    found = [_step(each, spot) for each in steps[:MOST_STEPS] if isinstance(each, dict)]
    return [each for each in found if each is not None]


def _step(said: dict[str, Any], spot: Spot) -> Spot | None:
    line, path = said.get("line"), said.get("path")
    if not isinstance(line, int) or line < 1:
        return None
    name = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else spot.path
    end = said.get("end_line")
    end = end if isinstance(end, int) else line
    object_id = spot.object_id if name == spot.path else ""
    return Spot(object_id, name, line, max(line, end))


def _cut(line: bytes) -> bytes:
    line = line.removesuffix(b"\r")
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + REST


def _ascii(preview: str) -> bytes:
    """A masked value in a file of whichever encoding."""
    return preview.replace("\u2026", "...").encode("ascii", "replace")
