"""A real directory that the appliance synchronises with, and the people of one test in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db.identity_providers import IdentityProvider
from appliance.db.organisations import TeamMembership
from appliance.db.provider_syncs import SyncChange, SyncRun
from appliance.db.users import User, UserState
from appliance.domain.identity import Actor, appliance
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.provider_syncs import (
    ChangeKind,
    ChangeState,
    Doubt,
    SyncCause,
    SyncState,
)
from appliance.services import identity_providers, provider_syncs, sync_runs
from appliance.services.identity_providers import Changes, NewProvider
from tests.peers.slapd import Directory
from tests.world import NOON, World

LOCKED = ("add: pwdAccountLockedTime", "pwdAccountLockedTime: 000001010000Z")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Corp:
    """A directory that the appliance synchronises with, and the people of one test in it."""

    world: World
    slapd: Directory
    prefix: str
    by: Actor

    def add(self, **other: Any) -> None:
        own = {
            "user_filter": f"(uid={self.prefix}*)",
            "group_filter": f"(&(objectClass=groupOfNames)(cn={self.prefix}*))",
            "sync_brings": "everybody",
            "answer_seconds": 5,
        }
        wanted = NewProvider(
            name="corp",
            kind=ProviderKind.LDAP,
            label="Corp",
            settings=self.slapd.settings(**{**own, **other}),
            policy={"creates_users": True},
        )
        with self.world.begin(self.by) as work:
            identity_providers.add(work, wanted, sealer=self.world.wiring.sealer, now=NOON)
        with self.world.begin(self.by) as work:
            identity_providers.switch(work, "corp", is_enabled=True, now=NOON)

    def tell(self, *, policy: dict[str, Any] | None = None, **settings: Any) -> None:
        changes = Changes(settings=settings, policy=policy)
        with self.world.begin(self.by) as work:
            identity_providers.change(work, "corp", changes, sealer=self.world.wiring.sealer)

    def people(self, count: int) -> list[str]:
        return self.slapd.people(*(self.name(number) for number in range(count)))

    def name(self, number: int | str) -> str:
        return f"{self.prefix}-{number}"

    def sync(self, *, is_dry_run: bool = False, report: Any = lambda *_: None) -> SyncRun:
        with self.world.begin(self.by) as work:
            shown = provider_syncs.request(work, "corp", is_dry_run=is_dry_run, now=now())
        return self.carry_out(shown.run.id, report)

    def confirm(self, run: SyncRun) -> SyncRun:
        with self.world.begin(self.by) as work:
            shown = provider_syncs.confirm(work, "corp", run.id, now=now())
        return self.carry_out(shown.run.id)

    def carry_out(self, run_id: UUID, report: Any = lambda *_: None) -> SyncRun:
        wiring = self.world.wiring
        tools = sync_runs.Tools(
            begins=partial(self.world.begin, appliance()),
            reads=partial(self.world.reading, appliance()),
            directories=wiring.sign_in.directories,
            sealer=wiring.sealer,
            folder=wiring.home.scratch,
            clock=now,
            report=report,
        )
        sync_runs.carry_out(tools, run_id)
        return self.world.one(sa.select(SyncRun).where(SyncRun.id == run_id))

    def changes(self, run: SyncRun) -> dict[str, str]:
        with self.world.reading(self.by) as work:
            page = provider_syncs.changes(work, "corp", run.id, limit=1000)
        return {
            each.change.name.removeprefix(
                f"{self.prefix}-"
            ): f"{each.change.kind}.{each.change.state}"
            for each in page.items
        }

    def reasons(self, run: SyncRun) -> list[str]:
        with self.world.reading(self.by) as work:
            page = provider_syncs.changes(work, "corp", run.id, limit=1000)
        found = (each.change.detail.get("reason", "") for each in page.items)
        return [each for each in found if each]

    def state(self, number: int | str) -> UserState | None:
        return self.world.one(sa.select(User.state).where(User.name == self.name(number)))

    def team(self, path: str) -> set[str]:
        with self.world.reading(self.by) as work:
            team = self.world._team(path)
            query = sa.select(User.name).join(TeamMembership, TeamMembership.user_id == User.id)
            found = work.session.scalars(query.where(TeamMembership.team_id == team.id))
            return {each.removeprefix(f"{self.prefix}-") for each in found}


def held_report(world: World, administrator: Actor) -> UUID:
    """A report of the directory that asks for something, of each kind of change one."""
    present = datetime.now(UTC)
    run = SyncRun(
        id=new_id(),
        provider_id=world.one(sa.select(IdentityProvider.id)),
        cause=SyncCause.TIMER,
        is_dry_run=False,
        state=SyncState.HELD,
        provider_version=world.one(sa.select(IdentityProvider.version)),
        created_at=present,
        started_at=present,
        finished_at=present,
        server="ldaps://directory.test",
        people=1200,
        groups=80,
        counts={"vanished.held": 1, "less.held": 1, "updated.done": 1, "created.refused": 1},
        doubts=list(Doubt),
        emptied=["cn=engineers,ou=groups,dc=test"],
    )
    detail = {
        "reason": "not_there",
        "changed": ["email"],
        "gained": ["cn=auditors,ou=groups,dc=test"],
        "lost": ["cn=engineers,ou=groups,dc=test"],
    }
    rows = {
        ChangeKind.VANISHED: ChangeState.HELD,
        ChangeKind.LESS: ChangeState.HELD,
        ChangeKind.UPDATED: ChangeState.DONE,
        ChangeKind.CREATED: ChangeState.REFUSED,
    }
    changes = [
        SyncChange(
            run_id=run.id,
            kind=kind,
            state=state,
            subject=f"0a6d0c5e-7f0b-4a39-9f65-00000000{number:04}",
            user_id=administrator.id if number else None,
            name="writer",
            detail=detail,
        )
        for number, (kind, state) in enumerate(rows.items())
    ]
    world.add(run, *changes)
    return run.id
