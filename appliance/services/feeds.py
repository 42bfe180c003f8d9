"""Feeds of advisories, as administrators bring them.

trust      whose signatures count
expect     a feed arrives; one at a time
arrived    it is here: a job checks and reads it (see feed_reading.py)
use        it becomes the current one, and all repositories are matched anew
discard    it does not
restore    back to the one before
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db import feeds as rows
from appliance.db.feeds import Feed, FeedRoot
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.feeds import UNDER_WAY, FeedState, FeedStep, feed_state
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    SettingsError,
    UnauthenticatedError,
    sentence,
)
from appliance.scanning.feeds import roots
from appliance.scanning.feeds.roots import Root
from appliance.security import envelopes

LARGEST_ROOT = 256 * 1024
MOST_LISTED = 50
BY_ADMINISTRATOR, BY_FEED = "administrator", "feed"
HAVE_BEEN_CURRENT = (FeedStep.CURRENT, FeedStep.EARLIER, FeedStep.PAST)


@dataclass(frozen=True)
class Keys:
    """Whose signatures count, and how many."""

    root: Root
    since: datetime | None
    """None: the settings name them."""

    @property
    def ids(self) -> list[str]:
        """The keys by their ids."""
        return roots.described(self.root)


@dataclass(frozen=True)
class Standing:
    """What is known of vulnerabilities now, and how far that can be trusted."""

    state: FeedState
    feed: Feed | None


def trust(work: UnitOfWork, document: bytes, *, now: datetime) -> Keys:
    """Believe feeds that enough keys of this root have signed, and those of no other.

    Errors:
        UnauthenticatedError, RefusedError, ElevationRequiredError: the actor may not.
        InvalidError: it is no root, contradicts itself, or has expired.
        ConflictError: a newer one is trusted already.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    if len(document) > LARGEST_ROOT:
        raise InvalidError.of("root", sentence("This is no signed envelope."))
    envelope = envelopes.read(document)
    root = roots.trusted_at_first(envelope, now=now)
    known = _keys(work)
    same = known is not None and set(known.root.keys) & set(root.keys)
    if known is not None and same and root.number <= known.root.number:
        raise ConflictError(
            sentence("Root %(number)s is trusted already.", number=known.root.number)
        )
    keep(work, envelope, root, by=BY_ADMINISTRATOR, now=now)
    return Keys(root, now)


def keep(
    work: UnitOfWork, envelope: envelopes.Envelope, root: Root, *, by: str, now: datetime
) -> None:
    """Let a root that was checked count from now on.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    row = FeedRoot(
        id=new_id(),
        number=root.number,
        threshold=root.threshold,
        key_ids=roots.described(root),
        document=roots.stored(envelope),
        expires_at=root.expires_at,
        trusted_at=now,
    )
    work.session.add(row)
    work.record(
        events.FeedRootTrusted(
            about=row.id, number=root.number, threshold=root.threshold, keys=row.key_ids, by=by
        )
    )


def keys(work: UnitOfWork) -> Keys | None:
    """Whose signatures count; None where nobody's does.

    Errors:
        UnauthenticatedError, RefusedError: the actor may not see the appliance's health.
    """
    gate.require(work, Permission.INSTANCE_HEALTH)
    return _keys(work)


@open_to_everyone(because="a feed is checked against it by whoever asked something before")
def trusted(work: UnitOfWork) -> Root:
    """The root that counts.

    Errors:
        ConflictError: none does.
    """
    known = _keys(work)
    if known is None:
        raise ConflictError(
            sentence("No keys for feeds are trusted yet. Bring a root of keys first.")
        )
    return known.root


def expect(work: UnitOfWork) -> None:
    """Go on only if a feed may be brought now. It is kept under an id of its own, until it arrived.

    Errors:
        UnauthenticatedError, RefusedError, ElevationRequiredError: the actor may not.
        ConflictError: no keys are trusted, or another feed is under way.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    trusted(work)
    waiting = work.session.scalar(sa.select(Feed.number).where(Feed.step.in_(UNDER_WAY)).limit(1))
    if waiting is not None:
        raise ConflictError(
            sentence("Feed %(number)s is under way. Use or discard it first.", number=waiting)
        )


def arrived(
    work: UnitOfWork, feed_id: UUID, size_bytes: int, file_name: str = "", *, now: datetime
) -> Feed:
    """The feed is here, kept under that id; a job checks and reads it.

    Errors: as for `expect`.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    expect(work)
    newest = work.session.scalar(sa.select(sa.func.max(Feed.number))) or 0
    feed = Feed(
        id=feed_id,
        number=newest + 1,
        step=FeedStep.READING,
        file_name=file_name[:255],
        size_bytes=size_bytes,
        files=[],
        asked_by=work.actor.id,
        brought_at=now,
    )
    work.session.add(feed)
    work.record(
        events.FeedBrought(
            about=feed.id, feed=str(feed.number), size_bytes=size_bytes, file_name=feed.file_name
        )
    )
    feed.job_id = work.later(Job.READ_FEED, about=feed.id, number=feed.number)
    return feed


def use(work: UnitOfWork, number: int, *, now: datetime) -> Feed:
    """Let a feed that was read be the current one; repositories are matched anew.

    Errors:
        UnauthenticatedError, RefusedError, ElevationRequiredError: the actor may not.
        NotFoundError, ConflictError: it is not there, not read, or has expired since.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    feed = _one(work, number)
    if feed.step is not FeedStep.READY or feed.expires_at is None:
        raise ConflictError(_NOT_NOW)
    if now >= feed.expires_at:
        raise ConflictError(sentence("The feed has expired since it was read."))
    earlier = rows.current(work.session)
    _become(work, feed, earlier, now)
    work.record(
        events.FeedImported(
            about=feed.id,
            feed=str(number),
            version=str(feed.serial),
            advisories=int(feed.counts.get("advisories", 0)),
            sha256=feed.sha256,
        )
    )
    return feed


def discard(work: UnitOfWork, number: int) -> Feed:
    """Do not take a feed in. What was written of it is removed before the next one is read.

    Errors:
        UnauthenticatedError, RefusedError, ElevationRequiredError: the actor may not.
        NotFoundError, ConflictError: it is not there, is being read, or was used already.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    feed = _one(work, number)
    if feed.step is not FeedStep.READY:
        raise ConflictError(_NOT_NOW)
    feed.step = FeedStep.DISCARDED
    work.record(events.FeedDiscarded(about=feed.id, feed=str(number)))
    return feed


def restore(work: UnitOfWork, *, now: datetime) -> Feed:
    """Go back to the feed before the current one.

    Errors:
        UnauthenticatedError, RefusedError, ElevationRequiredError: the actor may not.
        ConflictError: there is none, or another one is under way.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN, sensitive=True)
    current = rows.current(work.session)
    query = sa.select(Feed).where(Feed.step == FeedStep.EARLIER)
    earlier = work.session.scalar(query.with_for_update())
    if current is None or earlier is None:
        raise ConflictError(sentence("There is no earlier feed to go back to."))
    waiting = sa.select(Feed.number).where(Feed.step.in_(UNDER_WAY))
    if work.session.scalar(waiting.limit(1)) is not None:
        raise ConflictError(sentence("A feed is under way. Use or discard it first."))
    current.step = FeedStep.PAST
    work.session.flush()
    _become(work, earlier, None, now)
    work.record(
        events.FeedRestored(
            about=earlier.id,
            feed=str(earlier.number),
            version=str(earlier.serial),
            instead_of=str(current.number),
        )
    )
    return earlier


def listed(work: UnitOfWork) -> list[Feed]:
    """The newest feeds that were brought, the newest first.

    Errors:
        UnauthenticatedError, RefusedError: the actor may not see the appliance's health.
    """
    gate.require(work, Permission.INSTANCE_HEALTH)
    query = sa.select(Feed).order_by(Feed.number.desc()).limit(MOST_LISTED)
    return list(work.session.scalars(query))


def show(work: UnitOfWork, number: int) -> Feed:
    """One of them.

    Errors:
        UnauthenticatedError, RefusedError: the actor may not see the appliance's health.
        NotFoundError: there is none.
    """
    gate.require(work, Permission.INSTANCE_HEALTH)
    return _one(work, number, to_act=False)


@open_to_everyone(because="whoever sees what was found must know whether anything is known at all")
def standing(work: UnitOfWork, *, now: datetime) -> Standing:
    """How far what is known of vulnerabilities can be trusted.

    Errors:
        UnauthenticatedError: nobody has signed in.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    feed = rows.current(work.session)
    stale_after = timedelta(days=work.rules.feeds.stale_days)
    facts = None if feed is None else feed.facts
    return Standing(feed_state(facts, now=now, stale_after=stale_after), feed)


def _become(work: UnitOfWork, feed: Feed, earlier: Feed | None, now: datetime) -> None:
    """One step, in one transaction: before it all is as it was, after it all is new."""
    past = sa.update(Feed).where(Feed.step == FeedStep.EARLIER, Feed.id != feed.id)
    work.session.execute(past.values(step=FeedStep.PAST))
    if earlier is not None:
        earlier.step = FeedStep.EARLIER
        work.session.flush()
    feed.step, feed.current_since = FeedStep.CURRENT, now
    work.later(Job.MATCH_COMPONENTS, about=feed.id)


def _keys(work: UnitOfWork) -> Keys | None:
    row = rows.trusted_root(work.session)
    if row is not None:
        return Keys(roots.restored(row.document), row.trusted_at)
    named = work.rules.feeds.root_file
    if not named:
        return None
    try:
        return Keys(roots.read(envelopes.read(Path(named).read_bytes())), None)
    except (OSError, InvalidError) as error:
        raise SettingsError(
            sentence("feeds.root_file names %(file)s, which is no root of keys.", file=named)
        ) from error


def _one(work: UnitOfWork, number: int, *, to_act: bool = True) -> Feed:
    query = sa.select(Feed).where(Feed.number == number)
    feed = work.session.scalar(query.with_for_update() if to_act else query)
    if feed is None:
        raise NotFoundError(sentence("There is no such feed."))
    return feed


_NOT_NOW = sentence("This feed is not at the point where that can be done.")
