"""A push of thousands of refs costs the database as many questions as one of a few hundred."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.domain.permissions import Role
from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.services import push_settlement, pushes
from tests.git.builder import Builder

MOST_QUESTIONS = 60
"""From the hooks' first question to the last; a list of rows in batches is a few of them."""


@pytest.fixture
def questions(world):
    """What the database is asked."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest: object):
        asked.append(statement)

    sa.event.listen(world.wiring.database.engine, "before_cursor_execute", note)
    return asked


def test_three_thousand_refs_are_accepted_and_confirmed_in_a_few_questions(world, questions):
    repository = world.repository("lab/notes")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    oid = Builder(world.folder(repository)).commit({b"a.txt": b"1"})
    updates = [RefUpdate(b"refs/heads/n%05d" % number, NO_OBJECT, oid) for number in range(3000)]
    database, tools, now = world.wiring.database, world.wiring.git, datetime.now(UTC)
    with world.begin(writer) as work:
        ticket = pushes.start(work, "lab/notes", protocol="https", tools=tools, now=now)
    proposal = pushes.inspect(
        ticket.folder,
        updates,
        quarantine={},
        options=(),
        rules=world.wiring.settings,
        scanner=world.wiring.git.scanner,
    )
    questions.clear()

    with database.begin(writer) as work:
        capability = ticket.push.capability
        verdict = pushes.decide(work, capability, proposal, tools=tools, now=now)
    with database.begin(writer) as work:
        push_settlement.confirm(work, capability, updates, tools=tools, now=now)

    assert verdict.is_accepted
    assert len(questions) <= MOST_QUESTIONS
    pushed = [each.body for each in world.recorded("git.pushed")]
    assert [(each["part"], each["parts"], len(each["refs"])) for each in pushed] == [
        (part, 6, 500) for part in range(1, 7)
    ]
    named = [ref for each in pushed for ref, *_rest in each["refs"]]
    assert named == [each.ref.decode() for each in updates]
