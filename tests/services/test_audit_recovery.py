"""An audit log that cannot go on signs nothing, loses nothing, and goes on under another name."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import sqlalchemy as sa

from appliance.cli.__main__ import main
from appliance.db.audit_log import AuditCheckpoint, AuditKey, AuditLog, AuditQueued, AuditTile
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import ConflictError, DamagedError, RefusedError, UnavailableError
from appliance.jobs import sequencing
from appliance.security.log_signing import Head, Heads, LogSigner
from appliance.services.audit_log import authority, growth, recovery, trust
from appliance.services.audit_log.growth import RolledBackError
from appliance.wiring_health import all_parts
from appliance.wiring_heartbeats import Heart
from audit import note
from tests.whole_logs import insist_on_whole_logs
from tests.world import NOON, World


def record(world, count=1, organisation_id=None):
    with world.begin(appliance()) as work:
        for _ in range(count):
            work.record(events.LeftoversSwept(rows=1, organisation_id=organisation_id))


def put_back(world, size):
    """Make the instance's log what it was at a size, as an earlier copy of the database has it."""
    engine = world.wiring.database.engine
    frontier = growth.merkle.Frontier()
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT header FROM audit_leaves ORDER BY idx")).all()
    for row in rows[:size]:
        frontier.append(growth.merkle.leaf_hash(row.header.encode()))
    drop_guards(engine)
    with engine.begin() as connection:
        for table in ("audit_leaves", "audit_bodies", "audit_values", "audit_search"):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE idx >= {size}"))  # noqa: S608 - own words.
        connection.execute(sa.delete(AuditCheckpoint).where(AuditCheckpoint.size > size))
        values = {"size": size, "root": frontier.root(), "edge": frontier.to_bytes()}
        connection.execute(sa.update(AuditLog).values(**values, searchable=size))
        tile = connection.scalar(sa.select(AuditTile.hashes).where(AuditTile.level == 0))
        connection.execute(sa.update(AuditTile).values(hashes=tile[: size * 32]))


def drop_guards(engine):
    """What whoever owns the database can do."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in connection.scalars(
                sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).all():
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
            return
        for table in ("audit_leaves", "audit_bodies", "audit_values", "audit_checkpoints"):
            connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(sa.text("ALTER TABLE audit_logs DISABLE TRIGGER USER"))


def waiting(world):
    return world.one(sa.select(sa.func.count()).select_from(AuditQueued))


def recover(world, actor=None):
    with world.begin(actor or world.administrator()) as work:
        done = recovery.recover(work, tools=world.wiring.logs, now=NOON)
    world.wiring.logs.heads.remember(done.heads)


def notes(world):
    with world.wiring.database.engine.connect() as connection:
        query = sa.select(AuditCheckpoint.note).order_by(
            AuditCheckpoint.log_id, AuditCheckpoint.size
        )
        return list(connection.scalars(query))


@pytest.mark.promise("P33")
def test_after_a_rollback_nothing_is_signed_and_all_waits(world):
    record(world, 5)
    world.keep_log()
    put_back(world, 3)
    record(world, 2)
    before = notes(world)
    for _ in range(2):
        with pytest.raises(RolledBackError, match="5 entries, and the database has 3"):
            world.keep_log()
        with pytest.raises(RolledBackError):
            sequencing.check(world.wiring.database, world.wiring.logs)
    record(world)
    assert (waiting(world), notes(world)) == (3, before)
    with pytest.raises(DamagedError, match="codara audit recover"):
        all_parts(world.wiring)["audit log"]()


def test_other_entries_of_the_same_number_are_noticed_too(world):
    record(world, 4)
    world.keep_log()
    heads = world.wiring.logs.heads
    other = {origin: replace(head, root=bytes(32)) for origin, head in heads.read().items()}
    heads._file.unlink()
    heads.remember(other)
    record(world)
    with pytest.raises(RolledBackError):
        world.keep_log()


def test_a_log_that_outgrew_what_was_signed_must_contain_it(world):
    record(world, 4)
    world.keep_log()
    signed = world.wiring.logs.heads.read()
    record(world, 3)
    world.keep_log()
    file = world.wiring.logs.heads._file
    for root, refusal in ((None, None), (bytes(32), RolledBackError)):
        file.unlink()
        (origin,) = signed
        Heads(file).remember({origin: Head(4, root or signed[origin].root)})
        record(world)
        if refusal is None:
            world.keep_log()
            assert Heads(file).read()[origin].size == 8
        else:
            with pytest.raises(refusal):
                world.keep_log()


def test_changed_tiles_and_edges_are_noticed_before_anything_is_signed(world):
    record(world, 3)
    world.keep_log()
    drop_guards(world.wiring.database.engine)
    with world.wiring.database.engine.begin() as connection:
        tile = connection.scalar(sa.select(AuditTile.hashes))
        connection.execute(sa.update(AuditTile).values(hashes=tile[:-32]))
    record(world)
    with pytest.raises(DamagedError, match="hash tree"):
        world.keep_log()
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(AuditTile).values(hashes=tile))
        connection.execute(sa.update(AuditLog).values(edge=bytes(64)))
    with pytest.raises(DamagedError, match="hash tree"):
        world.keep_log()


def test_a_successor_begins_with_the_last_signed_state(world):
    heart = Heart(world.wiring.database, world.wiring.logs.signer)
    record(world, 5)
    heart.beat()
    world.keep_log()
    last = notes(world)[-1]
    put_back(world, 3)
    record(world, 2)
    heart.beat()
    recover(world)
    world.keep_log()
    with world.wiring.database.engine.connect() as connection:
        old, new = connection.execute(sa.select(AuditLog).order_by(AuditLog.generation)).all()
    assert (old.size, new.origin) == (3, f"{old.origin}/2")
    (continued,) = world.recorded("log.continued")
    assert continued.body["checkpoint"] == last
    assert waiting(world) == 0
    with world.wiring.database.engine.begin() as connection:
        # What was put back is no state that was signed last, and is looked at no more.
        connection.execute(sa.text("DELETE FROM audit_leaves WHERE log_id = :id"), {"id": old.id})
        connection.execute(sa.text("DELETE FROM audit_logs WHERE id = :id"), {"id": old.id})
    insist_on_whole_logs(world)
    assert "wait" in all_parts(world.wiring)["audit log"]()


def test_only_who_maintains_the_instance_recovers_and_only_what_is_broken(world):
    record(world)
    world.keep_log()
    with pytest.raises(ConflictError, match="Nothing is to be recovered"):
        recover(world)
    with pytest.raises(RefusedError):
        recover(world, world.user())


def test_a_lost_key_signs_nothing_until_a_successor_begins(world):
    lab = world.organisation("lab")
    record(world, 2)
    record(world, 2, lab.id)
    world.keep_log()
    (world.wiring.home.keys / "audit.key").unlink()
    again = World(world.home, world.environment["CODARA_DATABASE__URL"])
    record(again)
    with pytest.raises(DamagedError, match="is not the key that signs"):
        again.keep_log()
    recover(again)
    again.keep_log()
    assert len(insist_on_whole_logs(again)) == 7
    again.close()


def test_a_rotated_key_signs_beside_the_old_one_once_and_then_alone(world):
    lab = world.organisation("lab")
    record(world, 2)
    record(world, 2, lab.id)
    world.keep_log()
    tools = world.wiring.logs
    (before,) = {each.public for origin in tools.heads.read() for each in tools.signer.keys(origin)}
    record(world)
    with world.begin(world.administrator()) as work:
        done = recovery.rotate_key(work, tools=tools, now=NOON)
    tools.signer.change()
    tools.heads.remember(done.heads)
    record(world, 2)
    world.keep_log()
    assert len(insist_on_whole_logs(world)) == 9
    signatures = [len(note.parse(each.encode()).signatures) for each in notes(world)]
    assert sorted(signatures) == [1, 1, 1, 2, 2]
    (after,) = {each.public for origin in tools.heads.read() for each in tools.signer.keys(origin)}
    assert before != after
    rotated = world.recorded("log.key_rotated")
    assert {note.Key.parse(each.body["new"]).public for each in rotated} == {after}


def test_a_change_of_keys_that_was_cut_off_is_completed(world):
    record(world)
    world.keep_log()
    tools = world.wiring.logs
    with world.begin(world.administrator()) as work:
        done = recovery.rotate_key(work, tools=tools, now=NOON)
    record(world)
    again = World(world.home, world.environment["CODARA_DATABASE__URL"])
    again.keep_log()
    assert len(insist_on_whole_logs(again)) == 3
    assert done.heads
    again.close()


def test_a_rotation_that_was_undone_leaves_the_key(world):
    record(world)
    world.keep_log()
    tools = world.wiring.logs
    with pytest.raises(UnavailableError):
        rotated_and_undone(world, tools)
    record(world)
    world.keep_log()
    assert len(insist_on_whole_logs(world)) == 2


def rotated_and_undone(world, tools):
    with world.begin(world.administrator()) as work:
        recovery.rotate_key(work, tools=tools, now=NOON)
        raise UnavailableError("not now")


@pytest.mark.parametrize("verb", ["recover", "rotate-key"])
def test_the_console_does_both(world, monkeypatch, capsys, verb):
    world.administrator("admin")
    record(world, 3)
    world.keep_log()
    if verb == "recover":
        put_back(world, 2)
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["audit", verb, "--home", str(world.home), "--yes"]) == 0
    assert "audit/instance" in capsys.readouterr().out
    record(world)
    world.keep_log()
    assert waiting(world) == 0


def test_the_clock_may_be_set_back(world, monkeypatch):
    record(world)
    world.keep_log()
    monkeypatch.setattr(sequencing, "datetime", Yesterday)
    record(world)
    world.keep_log()
    insist_on_whole_logs(world)


class Yesterday(sequencing.datetime):
    """A clock that was set back."""

    @classmethod
    def now(cls, tz=None):  # type: ignore[no-untyped-def]  # noqa: ANN206 - as in its parent.
        return NOON.replace(year=2020).astimezone(tz)


def test_heads_never_go_back(tmp_path):
    heads = Heads(tmp_path / "heads.json")
    heads.remember({"a": Head(5, bytes(32))})
    heads.remember({"a": Head(4, bytes(32)), "b": Head(1, bytes(32))})
    assert {origin: head.size for origin, head in heads.read().items()} == {"a": 5, "b": 1}
    (tmp_path / "heads.json").write_text("{")
    with pytest.raises(DamagedError):
        heads.read()
    shutil.rmtree(tmp_path)
    with pytest.raises(UnavailableError):
        heads.remember({"a": Head(6, bytes(32))})


def test_a_key_before_the_present_one_is_believed_only_if_both_signed_the_change(world):
    """The table of keys may say anything: a stranger's key in it permits nothing."""
    record(world)
    world.keep_log()
    tools = world.wiring.logs
    stranger = LogSigner(world.home / "keys" / "stranger.key")
    (origin,) = tools.heads.read()
    first = str(tools.signer.keys(origin)[0])
    with world.begin(world.administrator()) as work:
        done = recovery.rotate_key(work, tools=tools, now=NOON)
    tools.signer.change()
    tools.heads.remember(done.heads)
    with world.wiring.database.engine.begin() as connection:
        row = {"log_id": 1, "vkey": str(stranger.keys(origin)[0]), "from_size": 0}
        connection.execute(sa.insert(AuditKey).values(until_size=9, **row))
    with world.reading(world.actor("administrator")) as work:
        judging = authority.judge(work, 1, signer=tools.signer)
        believed = {str(key) for key in judging._keys(origin, 0)}
        assert authority.doubted(work, 1, signer=tools.signer) == []
    assert believed == {first}
    with world.begin(world.actor("administrator")) as work:
        (handed_out,) = trust.key_file(work, signer=tools.signer)["logs"]
    present = str(tools.signer.keys(origin)[0])
    assert {each["vkey"] for each in handed_out["keys"]} == {first, present}


def test_what_waited_while_the_key_changed_is_believed(world):
    """Signed by the key before the present one, and in the log after the change."""
    record(world)
    world.keep_log()
    tools = world.wiring.logs
    before = tools.signer.permit(next(iter(tools.heads.read())))
    with world.begin(world.administrator()) as work:
        done = recovery.rotate_key(work, tools=tools, now=NOON)
    tools.signer.change()
    tools.heads.remember(done.heads)
    with world.begin(world.actor("administrator")) as work:
        waited = work.record(events.PrivacyErased(values=1), permit=before)
        unsigned = work.record(events.PrivacyErased(values=1))
    with world.reading(world.actor("administrator")) as work:
        # On their way they are judged as in the log.
        assert authority.permitted(work, 1, waited, signer=tools.signer) is not None
        assert authority.permitted(work, 1, unsigned, signer=tools.signer) is None
    world.keep_log()
    with world.reading(world.actor("administrator")) as work:
        assert authority.permitted(work, 1, waited, signer=tools.signer) is not None
        assert len(authority.doubted(work, 1, signer=tools.signer)) == 1
