"""What waits for whom: one's own things, and what one runs; never anybody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.access_requests import AccessRequest, TemporaryRight
from appliance.db.outbox import JobRecord
from appliance.db.proposals import Proposal
from appliance.db.repositories import RepositoryHealth
from appliance.db.users import User
from appliance.domain.access_requests import RequestState, Thing
from appliance.domain.identity import Origin, stranger
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.domain.second_person import Act
from appliance.errors import UnauthenticatedError
from appliance.services import inbox
from appliance.services.inbox import Topic
from appliance.services.observations import Observed
from tests.world import NOON

MIB = 2**20


class Memory:
    """What the last look saw."""

    def __init__(self, *failing: str, at=NOON) -> None:
        self.observed = {name: Observed("failed", at, at, change_was_seen=True) for name in failing}

    def recall(self):
        return self.observed

    def keep(self, observed):
        self.observed = observed


def waiting(world, actor, *, memory=None, now=NOON):
    with world.reading(actor) as work:
        return inbox.waiting(work, memory=memory or Memory(), now=now)


def topics(world, actor, memory=None):
    return [(entry.topic, entry.name) for entry in waiting(world, actor, memory=memory)]


def job(actor, state, kind=Job.IMPORT_REPOSITORY, about=None, at=NOON):
    return JobRecord(
        id=new_id(),
        job=kind,
        arguments={},
        about=about,
        promised_by=actor.id,
        state=state,
        attempts_left=0,
        created_at=at,
        finished_at=at,
        error="The source does not answer." if state is JobState.DEAD else "",
    )


def test_nothing_waits_at_first(world):
    assert waiting(world, world.user("writer")) == []


def test_nobody_has_no_inbox(world):
    with pytest.raises(UnauthenticatedError):
        waiting(world, stranger(Origin()))


def test_tokens_that_end_soon_wait_for_their_holder_only(world):
    writer, other = world.user("writer"), world.user("other")
    world.token("writer", Scope.USER, expires_at=NOON + timedelta(days=3))
    world.token("writer", Scope.USER, expires_at=NOON - timedelta(days=3))
    world.token("writer", Scope.USER, expires_at=NOON + timedelta(days=60))
    world.token("writer", Scope.USER)

    assert topics(world, writer) == [
        (Topic.TOKEN_EXPIRED, "test"),
        (Topic.TOKEN_EXPIRES, "test"),
    ]
    assert topics(world, other) == []


def test_a_failed_import_waits_for_who_asked_for_it_and_for_administrators(world):
    writer, other, chief = world.user("writer"), world.user("other"), world.administrator()
    world.add(job(writer, JobState.DEAD))

    assert topics(world, writer) == [(Topic.JOB_FAILED, Job.IMPORT_REPOSITORY)]
    assert topics(world, chief) == [(Topic.JOB_FAILED, Job.IMPORT_REPOSITORY)]
    assert topics(world, other) == []


def test_an_import_that_arrived_is_news_while_one_may_read_it(world):
    writer, other = world.user("writer"), world.user("other")
    repository = world.repository("writer/notes")
    world.add(job(writer, JobState.DONE, about=repository.id))
    world.add(job(other, JobState.DONE, about=repository.id))
    world.add(job(writer, JobState.DONE, about=repository.id, at=NOON - timedelta(days=9)))

    with world.reading(writer) as work:
        assert [entry.name for entry in inbox.news(work, now=NOON)] == ["writer/notes"]
    with world.reading(other) as work:
        assert inbox.news(work, now=NOON) == []
    assert waiting(world, writer) == []


def test_damage_and_failing_parts_wait_for_who_runs_the_appliance(world):
    repository = world.repository("lab/notes")
    world.add(RepositoryHealth(id=repository.id, damaged_since=NOON, problem="bad object"))
    memory = Memory("queue", "repositories")

    assert topics(world, world.administrator(), memory=memory) == [
        (Topic.PART_FAILS, "queue"),
        (Topic.REPOSITORY_DAMAGED, "lab/notes"),
    ]
    assert topics(world, world.user("writer"), memory=memory) == []


def test_a_password_that_was_given_waits_for_who_has_it(world):
    writer, other = world.user("writer"), world.user("other")
    with world.wiring.database.engine.begin() as connection:
        given = sa.update(User).where(User.id == writer.id).values(must_change_password=True)
        connection.execute(given)

    assert topics(world, writer) == [(Topic.PASSWORD_GIVEN, "writer")]
    assert topics(world, other) == []


def test_a_proposal_waits_for_the_other_administrators(world):
    proposer, other = world.administrator("proposer"), world.administrator("other")
    world.user("writer")
    world.add(
        Proposal(
            act=Act.USER_ROLE,
            arguments=b"",
            subject="writer",
            before={},
            after={},
            proposer_id=proposer.id,
            proposed_at=NOON,
            expires_at=NOON + timedelta(days=3),
        )
    )

    assert topics(world, other) == [(Topic.PROPOSED, "proposer")]
    assert topics(world, proposer) == topics(world, world.actor("writer")) == []


@pytest.mark.parametrize(("days", "told"), [(2, True), (4, False), (-1, False)])
def test_access_for_a_time_that_ends_soon_waits_for_who_has_it(world, days, told):
    repository, writer = world.repository("lab/notes"), world.user("writer")
    began, ends = NOON - timedelta(days=30), NOON + timedelta(days=days)
    request = AccessRequest(
        id=new_id(),
        user_id=writer.id,
        thing=Thing.REPOSITORY,
        asked_name="lab/notes",
        asked_key="lab/notes",
        repository_id=repository.id,
        was_visible=True,
        reason="",
        state=RequestState.APPROVED,
        created_at=began,
        answer_until=began,
    )
    right = TemporaryRight(
        request_id=request.id,
        user_id=writer.id,
        repository_id=repository.id,
        role=Role.WRITER,
        created_at=began,
        expires_at=ends,
    )
    world.add(request, right)

    assert topics(world, writer) == ([(Topic.ACCESS_ENDS, "lab/notes")] if told else [])


def test_what_was_seen_long_ago_is_no_news(world):
    memory = Memory("queue", at=NOON - timedelta(hours=1))
    assert topics(world, world.administrator(), memory=memory) == []


def test_room_that_runs_out_waits_for_owners(world):
    world.configure(CODARA_LIMITS__ORGANISATION_QUOTA_BYTES=str(100 * MIB))
    world.repository("lab/notes", size_bytes=80 * MIB, lfs_bytes=12 * MIB)
    world.repository("works/plans", size_bytes=80 * MIB)
    owner, member = world.user("owner"), world.user("member")
    for name in ("lab", "works"):
        world.join("owner", name, OrganisationRole.OWNER)
    world.join("member", "lab")

    found = waiting(world, owner)
    assert [(entry.topic, entry.name, entry.percent) for entry in found] == [
        (Topic.ROOM_RUNS_OUT, "lab", 92)
    ]
    assert waiting(world, member) == []
