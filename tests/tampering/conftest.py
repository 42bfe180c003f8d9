"""A story of 5,000 events in three logs, told once for each database; each test gets a copy."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditCheckpoint, AuditLog
from appliance.db.engine import is_sqlite, sqlite_url
from appliance.domain.identity import Actor
from appliance.domain.permissions import OrganisationRole
from appliance.services import organisations
from appliance.services.audit_log import erasure, pruning, removal
from appliance.services.audit_log.pruning import Asked
from appliance.wiring_heartbeats import Heart
from tests.auditor import Auditor, act, unheard
from tests.world import World, copy_sqlite

TURNS = 12
GUARDED = ("audit_leaves", "audit_bodies", "audit_values", "audit_checkpoints", "audit_logs")


@dataclass(frozen=True)
class Story:
    """Where it lies. `database` is a file, or the name of a database to copy."""

    home: Path
    database: str


def tell(world: World, auditor_folder: Path) -> None:
    """Three persons, three logs, an erasure, and prunings of details and of entries."""
    heart = Heart(world.wiring.database, world.wiring.logs.signer, beats_always=True)
    admin = world.administrator()
    act(world, admin, 3)
    world.keep_log()  # So that the log of the instance is the first there is.
    logs = [None, world.organisation("lab"), world.organisation("works")]
    people = [admin]
    for name in ("owner", "leaver"):
        actor = world.user(name, member=OrganisationRole.OWNER, of="lab")
        world.join(name, "works", OrganisationRole.OWNER)
        people.append(actor)
    for turn in range(TURNS):
        for person in people:
            for log in logs:
                act(world, person, 66 if log is None else 38, organisation=log)
        with world.begin(people[1]) as work:
            organisations.change(work, "lab", {"description": f"Things, {turn}."})
        heart.beat()
        world.keep_log()
    _remove(world, admin, people[2].pseudonym)
    act(world, admin, 10)
    heart.beat()
    world.keep_log()
    newest = sa.select(AuditCheckpoint.note).where(AuditCheckpoint.log_id == 1)
    note = world.one(newest.order_by(AuditCheckpoint.size.desc()))
    (auditor_folder / "newest").write_text(note)


def _remove(world: World, admin: Actor, leaver: str) -> None:
    """Erase a person, and prune the log of the instance."""
    begins = partial(world.begin, admin)
    now = datetime.now(UTC)
    erasure.erase(begins, leaver, tools=world.wiring.logs, now=now)
    world.keep_log()
    for asked in (Asked(bodies=1100), Asked(entries=300)):
        with world.reading(admin) as work:
            (planned,) = pruning.plan(work, asked, log="instance", now=now)
        with begins() as work:
            pruning_id = pruning.authorise(work, planned, tools=world.wiring.logs, now=now)
        world.keep_log()
        tools = world.wiring.logs
        done = removal.carry_out(begins, pruning_id, tools=tools, now=now, report=unheard)
        assert done.is_finished


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Story]:
    folder = tmp_path_factory.mktemp("story")
    home = folder / "home"
    if request.param == "sqlite":
        name = url = copy_sqlite(request.getfixturevalue("migrated_sqlite"), home)
    else:
        name = f"story_{uuid4().hex}"
        template = request.getfixturevalue("migrated_postgresql")
        url = request.getfixturevalue("postgresql").create(name, template=template)
    world = World(home, url)
    tell(world, home)
    Auditor(world, world.actor("administrator"), home)
    world.keep_log()
    total = world.one(sa.select(sa.func.sum(AuditLog.size)))
    assert total >= 5000, total
    world.close()
    yield Story(home, name)
    if request.param != "sqlite":
        request.getfixturevalue("postgresql").drop(name)


@pytest.fixture
def appliance(story: Story, request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World]:
    """The appliance of the story, and somebody who owns its database and stops at nothing."""
    home = tmp_path / "home"
    shutil.copytree(story.home, home)
    if story.database.startswith("sqlite"):
        world = World(home, sqlite_url(home / "codara.db"))
    else:
        server = request.getfixturevalue("postgresql")
        copy = f"copy_{uuid4().hex}"
        world = World(home, server.create(copy, template=story.database))
        request.addfinalizer(partial(server.drop, copy))  # noqa: PT021 - only there.
    with world.wiring.database.engine.begin() as connection:
        _disarm(connection)
    yield world
    world.close()


def _disarm(connection: sa.Connection) -> None:
    if is_sqlite(connection):
        found = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for name in connection.scalars(found).all():
            if not name.startswith(("audit_words", "said_words")):
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        return
    for table in GUARDED:
        connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


@pytest.fixture
def auditor(appliance: World, story: Story, tmp_path: Path) -> Auditor:
    """Who was given the key file before anything was tampered with."""
    keys = story.home / "keys.json"
    return Auditor(appliance, appliance.actor("administrator"), tmp_path, keys)
