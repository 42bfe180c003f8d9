"""`codara audit verify` and `reconcile`: every sort of change in the tables is found."""

import json
import uuid

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import (
    AuditBody,
    AuditCheckpoint,
    AuditFinding,
    AuditLeaf,
    AuditLog,
    AuditTile,
    AuditValue,
)
from appliance.domain import events
from appliance.domain.permissions import OrganisationRole
from tests.behind_its_back import tamper

__all__ = ["tamper"]
COUNT = 600


@pytest.fixture
def console(world, say, monkeypatch):
    """Say a command at the console of a world whose log has 600 events, signed in two steps."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    world.administrator()
    world.organisation("lab")
    for _ in range(2):
        with world.begin(world.actor("administrator")) as work:
            for number in range(COUNT // 2):
                work.record(events.AccessRefused(reason=f"r{number}", attempt="to look"))
        world.keep_log()
    return lambda *words: say("audit", *words, "--home", world.home)


def at(table, index):
    return table.idx == index


def changed_header(world, index):
    with world.wiring.database.engine.connect() as connection:
        header = connection.scalar(sa.select(AuditLeaf.header).where(at(AuditLeaf, index)))
    return header.replace('"access.refused"', '"access.allowed"')


TAMPERINGS = {
    "an entry": (
        10,
        lambda world: (
            sa.update(AuditLeaf).where(at(AuditLeaf, 77)).values(header=changed_header(world, 77))
        ),
    ),
    "an entry is removed": (30, lambda _: sa.delete(AuditLeaf).where(at(AuditLeaf, 300))),
    "the last entry is removed": (30, lambda _: sa.delete(AuditLeaf).where(at(AuditLeaf, 599))),
    "the id of an entry": (
        10,
        lambda _: (
            sa.update(AuditLeaf)
            .where(at(AuditLeaf, 5))
            .values(event_id=sa.literal(uuid.UUID(int=7), sa.Uuid()))
        ),
    ),
    "a body": (
        10,
        lambda _: (
            sa.update(AuditBody)
            .where(at(AuditBody, 10))
            .values(body=sa.func.replace(AuditBody.body, "r10", "r11"))
        ),
    ),
    "a body is removed": (30, lambda _: sa.delete(AuditBody).where(at(AuditBody, 10))),
    "a value is moved": (
        10,
        lambda _: (
            sa.update(AuditValue).where(at(AuditValue, 10), AuditValue.number == 0).values(number=9)
        ),
    ),
    "a value is removed": (30, lambda _: sa.delete(AuditValue).where(at(AuditValue, 10))),
    "a tile": (
        10,
        lambda _: sa.delete(AuditTile).where(AuditTile.level == 0, AuditTile.idx == 1),
    ),
    "an upper tile": (10, lambda _: sa.delete(AuditTile).where(AuditTile.level == 1)),
    "a checkpoint": (
        10,
        lambda _: (
            sa.update(AuditCheckpoint)
            .where(AuditCheckpoint.size == 300)
            .values(note=sa.func.replace(AuditCheckpoint.note, "300", "299"))
        ),
    ),
    "the state": (10, lambda _: sa.update(AuditLog).values(edge=sa.literal(b"x", sa.LargeBinary))),
}


def test_logs_as_they_were_written_are_good(console, world):
    outcome = console("verify")

    assert outcome.code == 0, outcome.out
    assert "GOOD (0)" in outcome.out
    assert f"{COUNT} entries" in outcome.out
    (done,) = world.recorded("audit.verified")
    assert (done.body["size"], done.body["problems"]) == (COUNT, 0)


@pytest.mark.parametrize("name", sorted(TAMPERINGS))
def test_every_change_in_the_tables_is_found(console, world, tamper, name):
    code, statement = TAMPERINGS[name]
    tamper(statement(world))

    outcome = console("verify", "--instance", "--json")

    assert outcome.code == code, outcome.out
    assert json.loads(outcome.out.splitlines()[-1])["code"] == code
    assert len(world.recorded("audit.found_broken")) == 1


def test_a_database_that_was_put_back_is_found(console, world):
    heads = world.wiring.logs.heads
    with world.begin(world.actor("administrator")) as work:
        work.record(events.SignedOut())
    before = heads.read()
    world.keep_log()
    ahead = heads.read()
    assert before != ahead
    text = world.wiring.home.heads.read_text()
    world.wiring.home.heads.write_text(text.replace(f'"size": {COUNT + 1}', '"size": 900'))

    outcome = console("verify", "--instance")

    assert outcome.code == 20, outcome.out
    assert "rolled back" in outcome.out


def test_an_export_is_verified_by_the_same_command(console, tmp_path):
    console("export", "--out", tmp_path / "x", "--instance")
    console("trust", "--out", tmp_path / "keys")
    words = ("verify", tmp_path / "x", "--trust", tmp_path / "keys")

    assert console(*words).code == 0
    bodies = tmp_path / "x" / "logs" / "instance" / "bodies.jsonl.gz"
    bodies.write_bytes(bodies.read_bytes()[:-9])
    assert console(*words).code == 10
    assert console("verify", tmp_path / "x").code == 2


def test_who_may_check(console, world):
    world.user("inside", member=OrganisationRole.AUDITOR, of="lab")

    assert console("verify", "--as", "inside").code == 3
    assert console("verify", "--as", "inside", "--instance").code == 3
    assert console("reconcile", "--as", "inside").code == 3


def test_what_does_not_fit_is_reported(console, world, tamper):
    assert console("reconcile", "--json").json == {"repositories": 0, "differences": []}
    tamper(
        sa.delete(AuditFinding).where(at(AuditFinding, 7)),
        sa.delete(AuditLeaf).where(at(AuditLeaf, 9)),
    )

    outcome = console("reconcile", "--json")

    found = json.loads(outcome.out)["differences"]
    assert outcome.code == 1
    assert [(each["kind"], each["count"]) for each in found] == [("entries", 1), ("search", 1)]
    assert [each.body["differences"] for each in world.recorded("audit.reconciled")] == [0, 2]
