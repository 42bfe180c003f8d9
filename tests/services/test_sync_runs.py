"""Synchronising with a real directory: what it changes, what it never does, and when it asks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity
from appliance.db.provider_syncs import SyncChange, SyncRun
from appliance.db.users import User, UserState
from appliance.domain.identity import appliance
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.domain.permissions import InstanceRole
from appliance.domain.provider_syncs import SyncState
from appliance.errors import ConflictError
from appliance.services import identity_providers, provider_syncs, sync_runs, users
from tests.peers.slapd import BASE
from tests.services.arrivals import rule
from tests.services.synchronising import LOCKED, now


def test_everybody_becomes_a_user_once_and_a_second_run_changes_nothing(world, slapd, corp):
    corp.people(3)
    corp.add()

    first, second = corp.sync(), corp.sync()

    assert (first.state, first.people) == (SyncState.DONE, 3)
    assert corp.changes(first) == {str(number): "created.done" for number in range(3)}
    assert (second.state, second.counts) == (SyncState.DONE, {})
    synchronised = world.recorded("group.synchronised")
    assert [each.body["added"] for each in synchronised] == [3, 0]


def test_who_is_not_known_stays_so_where_a_run_is_about_the_known(world, slapd, corp):
    corp.people(2)
    corp.add(sync_brings="known")

    assert corp.sync().counts == {}
    assert corp.state(0) is None


def test_a_dry_run_says_what_would_change_and_changes_nothing(world, slapd, corp):
    people = corp.people(9)
    corp.add()
    corp.sync()
    slapd.change(people[0], *LOCKED)
    slapd.delete(people[1])
    slapd.change(people[2], "replace: cn", "cn: Another Name")
    before = len(world.events())

    run = corp.sync(is_dry_run=True)

    assert corp.changes(run) == {
        "0": "disabled.planned",
        "1": "vanished.planned",
        "2": "updated.planned",
    }
    assert {corp.state(number) for number in range(9)} == {UserState.ACTIVE}
    assert world.events()[before:] == ["group.synchronisation_requested"]
    assert corp.changes(corp.sync()) == {
        "0": "disabled.done",
        "1": "vanished.done",
        "2": "updated.done",
    }


def test_who_is_disabled_or_gone_is_kept_out_and_comes_back_as_the_policy_says(world, slapd, corp):
    people = corp.people(4)
    corp.add()
    corp.sync()
    for number in (0, 1):
        world.browser(corp.name(number))
    slapd.change(people[0], *LOCKED)
    slapd.delete(people[1])

    corp.sync()

    assert [corp.state(n) for n in (0, 1)] == [UserState.SUSPENDED] * 2
    open_sessions = sa.select(sa.func.count()).select_from(BrowserSession)
    assert world.one(open_sessions.where(BrowserSession.revoked_at.is_(None))) == 0

    slapd.change(people[0], "delete: pwdAccountLockedTime")
    corp.tell(policy={"lets_in_again": False})
    stays = corp.sync()
    assert (corp.state(0), stays.counts) == (UserState.SUSPENDED, {"updated.done": 1})
    assert corp.reasons(stays) == ["not_let_in_again"]
    corp.tell(policy={"lets_in_again": True})
    assert corp.changes(corp.sync()) == {"0": "returned.done"}
    assert corp.state(0) is UserState.ACTIVE


def test_whom_an_administrator_suspended_no_directory_lets_in(world, slapd, corp):
    people = corp.people(1)
    corp.add()
    corp.sync()
    with world.begin(corp.by) as work:
        users.suspend(work, corp.name(0), now=now())

    assert corp.sync().counts == {}
    assert corp.state(0) is UserState.SUSPENDED
    slapd.change(people[0], *LOCKED)
    corp.sync()
    slapd.change(people[0], "delete: pwdAccountLockedTime")
    assert corp.reasons(corp.sync()) == ["suspended_here"]


def test_who_is_renamed_there_stays_the_same_user_with_their_groups(world, slapd, corp):
    people = corp.people(3)
    world.organisation("lab")
    world.team("lab/writers")
    group = slapd.group(corp.name("writers"), *people)
    corp.add()
    rule(world, corp.by, "corp", GroupRule(group, Gives.TEAM, "lab/writers"))
    corp.sync()
    before = world.one(sa.select(User.id).where(User.name == corp.name(0)))

    slapd.rename(people[0], f"cn={corp.name('renamed')}")
    run = corp.sync()

    assert run.state is SyncState.DONE
    assert not {"vanished", "created", "less"} & {each.partition(".")[0] for each in run.counts}
    assert world.one(sa.select(User.id).where(User.name == corp.name(0))) == before
    assert corp.team("lab/writers") == {"0", "1", "2"}


@pytest.mark.parametrize("groups_by", ["search", "member_of"])
def test_groups_within_groups_give_and_take(world, slapd, corp, groups_by):
    people = corp.people(8)
    world.organisation("lab")
    world.team("lab/writers")
    inner = slapd.group(corp.name("inner"), *people[:4])
    outer = slapd.group(corp.name("outer"), inner, people[5])
    corp.add(groups_by=groups_by)
    rule(world, corp.by, "corp", GroupRule(outer, Gives.TEAM, "lab/writers"))
    corp.sync()
    assert corp.team("lab/writers") == {"0", "1", "2", "3", "5"}

    slapd.change(inner, "delete: member", f"member: {people[0]}")
    run = corp.sync()

    assert corp.changes(run) == {"0": "less.done"}
    assert corp.team("lab/writers") == {"1", "2", "3", "5"}


@pytest.mark.promise("P39")
def test_a_mass_that_leaves_stays_until_somebody_confirms_that_very_report(world, slapd, corp):
    people = corp.people(12)
    corp.add()
    corp.sync()
    for dn in people[:5]:
        slapd.delete(dn)
    slapd.change(people[6], *LOCKED)

    held = corp.sync()

    assert (held.state, held.doubts) == (SyncState.HELD, ["many_leave"])
    assert held.counts == {"vanished.held": 5, "disabled.done": 1}
    assert corp.state(0) is UserState.ACTIVE
    assert corp.state(6) is UserState.SUSPENDED
    refused = world.recorded("group.synchronisation_refused")
    assert [(each.body["reason"], each.body["would_remove"]) for each in refused] == [
        ("many_leave", 5)
    ]

    # One came back meanwhile, and three more are gone: only what was confirmed happens.
    slapd.person(corp.name("new"))
    for dn in people[7:10]:
        slapd.delete(dn)
    confirmed = corp.confirm(held)

    assert confirmed.state is SyncState.HELD
    assert {corp.state(number) for number in range(5)} == {UserState.SUSPENDED}
    assert {corp.state(number) for number in range(7, 10)} == {UserState.ACTIVE}
    with pytest.raises(ConflictError, match="Nothing of this report"), world.begin(corp.by) as work:
        provider_syncs.confirm(work, "corp", held.id, now=now())
    assert world.recorded("group.synchronisation_confirmed")[0].body["removes"] == 5


def test_who_was_on_a_confirmed_report_and_is_back_loses_nothing(world, slapd, corp):
    people = corp.people(8)
    corp.add()
    corp.sync()
    for dn in people[:4]:
        slapd.change(dn, *LOCKED)
    held = corp.sync()
    assert held.counts == {"disabled.held": 4}
    slapd.change(people[0], "delete: pwdAccountLockedTime")

    corp.confirm(held)

    assert [corp.state(n) for n in range(4)] == [UserState.ACTIVE, *[UserState.SUSPENDED] * 3]


def test_a_report_is_confirmed_only_while_it_means_what_it_says(world, slapd, corp):
    people = corp.people(8)
    corp.add()
    corp.sync()
    for dn in people[:4]:
        slapd.delete(dn)
    held, dry = corp.sync(), corp.sync(is_dry_run=True)

    def refuses(run: SyncRun, at: datetime) -> None:
        with pytest.raises(ConflictError), world.begin(corp.by) as work:
            provider_syncs.confirm(work, "corp", run.id, now=at)

    refuses(dry, now())
    refuses(held, now() + timedelta(days=8))
    corp.tell(answer_seconds=9)
    refuses(held, now())


@pytest.mark.promise("P39")
def test_a_group_that_is_empty_takes_nothing_until_somebody_confirms(world, slapd, corp):
    people = corp.people(30)
    world.organisation("lab")
    world.team("lab/writers")
    group = slapd.group(corp.name("writers"), people[0], f"uid=nobody,ou=people,{BASE}")
    corp.add()
    rule(world, corp.by, "corp", GroupRule(group, Gives.TEAM, "lab/writers"))
    corp.sync()
    slapd.change(group, "delete: member", f"member: {people[0]}")
    slapd.change(people[1], *LOCKED)

    held = corp.sync()

    assert (held.doubts, len(held.emptied)) == (["empty_group"], 1)
    assert corp.changes(held) == {"0": "less.held", "1": "disabled.done"}
    assert corp.team("lab/writers") == {"0"}
    assert corp.changes(corp.confirm(held)) == {"0": "less.done"}
    assert corp.team("lab/writers") == set()


def test_a_group_that_is_gone_with_everybody_who_left_it_takes_nothing(world, slapd, corp):
    people = corp.people(12)
    world.organisation("lab")
    world.team("lab/writers")
    group = slapd.group(corp.name("writers"), *people[:6])
    corp.add()
    rule(world, corp.by, "corp", GroupRule(group, Gives.TEAM, "lab/writers"))
    corp.sync()
    slapd.delete(group)

    held = corp.sync()

    assert held.doubts == ["many_lose", "empty_group"]
    assert corp.team("lab/writers") == {str(number) for number in range(6)}


def test_a_run_that_was_killed_goes_on_and_does_nobody_twice(world, slapd, corp, monkeypatch):
    people = corp.people(12)
    corp.add()
    corp.sync()
    for dn in people:
        slapd.change(dn, "replace: cn", "cn: Another Name")
    monkeypatch.setattr(sync_runs, "AT_ONCE", 5)
    with world.begin(corp.by) as work:
        run_id = provider_syncs.request(work, "corp", is_dry_run=False, now=now()).run.id

    class KilledError(Exception):
        pass

    def kill(step: str, done: int = 0, _total: int = 0) -> None:
        if step == "Changing" and done == 5:
            raise KilledError

    with pytest.raises(KilledError):
        corp.carry_out(run_id, kill)
    named = sa.select(sa.func.count()).select_from(User).where(User.display_name == "Another Name")
    assert world.one(named) == 5
    run = corp.carry_out(run_id)

    assert (run.state, run.counts) == (SyncState.DONE, {"updated.done": 12})
    assert world.one(named) == 12
    assert len(world.recorded("user.changed")) == 24  # Once when they came, once now.


def test_what_was_changed_here_while_it_was_read_is_not_overwritten(world, slapd, corp):
    people = corp.people(3)
    corp.add()
    corp.sync()
    slapd.change(people[0], *LOCKED)
    slapd.change(people[1], *LOCKED)

    def arrive_meanwhile(step: str, *_: object) -> None:
        if step == "Changing":
            with world.begin(appliance()) as work:
                identity = work.session.scalars(
                    sa.select(Identity).join(User).where(User.name == corp.name(0))
                ).one()
                identity.seen_at = now()

    run = corp.sync(report=arrive_meanwhile)

    assert corp.changes(run) == {"1": "disabled.done"}
    assert corp.state(0) is UserState.ACTIVE


def test_a_provider_that_is_changed_meanwhile_ends_the_run(world, slapd, corp):
    people = corp.people(3)
    corp.add()
    corp.sync()
    slapd.change(people[0], *LOCKED)

    def change(step: str, *_: object) -> None:
        if step == "Changing":
            corp.tell(answer_seconds=7)

    run = corp.sync(report=change)

    assert (run.state, run.error) == (SyncState.FAILED, "changed_meanwhile")
    assert corp.state(0) is UserState.ACTIVE


def test_the_last_administrator_is_never_locked_out(world, slapd, corp):
    people = corp.people(3)
    corp.add()
    corp.sync()
    slapd.change(people[0], *LOCKED)
    with world.begin(corp.by) as work:
        run_id = provider_syncs.request(work, "corp", is_dry_run=False, now=now()).run.id
        users.change_role(work, corp.name(0), InstanceRole.ADMINISTRATOR)
    with world.begin(world.actor(corp.name(0))) as work:
        users.suspend(work, "administrator", now=now())

    run = corp.carry_out(run_id)

    assert run.counts == {"disabled.refused": 1}
    assert corp.state(0) is UserState.ACTIVE


def test_who_cannot_be_taken_in_is_told_in_the_report(world, slapd, corp):
    corp.people(2)
    world.user(corp.name(0), password="a long enough sentence")
    corp.add()
    corp.tell(policy={"link_by": "name"})

    run = corp.sync()

    assert run.counts == {"created.refused": 1, "created.done": 1}
    detail = world.one(sa.select(SyncChange.detail).where(SyncChange.state == "refused"))
    assert detail["reason"] == "account_protected"


def test_the_timer_begins_one_run_at_a_time_when_it_is_due(world, slapd, corp):
    corp.people(1)
    corp.add(sync_minutes=15)

    def promised(at: datetime) -> int:
        with world.begin(appliance()) as work:
            return provider_syncs.promise_due(work, now=at)

    begun = now()
    assert (promised(begun), promised(begun + timedelta(hours=1))) == (1, 0)
    corp.carry_out(world.one(sa.select(SyncRun.id)))
    assert promised(begun + timedelta(minutes=14)) == 0
    assert promised(begun + timedelta(minutes=15)) == 1
    with pytest.raises(ConflictError, match="already"):
        corp.sync()


def test_a_directory_that_is_off_is_tried_and_not_followed(world, slapd, corp):
    corp.people(1)
    corp.add()
    with world.begin(corp.by) as work:
        identity_providers.switch(work, "corp", is_enabled=False, now=now())

    assert corp.sync(is_dry_run=True).counts == {"created.planned": 1}
    with pytest.raises(ConflictError, match="Enable Corp first"):
        corp.sync()
