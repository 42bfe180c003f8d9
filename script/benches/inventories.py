"""Repositories with components, as rows alone: matching reads no repository."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import sqlalchemy as sa

from appliance.db import bulk, component_rows
from appliance.db.advisories import AdvisoryRow, AffectedPackage
from appliance.db.components import ManifestComponent, ManifestFile
from appliance.db.feeds import Feed
from appliance.db.repositories import Repository
from appliance.domain.components import Scope
from appliance.domain.feeds import FeedStep
from appliance.domain.identity import appliance
from appliance.domain.ids import new_id
from appliance.domain.names import fold
from appliance.domain.permissions import Visibility
from appliance.services.components import COLUMNS
from tests.world import World

PACKAGES = 40_000
COMPONENTS = 100
"""Of one repository."""
WARNED_OF = 0.01
"""Of the packages: in these there is something."""
AT_ONCE = 200
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def fill(world: World, repositories: int, chance: Random) -> None:
    """So many repositories, each with one lock file."""
    home = world.organisation("portfolio")
    keys = _packages(world, chance)
    for start in range(0, repositories, AT_ONCE):
        with world.begin(appliance()) as work:
            rows = [_repository(home.id, start + at) for at in range(AT_ONCE)]
            work.session.add_all(rows)
            files = [_file(each) for each in rows]
            work.session.flush()
            work.session.add_all(files)
            work.session.flush()
            connection = work.session.connection()
            parents = bulk.json_value(connection, [])
            components = [
                (file.id, at, key, "a-package", at + 1, Scope.RUNTIME, True, parents, "", "MIT")
                for file in files
                for at, key in enumerate(chance.sample(keys, COMPONENTS))
            ]
            bulk.insert(connection, ManifestComponent, COLUMNS, components)
            work.note_alone("a measurement")


def _packages(world: World, chance: Random) -> list[int]:
    with world.begin(appliance()) as work:
        query = sa.select(AffectedPackage.ecosystem, AffectedPackage.name)
        query = query.where(AffectedPackage.ecosystem == "PyPI")
        warned = [(*row, "1.0.0") for row in work.session.execute(query.distinct().limit(4000))]
        chance.shuffle(warned)
        some = warned[: int(PACKAGES * WARNED_OF)]
        others = [("PyPI", f"calm-{at}", "1.0.0") for at in range(PACKAGES - len(some))]
        return list(component_rows.intern(work.session, [*some, *others]).values())


def _repository(owner_id: object, number: int) -> Repository:
    name = f"repository-{number}"
    return Repository(
        id=new_id(),
        owner_id=owner_id,
        organisation_id=owner_id,
        owner_name="portfolio",
        name=name,
        name_key=fold(name),
        visibility=Visibility.PRIVATE,
        created_at=NOW,
    )


def _file(repository: Repository) -> ManifestFile:
    return ManifestFile(
        id=new_id(),
        repository_id=repository.id,
        ref="main",
        path=b"requirements.txt",
        format="requirements.txt",
        object_id="0" * 40,
        commit="0" * 40,
        error="",
        beside=[],
        component_count=COMPONENTS,
        read_at=NOW,
    )


def use_feed(world: World, number: int) -> None:
    """Let what was written count."""
    world.add(
        Feed(
            id=new_id(),
            number=number,
            serial=number,
            step=FeedStep.CURRENT,
            files=[],
            made_at=NOW,
            expires_at=NOW + timedelta(days=3650),
            brought_at=NOW,
            current_since=NOW,
        )
    )


def change_some(world: World) -> int:
    """Withdraw one in a hundred; gives how many."""
    with world.begin(appliance()) as work:
        which = (AdvisoryRow.key % 100) == 0
        done = work.session.execute(
            sa.update(AdvisoryRow).where(which).values(is_withdrawn=True),
            execution_options={"synchronize_session": False},
        )
        return int(done.rowcount)  # type: ignore[attr-defined]  # An UPDATE has one.
