"""What earlier releases recorded goes into the logs in its order, with the same words."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db import schema
from appliance.db.audit_log import AuditQueued
from appliance.db.engine import make_engine
from appliance.domain.ids import new_id
from audit import entry
from audit.heartbeats import Heartbeats, Vouching
from audit.permissions import Permissions
from audit.signatures import Signatures

WHEN = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
SALT = bytes(range(32))
EVENTS = sa.table(
    "audit_events",
    sa.column("event_id", sa.Uuid()),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
    *(
        sa.column(name)
        for name in (
            *("log", "kind", "category", "outcome", "actor_kind", "actor_ref", "target_kind"),
            *("target_ref", "method", "credential_ref", "request_id", "body"),
        )
    ),
)
VALUES = sa.table(
    "audit_personal_values",
    sa.column("id", sa.Uuid()),
    sa.column("event_id", sa.Uuid()),
    *(sa.column(name) for name in ("field", "person", "salt", "value")),
)


def event(log, kind, body):
    return {
        "event_id": new_id(),
        "occurred_at": WHEN,
        "log": log,
        "kind": kind,
        "category": kind.partition(".")[0],
        "outcome": "success",
        "actor_kind": "user",
        "actor_ref": "p_somebody",
        "target_kind": "user",
        "target_ref": "",
        "method": "session",
        "credential_ref": "",
        "request_id": "r1",
        "body": body,
    }


@pytest.fixture
def engine(database_url):
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def before(engine):
    schema.downgrade(engine, "0008")
    organisation = str(new_id())
    commitment = entry.commit_personal("name", SALT, "Wörter")
    rows = [
        event("instance", "user.created", f'{{"name":"{commitment}"}}'),
        event(organisation, "repo.archived", '{"path":"lab/notes"}'),
        event("instance", "user.reinstated", "{}"),
    ]
    value = {
        "id": new_id(),
        "event_id": rows[0]["event_id"],
        "field": "name",
        "person": "p_somebody",
        "salt": SALT,
        "value": "Wörter",
    }
    with engine.begin() as connection:
        for row in rows:
            connection.execute(sa.insert(EVENTS), row)
        connection.execute(sa.insert(VALUES), value)
    return rows


def test_events_are_moved_as_they_were(engine, before):
    schema.upgrade(engine)

    with engine.connect() as connection:
        moved = connection.execute(sa.select(AuditQueued).order_by(AuditQueued.position)).all()
    moved = moved[: len(before)]
    entries = [entry.read(row.header.encode()) for row in moved]
    assert [each.members["id"] for each in entries] == [str(row["event_id"]) for row in before]
    assert [each.members["src"]["n"] for each in entries] == [1, 1, 2]
    assert entries[0].members["time"] == "2026-11-20T12:00:00.123456Z"
    assert [row.body for row in moved] == [before[0]["body"], before[1]["body"], None]
    for row, each in zip(moved[:2], entries, strict=False):
        assert each.members["b"] == entry.commit_text(row.salt, row.body.encode())
    assert entries[2].members["b"] is None
    ((field, person, salt, words),) = json.loads(moved[0].personal)
    assert (field, person, words) == ("name", "p_somebody", "Wörter")
    assert base64.b64decode(salt) == SALT


def nobody_vouches():
    silent = {"say": lambda _text: None, "note_void": lambda _text: None}
    return Vouching(Permissions("log", lambda *_: (), Signatures(), **silent), Signatures())


def test_what_was_moved_is_counted_in_each_log(engine, before):
    schema.upgrade(engine)

    with engine.connect() as connection:
        moved = connection.execute(sa.select(AuditQueued).order_by(AuditQueued.position)).all()
    assert len(moved) == len(before) + 2
    for log in {row.log for row in moved}:
        beats = Heartbeats(log, nobody_vouches(), from_the_start=True)
        for index, row in enumerate(moved):
            members = entry.read(row.header.encode()).members
            source = members["src"]["node"], members["src"]["boot"]
            if members["log"] != log:
                continue
            assert beats.see(source, members["src"]["n"]) is None
            if members["action"] == "audit.heartbeat":
                assert members["b"] == entry.commit_text(row.salt, row.body.encode())
                assert beats.beat(index, source, json.loads(row.body)) is None
        assert list(beats.unsigned({})) == []
        assert "1 entries wait" in beats.summary()


def test_a_log_with_events_is_not_taken_apart(engine, before):
    schema.upgrade(engine)

    with pytest.raises(RuntimeError, match="not taken apart"):
        schema.downgrade(engine, "0008")

    assert schema.present(engine) == schema.newest()
    assert len(before) == 3
