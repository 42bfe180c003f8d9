"""The job that checks a feed and reads it: first its signatures, then all the rest.

Whatever is wrong with it, what is current stays as it is.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db import feeds as rows
from appliance.db.advisories import AdvisoryRow, EpssScore, KnownExploit
from appliance.db.feeds import Feed
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.feeds import FeedStep
from appliance.domain.permissions import Permission
from appliance.errors import sentence
from appliance.scanning.feeds import bundle, roots
from appliance.scanning.feeds.bundle import Opened, Trust
from appliance.scanning.feeds.refusal import FeedError
from appliance.services import feed_staging, feeds
from appliance.services.feed_staging import Begin, Report, Staged
from appliance.services.feeds import BY_FEED, HAVE_BEEN_CURRENT

FEEDS = "feeds"
ARCHIVE, FILES = "archive", "files"
AT_ONCE = 5000
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Read:
    """A feed that was believed, and what was written of it."""

    opened: Opened
    staged: Staged


@dataclass(frozen=True)
class Refused:
    """Why a feed was not: for programs and for people."""

    why: str
    message: str


@dataclass(frozen=True)
class Task:
    """A feed that is to be read."""

    number: int
    current: int
    folder: Path
    trust: Trust
    most_bytes: int
    """That may come out of its files."""


def plan(work: UnitOfWork, number: int, root: Path) -> Task | None:
    """What is to be done; None where nothing is any more.

    Errors:
        RefusedError: only the appliance and administrators may.
        ConflictError: no keys are trusted.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    feed = work.session.scalar(sa.select(Feed).where(Feed.number == number))
    if feed is None or feed.step is not FeedStep.READING:
        return None
    newest = sa.select(sa.func.max(Feed.serial)).where(Feed.step.in_(HAVE_BEEN_CURRENT))
    limits = work.rules.feeds
    trust = Trust(
        root=feeds.trusted(work),
        newest_serial=work.session.scalar(newest) or 0,
        most_bytes=limits.bundle_bytes,
    )
    current = rows.current_number(work.session)
    return Task(number, current, folder_of(root, feed.id), trust, limits.unpacked_bytes)


@open_to_everyone(because="it only says where files lie")
def folder_of(root: Path, feed_id: UUID) -> Path:
    """Where in the home folder a feed lies until it was read."""
    return root / FEEDS / str(feed_id)


@open_to_everyone(because="what it writes is only looked at once an administrator uses the feed")
def read(task: Task, begin: Begin, report: Report, *, now: datetime) -> Read | Refused:
    """Check a feed's signatures; if they count, unpack it and write it beside the current one."""
    files = task.folder / FILES
    shutil.rmtree(files, ignore_errors=True)
    try:
        with (task.folder / ARCHIVE).open("rb") as source:
            opened = bundle.unpack(source, files, task.trust, now=now)
        wanted = feed_staging.Plan(
            task.number, task.current, files, opened.manifest.files, task.most_bytes
        )
        return Read(opened, feed_staging.stage(wanted, begin, report))
    except FeedError as error:
        return Refused(str(error.why), error.message)


def note_read(work: UnitOfWork, task: Task, came: Read, *, now: datetime) -> None:
    """The feed waits for somebody to use it; newer keys that it brought count from now on.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    feed = work.session.scalars(sa.select(Feed).where(Feed.number == task.number)).one()
    if feed.step is not FeedStep.READING:
        return
    manifest, staged = came.opened.manifest, came.staged
    feed.step, feed.serial, feed.sha256 = FeedStep.READY, manifest.serial, came.opened.sha256
    feed.made_at, feed.expires_at = manifest.made_at, manifest.expires_at
    feed.is_sample = manifest.is_sample
    feed.files = [
        {
            "path": each.path,
            "kind": str(each.kind),
            "size_bytes": each.size_bytes,
            "licence": each.licence,
            "attribution": each.attribution,
        }
        for each in manifest.files
    ]
    feed.counts, feed.difference = staged.counts, staged.difference
    for envelope in came.opened.new_roots:
        feeds.keep(work, envelope, roots.read(envelope), by=BY_FEED, now=now)


def refuse(work: UnitOfWork, number: int, refused: Refused) -> None:
    """Say that a feed is not taken in, and why.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    feed = work.session.scalar(sa.select(Feed).where(Feed.number == number))
    if feed is None or feed.step is not FeedStep.READING:
        return
    feed.step, feed.error = FeedStep.FAILED, refused.message
    work.record(events.FeedRefused(about=feed.id, feed=str(number), reason=refused.why))


@open_to_everyone(because="it says what is shown for a job that was given up")
def given_up(reason: str) -> Refused:
    """Why a feed was not read, where that is no fault of the feed."""
    return Refused("given_up", sentence("It could not be read: %(why)s", why=reason))


@open_to_everyone(because="it removes files of the job's own")
def forget_files(folder: Path) -> None:
    """Remove what was uploaded and unpacked."""
    shutil.rmtree(folder, ignore_errors=True)


def unclaimed(work: UnitOfWork, root: Path, *, now: datetime) -> list[Path]:
    """The folders of feeds that nobody reads: of uploads that were cut off.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    wanted = sa.select(Feed.id).where(Feed.step == FeedStep.READING)
    claimed = {str(each) for each in work.session.scalars(wanted)}
    home = root / FEEDS
    if not home.is_dir():
        return []
    late = (now - KEPT).timestamp()
    return [
        each for each in home.iterdir() if each.name not in claimed and each.stat().st_mtime < late
    ]


def purge(work: UnitOfWork) -> bool:
    """Remove some of what neither the current feed nor the one before needs; whether there is more.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(sa.func.min(Feed.number)).where(
        Feed.step.in_((FeedStep.CURRENT, FeedStep.EARLIER))
    )
    oldest = work.session.scalar(query) or 0
    past = sa.select(AdvisoryRow.key).where(AdvisoryRow.until <= oldest).limit(AT_ONCE)
    keys = list(work.session.scalars(past))
    gone = sa.delete(AdvisoryRow).where(AdvisoryRow.key.in_(keys))
    work.session.execute(gone, execution_options=feed_staging.options())
    for table in (EpssScore, KnownExploit):
        old = sa.delete(table).where(table.feed < oldest)
        work.session.execute(old, execution_options=feed_staging.options())
    return len(keys) == AT_ONCE
