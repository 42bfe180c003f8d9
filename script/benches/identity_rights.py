"""What a permission check costs for a user in many of 500 teams nested 5 deep, and their lists."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.access import fetch, visible
from appliance.db.organisations import Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.domain.identity import Actor
from appliance.domain.ids import new_id
from appliance.domain.permissions import OrganisationRole, Permission, Role, Visibility
from appliance.errors import HiddenError
from tests.world import NOON, World

from .identity_worlds import chosen
from .rows import Row, percentile

TEAMS, DEEP = 500, 5
MANY, GRANTS_OF_EACH = 4_000, 3
IN_TEAMS = 250
CHECKS = 400
ALLOWED_MS, HIDDEN_MS = 1.0, 5.0
"""Nothing is remembered from one check to the next. A refusal also looks for who moved away."""
PAGE = 50


def run(on: str = "") -> list[Row]:
    """The same questions on both databases."""
    found: list[Row] = []
    for name, opened in chosen(on).items():
        with opened() as world:
            actor = _settle(world)
            found += _checks(world, actor, name)
            found += _lists(world, actor, name)
    return found


def _settle(world: World) -> Actor:
    """Teams in rows of five within each other, and grants of each repository to some of them."""
    member = world.user("member")
    lab = world.organisation("lab")
    world.join("member", "lab", OrganisationRole.MEMBER)
    teams = [new_id() for _ in range(TEAMS)]
    base = {"organisation_id": lab.id, "created_at": NOON}
    repositories = [_repository(number) | base | {"owner_id": lab.id} for number in range(MANY)]
    with Session(world.wiring.database.engine) as session, session.begin():
        for level in range(DEEP):  # Those around others come first.
            within = [_team(teams, number) | base for number in range(level, TEAMS, DEEP)]
            session.execute(sa.insert(Team), within)
        of_member = {"user_id": member.id, "created_at": NOON}
        mine = [{"team_id": each, **of_member} for each in teams[: IN_TEAMS // 2]]
        mine += [{"team_id": each, **of_member} for each in teams[-IN_TEAMS // 2 :]]
        session.execute(sa.insert(TeamMembership), mine)
        session.execute(sa.insert(Repository), repositories)
        granted = [
            {
                "repository_id": each["id"],
                "team_id": teams[(number + step) % TEAMS],
                "role": Role.WRITER,
                "created_at": NOON,
            }
            for number, each in enumerate(repositories)
            for step in range(GRANTS_OF_EACH)
        ]
        session.execute(sa.insert(Grant), granted)
    with world.wiring.database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")  # As both databases do by themselves in time.
    return world.actor("member")


def _team(teams: list[UUID], number: int) -> dict[str, Any]:
    name = f"team-{number}"
    parent = teams[number - 1] if number % DEEP else None
    return {"id": teams[number], "parent_id": parent, "name": name, "name_key": name}


def _repository(number: int) -> dict[str, Any]:
    name = f"notes-{number}"
    named = {"id": new_id(), "name": name, "name_key": name, "owner_name": "lab"}
    return {**named, "visibility": Visibility.PRIVATE}


def _checks(world: World, actor: Actor, where: str) -> list[Row]:
    """Each in a transaction of its own, as requests are; whether they may or not."""
    allowed: list[float] = []
    hidden: list[float] = []
    for number in range(CHECKS):
        with world.reading(actor) as work:
            work.session.connection()
            began, taken = time.perf_counter(), hidden
            with suppress(HiddenError):
                path = f"lab/notes-{number * MANY // CHECKS}"
                fetch.repository(work, path, Permission.REPOSITORY_READ)
                taken = allowed
            taken.append((time.perf_counter() - began) * 1000)
    rows = []
    for what, taken, bound in (("allowed", allowed, ALLOWED_MS), ("hidden", hidden, HIDDEN_MS)):
        name = f"permission check, {TEAMS} teams {DEEP} deep, {what}, {where}"
        rows += [
            Row(f"{name}, median", "ms", percentile(taken, 0.5), bound),
            Row(f"{name}, p95", "ms", percentile(taken, 0.95), 0),
        ]
    return rows


def _lists(world: World, actor: Actor, where: str) -> list[Row]:
    def page() -> None:
        with world.reading(actor) as work:
            query = visible.repositories(work).order_by(Repository.name_key).limit(PAGE)
            work.session.scalars(query).all()

    def count() -> int:
        with world.reading(actor) as work:
            every = sa.select(sa.func.count()).select_from(visible.repositories(work).subquery())
            return work.session.scalar(every) or 0

    name = f"list of {count():,} of {MANY:,} repositories, {where}"
    return [
        Row(f"{name}, a page of {PAGE}, median", "ms", statistics.median(_timed(page)), 0),
        Row(f"{name}, counting all, median", "ms", statistics.median(_timed(count)), 0),
    ]


def _timed(act: Callable[[], object], times: int = 15) -> list[float]:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return found
