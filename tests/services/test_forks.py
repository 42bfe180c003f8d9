"""Forks: at once, by a job, and after their source is gone."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.outbox import JobRecord
from appliance.db.repositories import Origin
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import Role, Visibility
from appliance.errors import ConflictError, InvalidError
from appliance.services import forks, repository_moves
from tests.world import NOON


def fork(world, actor, **wanted: Any):
    with world.begin(actor) as work:
        return forks.fork(
            work,
            "lab/notes",
            into=f"{actor.label}/notes",
            repositories=world.wiring.repositories,
            now=NOON,
            **wanted,
        )


def test_a_small_repository_is_forked_at_once(world):
    source = world.repository("lab/notes", visibility=Visibility.INTERNAL)
    made = fork(world, world.user("reader"))
    shutil.rmtree(world.folder(source))

    assert made.content is Origin.READY
    assert made.forked_from_id == source.id
    assert (world.folder(made) / "HEAD").exists()
    assert world.events() == ["repo.created", "repo.forked", "repo.imported"]


def test_a_fork_is_seen_by_no_more_people(world):
    world.repository("lab/notes")
    reader = world.user("reader", role=Role.READER, on="lab/notes")

    with pytest.raises(InvalidError, match="private"):
        fork(world, reader, visibility=Visibility.INTERNAL)
    fork(world, reader)
    with pytest.raises(ConflictError), world.begin(reader) as work:
        repository_moves.change_visibility(work, "reader/notes", Visibility.INTERNAL)


def test_a_large_repository_is_forked_by_a_job(world):
    world.repository("lab/notes", size_bytes=10**9, visibility=Visibility.INTERNAL)
    made = fork(world, world.user("reader"))
    store = world.wiring.repositories
    assert made.content is Origin.FORKING
    assert world.one(sa.select(JobRecord)).job is Job.FORK_REPOSITORY

    for _ in range(2):
        with world.begin(appliance()) as work:
            plan = forks.plan(work, made.id)
        if plan is not None:
            forks.copy(plan, repositories=store)
            forks.copy(plan, repositories=store)
            with world.begin(appliance()) as work:
                forks.finish(work, plan, repositories=store, now=NOON)

    assert plan is None
    assert (world.folder(made) / "HEAD").exists()
