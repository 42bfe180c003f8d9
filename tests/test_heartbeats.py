"""Every process counts what it writes to the audit logs; the offline verifier reads the counts."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditBody, AuditLeaf, AuditLog, AuditQueued
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import RefusedError
from appliance.security.log_signing import LogSigner
from appliance.wiring_heartbeats import Heart, beating
from audit.heartbeats import Heartbeats, Vouching
from audit.permissions import Permissions
from audit.signatures import Signatures


@pytest.fixture
def heart(world):
    return Heart(world.wiring.database, world.wiring.logs.signer)


def swept(world, organisation_id=None):
    with world.begin(appliance()) as work:
        work.record(events.LeftoversSwept(rows=1, organisation_id=organisation_id))


def problems(world, log="instance"):
    """What the verifier says of the counts in a log."""
    signer, signatures = world.wiring.logs.signer, Signatures()
    permissions = Permissions(
        log, lambda *_: signer.keys("log"), signatures, say=found_none, note_void=found_none
    )
    vouching = Vouching(permissions, signatures)
    beats, keys, found = Heartbeats(log, vouching, from_the_start=True), {}, []
    query = (
        sa.select(AuditLeaf.header, AuditBody.body)
        .join(AuditLog, AuditLog.id == AuditLeaf.log_id)
        .join(
            AuditBody,
            (AuditBody.log_id == AuditLeaf.log_id) & (AuditBody.idx == AuditLeaf.idx),
            isouter=True,
        )
        .where(AuditLog.name == log)
        .order_by(AuditLeaf.idx)
    )
    with world.wiring.database.engine.connect() as connection:
        rows = connection.execute(query).all()
    for index, row in enumerate(rows):
        header = json.loads(row.header)
        source = header["src"]["node"], header["src"]["boot"]
        found.append(beats.see(source, header["src"]["n"]))
        if header["action"] == "audit.node_started":
            found.append(beats.meet(index, source, json.loads(row.body), keys))
        if header["action"] == "audit.heartbeat":
            found.append(beats.beat(index, source, json.loads(row.body)))
    return [each for each in found if each] + list(beats.unsigned(keys))


def found_none(text):
    raise AssertionError(text)


def beats_in(world):
    return sum(each.action == "audit.heartbeat" for each in world.recorded())


def test_a_process_says_its_key_once_and_then_what_became_of_its_events(world, heart):
    swept(world)
    heart.beat()
    swept(world)
    heart.beat()
    world.keep_log()
    swept_event, started, beat, again, last = world.recorded()
    assert [swept_event.action, started.action] == ["config.swept", "audit.node_started"]
    assert (beat.body["up_to"], beat.body["committed"], beat.body["unknown"]) == (1, 1, 0)
    assert (again.action, last.body["up_to"], last.body["committed"]) == ("config.swept", 4, 4)
    assert problems(world) == []


def test_who_did_nothing_says_nothing_unless_they_always_do(world, heart):
    heart.beat()
    assert beats_in(world) == 0
    swept(world)
    heart.beat()
    heart.beat()
    assert beats_in(world) == 1
    always = Heart(world.wiring.database, world.wiring.logs.signer, beats_always=True)
    always.beat()
    always.beat()
    assert beats_in(world) == 3


def test_each_log_has_its_own_key_and_counts(world, heart):
    lab = world.organisation("lab")
    swept(world)
    swept(world, lab.id)
    heart.beat()
    world.keep_log()
    logs = {each.header["log"] for each in world.recorded("audit.node_started")}
    assert {*logs} == {"instance", str(lab.id)}
    assert problems(world) == problems(world, str(lab.id)) == []


def recorded_and_refused(world):
    with world.begin(appliance()) as work:
        work.record(events.LeftoversSwept(rows=1))
        raise RefusedError("not so")


def test_what_was_undone_leaves_gaps_that_count_for_nothing(world, heart):
    with pytest.raises(RefusedError):
        recorded_and_refused(world)
    swept(world)
    heart.beat()
    world.keep_log()
    (beat,) = world.recorded("audit.heartbeat")
    assert beat.body["up_to"] > beat.body["committed"]
    assert problems(world) == []


@pytest.mark.promise("P34")
def test_an_event_taken_out_of_the_queue_is_missed(world, heart):
    for _ in range(3):
        swept(world)
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.delete(AuditQueued).where(AuditQueued.position == 2))
    heart.beat()
    world.keep_log()
    (problem,) = problems(world)
    assert "wrote 3 entries up to number 3" in problem


def test_a_heartbeat_by_somebody_else_is_noticed(world, heart):
    swept(world)
    heart.beat()
    forged = Heart(world.wiring.database, world.wiring.logs.signer)
    # The same process, as far as the log can tell, but without its key.
    forged._said, forged._boot = {"instance": 1}, world.wiring.database.source.boot
    forged.beat()
    world.keep_log()
    (problem,) = problems(world)
    assert "another key of" in problem


@pytest.mark.promise("P34")
def test_a_key_that_the_logs_key_did_not_certify_is_no_key(world):
    """Whoever writes to the queue has keys of their own, and signs what they want with them."""
    swept(world)
    stranger = LogSigner(world.home / "keys" / "stranger.key")
    Heart(world.wiring.database, stranger).beat()
    world.keep_log()
    started, beaten = problems(world)
    assert "is not certified by the log's key" in started
    assert "is not certified by the log's key" in beaten


def test_the_last_beat_comes_when_the_block_ends(world):
    with beating(world.wiring.database, world.wiring.logs.signer):
        swept(world)
        assert beats_in(world) == 0
    assert beats_in(world) == 1
