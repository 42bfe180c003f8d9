"""Weaknesses in code become alerts after a push, with the real program."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.db.alerts import Alert, Scan
from appliance.db.outbox import JobRecord
from appliance.domain.alerts import AlertState
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Role
from appliance.jobs.performer import Performer
from script import code_scanner

FILES = "/api/v1/repos/lab/notes/write"
WEAK = """import os
from flask import request


def ping():
    os.system("ping " + request.args["host"])
"""


def pushed(world, content, path="app.py"):
    """A file of the default branch, and what comes of it."""
    answer = world.client("writer").put(
        f"{FILES}/{path}", json={"content": content, "message": "Change it", "branch": "main"}
    )
    assert answer.status_code in {200, 201}, answer.text
    query = sa.select(JobRecord.id).where(
        JobRecord.state == JobState.QUEUED, JobRecord.job == Job.SCAN_CODE
    )
    while (job := world.one(query.limit(1))) is not None:
        Performer(world.wiring).perform(job)


def alerts(world):
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(Alert).order_by(Alert.number)))


def scans(world):
    with world.reading(appliance()) as work:
        return list(work.session.scalars(sa.select(Scan).order_by(Scan.id)))


def test_weaknesses_become_alerts_that_move_with_the_code_and_end_with_it(world):
    world.configure(CODARA_SCANNING__CODE_PROGRAM=str(code_scanner.make()))
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")

    pushed(world, WEAK)

    (alert,) = alerts(world)
    assert (alert.rule, alert.line, alert.path) == ("python-command-injection", 6, b"app.py")
    assert alert.preview == 'os.system("ping " + request.args["host"])'
    assert alert.detail["cwe"] == "CWE-78"
    assert alert.cure.startswith("Start the program")
    assert scans(world)[0].is_complete

    pushed(world, "\n" * 200 + WEAK)

    (alert,) = alerts(world)
    assert (alert.line, alert.state) == (206, AlertState.OPEN)

    pushed(world, "x = 1\n" * 60_000)

    (alert,) = alerts(world)
    assert alert.state is AlertState.OPEN, "what was not looked at is not fixed"
    assert scans(world)[-1].skipped == [{"path": "app.py", "why": "too_many_lines"}]
    assert not scans(world)[-1].is_complete

    pushed(world, WEAK.replace('"ping " + request.args["host"]', '"uptime"'))

    (alert,) = alerts(world)
    assert alert.state is AlertState.FIXED


def test_without_a_program_nothing_is_looked_at(world):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")

    pushed(world, WEAK)

    assert alerts(world) == []
    assert scans(world) == []
