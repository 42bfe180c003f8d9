"""Feeds of advisories in a world, and repositories that they speak of."""

from __future__ import annotations

import shutil
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance.db.feeds import Feed
from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.jobs.performer import Performer
from appliance.services import feed_reading, feeds
from tests.scanning.feeds.kit import NOON, Publisher
from tests.world import World

OURS = (Job.READ_FEED, Job.MATCH_COMPONENTS, Job.READ_MANIFESTS)
LOCK = "requirements.txt"
FILES = "/api/v1/repos/lab/notes/write"


def trusted(world: World, folder: Path) -> Publisher:
    """Somebody whose feeds count."""
    made = Publisher(folder)
    world.administrator()
    with world.begin(world.actor("administrator")) as work:
        feeds.trust(work, made.root_file().read_bytes(), now=NOON)
    return made


def brought(world: World, file: Path, *, now: datetime = NOON) -> int:
    """A feed that is here; gives its number."""
    feed_id = new_id()
    folder = feed_reading.folder_of(world.wiring.home.root, feed_id)
    folder.mkdir(parents=True)
    shutil.copy(file, folder / feed_reading.ARCHIVE)
    with world.begin(world.actor("administrator")) as work:
        return feeds.arrived(work, feed_id, file.stat().st_size, file.name, now=now).number


def perform(world: World, *kinds: Job) -> None:
    """What a worker does."""
    query = sa.select(JobRecord.id).where(
        JobRecord.state == JobState.QUEUED, JobRecord.job.in_(kinds or OURS)
    )
    done = set()
    while (job := world.one(query.order_by(JobRecord.created_at).limit(1))) is not None:
        assert job not in done, "It failed, and would be tried again and again."
        done.add(job)
        Performer(world.wiring).perform(job)


def read(world: World, number: int, *, now: datetime = NOON) -> Any:
    """Check and read it at a time that the test says."""
    with world.reading(appliance()) as work:
        task = feed_reading.plan(work, number, world.wiring.home.root)
    begin = partial(world.wiring.database.begin, appliance())
    came = feed_reading.read(task, begin, lambda *_: None, now=now)
    with world.begin(appliance()) as work:
        if isinstance(came, feed_reading.Refused):
            feed_reading.refuse(work, number, came)
        else:
            feed_reading.note_read(work, task, came, now=now)
    return came


def used(world: World, file: Path, *, now: datetime = NOON) -> Feed:
    """A feed that is current, and everything compared with it."""
    number = brought(world, file, now=now)
    read(world, number, now=now)
    with world.begin(world.actor("administrator")) as work:
        feeds.use(work, number, now=now)
    perform(world, Job.MATCH_COMPONENTS)
    return shown(world, number)


def shown(world: World, number: int) -> Feed:
    """A feed, for administrators."""
    with world.reading(world.actor("administrator")) as work:
        return feeds.show(work, number)


def pushed(world: World, content: str, path: str = LOCK) -> None:
    """A file of the default branch, and what comes of it."""
    answer = world.client("writer").put(
        f"{FILES}/{path}", json={"content": content, "message": "Change it", "branch": "main"}
    )
    assert answer.status_code in {200, 201}, answer.text
    perform(world)
