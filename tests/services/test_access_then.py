"""Who could do what at a moment, from the log alone: the same answer that was true then."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from appliance.access import grants
from appliance.db.audit_log import AuditBody, AuditLog
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.users import User, UserState
from appliance.domain.permissions import InstanceRole, OrganisationRole, Role, Visibility
from appliance.errors import ApplianceError, InvalidError, RefusedError
from appliance.services import (
    organisation_members,
    organisations,
    repositories,
    repository_access,
    repository_bin,
    repository_moves,
    teams,
    users,
)
from appliance.services.audit_log import access_then
from appliance.services.audit_log.access_then import Asked
from appliance.services.repositories import NewRepository

PEOPLE = ("one", "two", "three", "four")
PATHS = ("lab/notes", "lab/code", "works/plan", "one/own")
TEAMS = ("lab/core", "lab/inner", "works/crew")
STEPS = 60


@pytest.fixture
def site(world):
    """Everything by verbs, so that the log tells of all of it."""
    boss = world.administrator("boss")
    now = datetime.now(UTC)
    for name in PEOPLE:
        with world.begin(boss) as work:
            users.create(work, name=name, now=now)
    for name in ("lab", "works"):
        with world.begin(boss) as work:
            organisations.create(work, name=name, now=now)
    for path in PATHS:
        actor = world.actor("one") if path.startswith("one/") else boss
        with world.begin(actor) as work:
            repositories.create(
                work, path, NewRepository(), repositories=world.wiring.repositories, now=now
            )
    for path in TEAMS:
        with world.begin(boss) as work:
            owner, name = path.split("/")
            parent = "core" if name == "inner" else None
            teams.create(work, owner, name=name, parent=parent, now=now)
    return world


def act(world, chance):
    """One verb, at random; what is not possible now changes nothing."""
    now = datetime.now(UTC)
    who, path, team = chance.choice(PEOPLE), chance.choice(PATHS), chance.choice(TEAMS)
    organisation = chance.choice(("lab", "works"))
    role, seen = chance.choice(list(Role)), chance.choice(("private", "internal"))
    belongs = chance.choice(list(OrganisationRole))
    grantee = chance.choice((who, team))
    verbs = (
        lambda w: organisation_members.set_role(w, organisation, who, belongs, now=now),
        lambda w: organisation_members.remove(w, organisation, who),
        lambda w: teams.add_member(w, team, who, now=now),
        lambda w: teams.remove_member(w, team, who),
        lambda w: teams.change(w, "lab/inner", {"parent": chance.choice(("core", None))}),
        lambda w: repository_access.give(w, path, grantee, role, now=now),
        lambda w: repository_access.withdraw(w, path, grantee),
        lambda w: repository_moves.change_visibility(w, path, Visibility(seen)),
        lambda w: repository_moves.transfer(w, path, to=chance.choice(("lab", "works", "two"))),
        lambda w: organisations.change(w, organisation, {"base_role": chance.choice((None, role))}),
        lambda w: users.change_role(w, who, chance.choice(list(InstanceRole))),
        lambda w: users.suspend(w, who, now=now),
        lambda w: users.reinstate(w, who),
        lambda w: repository_bin.delete(w, path, now=now),
        lambda w: repository_bin.restore(w, path),
    )
    with suppress(ApplianceError), world.begin(world.actor("boss")) as work:
        chance.choice(verbs)(work)


def now_so(world, repository_id):
    """What `access/grants.py` says of everybody who may enter."""
    with world.reading(world.actor("boss")) as work:
        repository = work.session.get_one(Repository, repository_id)
        if repository.deleted_at is not None:
            return set()
        return {
            (str(user.id), str(reason.role), reason.source)
            for user in work.session.scalars(
                sa.select(User).where(User.state == UserState.ACTIVE, User.name != "boss")
            )
            for reason in grants.reasons(
                work, repository, user_id=user.id, instance_role=user.instance_role
            )
            if reason.source != "visibility"
        }


def told(world, repository_id, on, actor="boss"):
    """What the log says."""
    with world.reading(world.actor(actor)) as work:
        found = access_then.answer(
            work, Asked(on, repository=str(repository_id)), now=datetime.now(UTC)
        )
    boss = str(world.actor("boss").id)
    return found, {(x.user_id, x.role, x.source) for x in found.lines if x.user_id != boss}


@pytest.mark.promise("P49")
@pytest.mark.parametrize("seed", range(4))
def test_the_log_answers_as_the_tables_did_at_that_moment(site, seed):
    chance = random.Random(seed)  # noqa: S311 - no secret is made of it.
    with site.reading(site.actor("boss")) as work:
        ids = list(work.session.scalars(sa.select(Repository.id)))
    remembered = []
    for step in range(STEPS):
        act(site, chance)
        if step % 12 == 11:
            at = datetime.now(UTC)
            remembered.append((at, {each: now_so(site, each) for each in ids}))
    site.keep_log()
    for at, were in remembered:
        for repository_id, rights in were.items():
            found, said = told(site, repository_id, at.isoformat(timespec="microseconds"))
            assert said == rights, (at, found.subject)
            assert found.gaps == []
            assert all(line.rests_on for line in found.lines)


@pytest.mark.promise("P49")
def test_a_persons_reach_is_that_of_each_repository_and_each_line_names_its_events(site):
    chance = random.Random(7)  # noqa: S311 - the same.
    for _ in range(STEPS):
        act(site, chance)
    site.keep_log()
    on = datetime.now(UTC).isoformat(timespec="microseconds")
    with site.reading(site.actor("boss")) as work:
        ids = list(work.session.scalars(sa.select(Repository.id)))
        events = set(work.session.scalars(sa.select(AuditLog.origin)))
    assert events
    for name in PEOPLE:
        with site.reading(site.actor("boss")) as work:
            found = access_then.answer(work, Asked(on, user=name), now=datetime.now(UTC))
        there = {
            (line.on_id, line.role, line.source) for line in found.lines if line.on == "repository"
        }
        wanted = {
            (str(each), role, source)
            for each in ids
            for user, role, source in told(site, each, on)[1]
            if user == found.subject_id and source != "instance"
        }
        assert there == wanted


def prepared(world):
    """A member who left yesterday, in the words of the log."""
    boss = world.actor("boss")
    with world.begin(boss) as work:
        organisation_members.set_role(
            work, "lab", "two", OrganisationRole.OWNER, now=datetime.now(UTC)
        )
    with world.begin(boss) as work:
        organisation_members.set_role(
            work, "works", "three", OrganisationRole.AUDITOR, now=datetime.now(UTC)
        )
    world.keep_log()
    return datetime.now(UTC).isoformat(timespec="microseconds")


@pytest.mark.promise("P49")
def test_who_may_not_read_the_log_learns_nothing(site):
    on = prepared(site)

    def ask(name, **about: str):
        with site.reading(site.actor(name)) as work:
            return access_then.answer(work, Asked(on, **about), now=datetime.now(UTC))

    assert ask("two", repository="lab/notes").lines
    with pytest.raises(ApplianceError):
        ask("two", repository="works/plan")
    with pytest.raises(ApplianceError):
        ask("two", organisation="works")
    with pytest.raises(RefusedError):
        ask("four", repository="lab/notes")
    assert {line.on_name for line in ask("three", user="boss").lines} == {"works", "works/plan"}
    mine = ask("two", repository="lab/notes")
    hidden = [line for line in mine.lines if line.source == "instance"]
    assert all(each.log != "instance" for line in mine.lines for each in line.rests_on)
    assert all(line.elsewhere for line in hidden)


def test_looking_is_recorded_and_nonsense_is_not_answered(site):
    on = prepared(site)
    with site.begin(site.actor("two")) as work:
        found = access_then.answer(work, Asked(on, repository="lab/notes"), now=datetime.now(UTC))
        access_then.note(work, found)
    [event] = site.recorded("audit.access_read")
    assert event.body["subject_type"] == "repository"
    assert event.body["lines"] == len(found.lines)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    for asked in (
        Asked(tomorrow, repository="lab/notes"),
        Asked("never", repository="lab/notes"),
        Asked(on),
        Asked(on, repository="lab/notes", user="two"),
    ):
        with pytest.raises(InvalidError), site.reading(site.actor("boss")) as work:
            access_then.answer(work, asked, now=datetime.now(UTC))
    with pytest.raises(ApplianceError), site.reading(site.actor("boss")) as work:
        access_then.answer(work, Asked(on, repository="lab/never"), now=datetime.now(UTC))


@pytest.mark.promise("P49")
def test_what_the_log_no_longer_tells_is_said(site):
    on = prepared(site)
    with site.wiring.database._writing() as session, session.begin():
        log = session.scalars(sa.select(AuditLog).where(AuditLog.name != "instance")).first()
        size = log.size
        session.execute(
            sa.update(AuditLog).where(AuditLog.id == log.id).values(minimum_bodies=size)
        )
        session.execute(sa.delete(AuditBody).where(AuditBody.log_id == log.id))
        organisation = session.get(Organisation, UUID(log.name)).name
    with site.reading(site.actor("boss")) as work:
        found = access_then.answer(
            work, Asked(on, organisation=organisation), now=datetime.now(UTC)
        )
    assert any("details" in each for each in found.gaps)
    before = "2020-01-01"
    with site.reading(site.actor("boss")) as work:
        found = access_then.answer(
            work, Asked(before, repository="lab/notes"), now=datetime.now(UTC)
        )
    assert found.lines == []
    assert any("came to be" in each for each in found.gaps)
