"""Suspicious activity from the audit logs: found once, for who may see it, and decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.access import fetch_activity
from appliance.db.activity import ActivityAlert, ActivityCursor, ActivityMemory
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.repositories import Repository
from appliance.db.users import EmailAddress, User
from appliance.domain import events
from appliance.domain.activity import ActivityReason, ActivityRule, ActivityState
from appliance.domain.events.log import PrivacyErased
from appliance.domain.identity import Origin, appliance
from appliance.domain.permissions import InstanceRole, OrganisationRole, Role
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.jobs.mailing import Mailing
from appliance.services import (
    activity_alerts,
    activity_facts,
    activity_letters,
    activity_watch,
)
from appliance.services.activity_alerts import Change
from appliance.services.mail_letters import Sender
from tests.peers.mail_server import OK, taking_letters
from tests.world import NOON

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DISMISSED = Change(ActivityState.DISMISSED, ActivityReason.EXPECTED, "a new laptop")


@pytest.fixture
def lab(world):
    """Repositories of two organisations, and people in every office."""
    world.configure(CODARA_ACTIVITY__CLONE_REPOSITORIES="4", CODARA_ACTIVITY__DELETED_REFS="3")
    for number in range(5):
        world.repository(f"lab/n{number}")
    world.repository("works/n")
    world.user("writer", role=Role.WRITER, on="lab/n0")
    for role in OrganisationRole:
        world.user(str(role), member=role, of="lab")
    world.user("outsider", member=OrganisationRole.SECURITY_OFFICER, of="works")
    world.user("root", instance=InstanceRole.ADMINISTRATOR)
    world.user("reviewer", instance=InstanceRole.AUDITOR)
    watch(world)  # What was there before only teaches.
    return world


def named(world, path):
    owner, _, name = path.partition("/")
    query = sa.select(Repository).where(Repository.owner_name == owner, Repository.name == name)
    return world.one(query)


def fetch(world, paths, name="writer", address="10.1.2.3"):
    actor = replace(world.actor(name), origin=Origin(address=address))
    for path in paths:
        repository = named(world, path)
        with world.begin(actor) as work:
            work.record(
                events.Fetched(
                    about=repository.id,
                    organisation_id=repository.organisation_id,
                    protocol="https",
                )
            )


def watch(world, at_once=activity_facts.AT_ONCE):
    """As the job does; gives how many steps it took."""
    world.keep_log()
    steps = 0
    while True:
        with world.reading(appliance()) as work:
            batch = activity_facts.following(work, at_once=at_once)
        if batch is None:
            return steps
        wrote = activity_facts.authors(batch, repositories=world.wiring.repositories)
        with world.begin(appliance()) as work:
            activity_watch.take(work, batch, wrote, now=NOON)
        steps += 1


ALL = [f"lab/n{number}" for number in range(5)]


def cut_off(world, batch):
    """What a process does that is killed before the commit."""
    with world.begin(appliance()) as work:
        activity_watch.take(work, batch, {}, now=NOON)
        work.write_events()
        raise InterruptedError


def alerts(world):
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(ActivityAlert)))


def as_(world, name, verb, *arguments: Any, **more: Any):
    with world.begin(world.actor(name)) as work:
        return verb(work, *arguments, **more)


def test_a_mass_clone_is_found_once_with_its_events_and_recorded(lab):
    fetch(lab, ALL)
    watch(lab)
    fetch(lab, ALL)
    watch(lab)

    (found,) = alerts(lab)
    assert (found.rule, found.times, found.count) == (ActivityRule.MASS_CLONE, 1, 4)
    said = lab.recorded("activity.detected")
    assert [each.body["events"] for each in said] == [found.events]
    assert len(found.events) == 4


def test_a_backlog_is_worked_in_steps_and_what_fails_goes_on_where_it_was(lab):
    fetch(lab, ALL)
    lab.keep_log()
    with lab.reading(appliance()) as work:
        batch = activity_facts.following(work, at_once=2)

    with pytest.raises(InterruptedError):
        cut_off(lab, batch)
    with lab.begin(appliance()) as work:
        activity_watch.take(work, batch, {}, now=NOON)
    with pytest.raises(ConflictError), lab.begin(appliance()) as work:
        activity_watch.take(work, batch, {}, now=NOON)

    assert watch(lab, at_once=2) >= 2
    assert [each.count for each in alerts(lab)] == [4]


@ON_ONE
def test_what_was_there_before_only_teaches(world):
    world.configure(CODARA_ACTIVITY__CLONE_REPOSITORIES="4")
    for path in ALL:
        world.repository(path)
    world.user("writer", role=Role.WRITER, on="lab/n0")
    fetch(world, ALL)
    watch(world)

    assert alerts(world) == []
    with world.reading(appliance()) as work:
        assert work.session.scalar(sa.select(ActivityCursor)).learns_until > 0
        assert work.session.scalar(sa.select(ActivityMemory)).memory["networks"]


@ON_ONE
def test_each_sees_what_touches_them_and_others_nothing(lab):
    fetch(lab, [*ALL[:3], "works/n"])
    watch(lab)

    def seen(name, organisation=""):
        with lab.reading(lab.actor(name)) as work:
            return [each.organisation for each in activity_alerts.listed(work, organisation).items]

    assert seen("security_officer", "lab") == ["lab"]
    assert seen("outsider", "works") == ["works"]
    assert sorted(seen("root")) == sorted(seen("reviewer")) == ["lab", "works"]
    for name in ("owner", "member", "auditor", "writer", "outsider"):
        for organisation in ("", "lab"):
            with pytest.raises(HiddenError):
                seen(name, organisation)
    works = next(each for each in alerts(lab) if each.count == 1)
    with pytest.raises(HiddenError):
        as_(lab, "security_officer", activity_alerts.show, works.id)
    with pytest.raises(RefusedError):
        as_(lab, "reviewer", activity_alerts.change, works.id, DISMISSED, now=NOON)


@ON_ONE
def test_each_step_is_recorded_and_stands_in_the_history(lab):
    fetch(lab, ALL)
    watch(lab)
    alert_id = alerts(lab)[0].id
    before = lab.events_so_far()

    with pytest.raises(InvalidError):
        as_(lab, "security_officer", activity_alerts.assign, alert_id, "member", now=NOON)
    wanted = Change(assignee="security_officer", is_assigned=True)
    as_(lab, "root", activity_alerts.change, alert_id, wanted, now=NOON)
    as_(lab, "security_officer", activity_alerts.comment, alert_id, "asked them", now=NOON)
    as_(lab, "security_officer", activity_alerts.change, alert_id, DISMISSED, now=NOON)
    with pytest.raises(ConflictError):
        as_(lab, "root", activity_alerts.change, alert_id, DISMISSED, now=NOON)
    reopened = Change(ActivityState.OPEN)
    as_(lab, "root", activity_alerts.change, alert_id, reopened, now=NOON + timedelta(hours=1))

    assert lab.events_since(before) == [
        f"activity.alert_{each}" for each in ("assigned", "commented", "dismissed", "reopened")
    ]
    with lab.reading(lab.actor("security_officer")) as work:
        shown = activity_alerts.show(work, alert_id)
    assert [each.decision.step for each in shown.decisions][-1] == "reopened"
    assert "actor:" in shown.listed.terms


@ON_ONE
def test_who_is_exempt_is_listed_and_told_nothing_of(lab):
    exempt = (activity_alerts.exempt, "lab", "writer", ActivityRule.MASS_CLONE, "a mirror")
    with pytest.raises(HiddenError):
        as_(lab, "owner", *exempt, now=NOON)
    as_(lab, "security_officer", *exempt, now=NOON)
    with pytest.raises(ConflictError):
        as_(lab, "root", *exempt, now=NOON)
    fetch(lab, ALL)
    watch(lab)

    assert alerts(lab) == []
    assert [each.user for each in as_(lab, "root", activity_alerts.exemptions)] == ["writer"]
    ended = (activity_alerts.end_exemption, "lab", "writer", ActivityRule.MASS_CLONE)
    as_(lab, "security_officer", *ended)
    assert lab.events()[-1] == "activity.exemption_removed"


@ON_ONE
def test_nothing_is_remembered_of_whom_was_erased(lab):
    fetch(lab, ALL[:1])
    watch(lab)
    person = lab.actor("writer")
    with lab.begin(appliance()) as work:
        work.record(PrivacyErased(about=person.id, values=0))
    watch(lab)

    with lab.reading(appliance()) as work:
        people = set(work.session.scalars(sa.select(ActivityMemory.person)))
    assert person.pseudonym not in people


@ON_ONE
def test_deleted_branches_are_counted_by_what_a_push_did(lab):
    zero = "0" * 40
    repository = named(lab, "lab/n0")
    refs = [[f"refs/heads/{each}", "1" * 40, zero, "moved"] for each in range(4)]
    with lab.begin(lab.actor("writer")) as work:
        work.record(
            events.Pushed(
                about=repository.id,
                organisation_id=repository.organisation_id,
                push_id=str(repository.id),
                protocol="https",
                refs=refs,
                settled_by="hook",
            )
        )
    watch(lab)
    assert [(each.rule, each.count) for each in alerts(lab)] == [(ActivityRule.MASS_DELETION, 4)]


@ON_ONE
def test_who_may_decide_is_written_to_once_and_nobody_else(lab):
    with lab.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(EmailAddress).values(is_verified=True))
    with taking_letters() as server:
        lab.configure(
            CODARA_MAIL__HOST="127.0.0.1",
            CODARA_MAIL__PORT=str(server.port),
            CODARA_MAIL__SECURITY="none",
            CODARA_ACTIVITY__CLONE_REPOSITORIES="4",
        )
        fetch(lab, ALL)
        watch(lab)
        server.answer = "451 4.3.0 Later"
        mailing = Mailing(lab.wiring)
        assert [mailing.warn(NOON), server.letters] == [1, []]
        server.answer = OK
        later = NOON + timedelta(hours=1)
        assert [mailing.warn(later), mailing.warn(later)] == [1, 0]

    (letter,) = server.letters
    assert server.recipients == ["security_officer@codara.test"]
    assert letter["Subject"] == "[Codara] Suspicious activity in lab: Mass clone"
    text = letter.get_content()
    assert f"/lab/-/audit/activity/{alerts(lab)[0].id}" in text
    assert "writer" not in text


@ON_ONE
def test_of_a_dismissed_alert_nobody_is_written_to(lab):
    lab.configure(CODARA_MAIL__HOST="127.0.0.1", CODARA_MAIL__SECURITY="none")
    fetch(lab, ALL)
    watch(lab)
    as_(lab, "root", activity_alerts.change, alerts(lab)[0].id, DISMISSED, now=NOON)
    with lab.reading(appliance()) as work:
        (found,) = activity_letters.due(work, Sender("https://codara.test", "Codara"), now=NOON)
    assert found.letter is None


@ON_ONE
def test_without_security_officers_administrators_are_written_to(lab):
    with lab.reading(appliance()) as work:
        names = {each.id: each.name for each in work.session.scalars(sa.select(User))}
        told = [names[each] for each in fetch_activity.deciders(work, INSTANCE_LOG)]
    assert told == ["root"]
