"""Pruning of the audit logs: what goes, what stays, what allows it, and what a verifier says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import (
    AuditBody,
    AuditCheckpoint,
    AuditFinding,
    AuditLeaf,
    AuditLog,
    AuditQueued,
    AuditTile,
    AuditValue,
)
from appliance.db.audit_removals import AuditPruning
from appliance.db.audit_witnesses import Witness, WitnessedLog
from appliance.errors import ConflictError, DamagedError, RefusedError
from appliance.security.log_signing import LogSigner
from appliance.services.audit_log import check, pruning, removal, trees
from appliance.services.audit_log.pruning import Asked, What
from audit import entry, note
from audit.canonical import canonical
from tests.auditor import Auditor, act, unheard
from tests.world import NOON

INSTANCE = AuditLog.name == "instance"
LATER = timedelta(days=5000)


@pytest.fixture
def admin(world):
    """An administrator, and a log of the instance with 700 events of theirs."""
    administrator = world.administrator()
    act(world, administrator, 700)
    world.keep_log()
    return administrator


@pytest.fixture
def auditor(world, admin, tmp_path):
    return Auditor(world, admin, tmp_path)


def plan(world, actor, *, now=None, **asked: object):
    with world.reading(actor) as work:
        return pruning.plan(work, Asked(**asked), now=now or datetime.now(UTC))


def authorise(world, actor, planned):
    with world.begin(actor) as work:
        return pruning.authorise(work, planned, tools=world.wiring.logs, now=datetime.now(UTC))


def carry_out(world, actor, pruning_id):
    return removal.carry_out(
        lambda: world.begin(actor),
        pruning_id,
        tools=world.wiring.logs,
        now=datetime.now(UTC),
        report=unheard,
    )


def prune(world, actor, **asked: object):
    for planned in plan(world, actor, **asked):
        pruning_id = authorise(world, actor, planned)
        world.keep_log()
        assert carry_out(world, actor, pruning_id).is_finished


@pytest.mark.promise("P32")
@pytest.mark.parametrize("changes", [{}, {"signature": "A" * 86}, {"end": 256}])
def test_nothing_is_removed_for_what_the_logs_key_did_not_sign(world, admin, changes):
    (planned,) = plan(world, admin, bodies=600)
    pruning_id = authorise(world, admin, planned)
    with world.wiring.database.engine.begin() as connection:
        which = AuditQueued.header.contains("log.pruned")
        row = connection.execute(sa.select(AuditQueued.header, AuditQueued.body).where(which)).one()
        said = json.loads(row.body)
        said = canonical(said | changes if changes else {**said, "signature": None})
        salt = bytes(32)
        header = json.loads(row.header) | {"b": entry.commit_text(salt, said)}
        changed = {"header": canonical(header).decode(), "body": said.decode(), "salt": salt}
        connection.execute(sa.update(AuditQueued).where(which).values(changed))
    world.keep_log()
    before = world.one(sa.select(sa.func.count()).select_from(AuditBody))

    done = carry_out(world, admin, pruning_id)

    assert (done.is_finished, done.removed) == (False, 0)
    assert world.one(sa.select(sa.func.count()).select_from(AuditBody)) == before


def test_nothing_is_removed_beyond_what_was_signed(world, admin):
    """The row that tells the appliance what to do next is no permission."""
    (planned,) = plan(world, admin, bodies=300)
    pruning_id = authorise(world, admin, planned)
    world.keep_log()
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(AuditPruning).values(end=512))

    done = carry_out(world, admin, pruning_id)

    assert (done.is_finished, done.removed) == (False, 0)


def test_nothing_is_allowed_by_another_key_than_the_logs(world, admin):
    (planned,) = plan(world, admin, bodies=600)
    stranger = LogSigner(world.home / "keys" / "stranger.key")
    tools = replace(world.wiring.logs, signer=stranger)

    with pytest.raises(DamagedError, match="is not the key"), world.begin(admin) as work:
        pruning.authorise(work, planned, tools=tools, now=datetime.now(UTC))


def sound(world, actor):
    """Whether the appliance itself finds nothing wrong with the log."""
    findings = check.check(
        lambda: world.reading(actor),
        ["instance"],
        tools=world.wiring.logs,
        now=datetime.now(UTC),
        progress=unheard,
    )
    return findings.problems == []


def count(world, table, *conditions: object):
    return world.one(sa.select(sa.func.count()).select_from(table).where(*conditions))


def root(world, size):
    with world.reading(world.actor("administrator")) as work:
        log = work.session.scalars(sa.select(AuditLog).where(INSTANCE)).one()
        return trees.merkle.root_at(size, trees.node(work, log.id))


def test_details_go_up_to_a_bundle_and_a_verifier_says_so(world, admin, auditor):
    before = root(world, 700)
    (planned,) = plan(world, admin, bodies=600)
    assert (planned.what, planned.end, planned.gone) == (What.BODIES, 512, planned.goes)
    evidence = 512 - planned.goes

    prune(world, admin, bodies=600)

    assert count(world, AuditBody, AuditBody.idx < 512) == evidence == 171
    assert count(world, AuditValue, AuditValue.idx < 512) == evidence * 2
    assert count(world, AuditLeaf, AuditLeaf.idx < 512) == 512
    gone = AuditFinding.idx < 512, AuditFinding.words.is_(None)
    assert count(world, AuditFinding, *gone) == planned.goes
    assert root(world, 700) == before
    code, report = auditor.look()
    assert code == 0, report
    assert f"{planned.goes} bodies pruned" in report
    assert sound(world, admin)


def test_what_allows_it_is_in_the_log_with_the_hash_of_its_certificate(world, admin):
    prune(world, admin, bodies=600)

    (event,) = world.recorded("log.pruned")
    certificate = world.one(sa.select(AuditPruning.certificate))
    assert event.body["certificate_sha256"] == hashlib.sha256(certificate.encode()).hexdigest()
    said = json.loads(certificate)
    assert (said["first"], said["end"], said["what"]) == (0, 512, "bodies")
    assert said["root"] == event.body["root"]
    assert "address" not in event.body


def test_nothing_goes_before_its_event_is_signed(world, admin):
    (planned,) = plan(world, admin, bodies=600)
    pruning_id = authorise(world, admin, planned)

    assert carry_out(world, admin, pruning_id).removed == 0
    assert count(world, AuditBody) == 700
    with pytest.raises(ConflictError):
        authorise(world, admin, planned)
    world.keep_log()
    assert carry_out(world, admin, pruning_id).removed == planned.goes
    assert carry_out(world, admin, pruning_id).removed == planned.goes


def test_nothing_goes_before_witnesses_have_signed_it(world, admin):
    vkey = str(note.Key("north", note.Kind.COSIGNATURE_ED25519, bytes(32)))
    world.add(Witness(name="north", operator="north", vkey=vkey, url="", created_at=NOON))
    (planned,) = plan(world, admin, bodies=600)
    pruning_id = authorise(world, admin, planned)
    world.keep_log()
    world.add(WitnessedLog(log_id=1, size=700))

    assert not carry_out(world, admin, pruning_id).is_finished
    with world.begin(admin) as work:
        work.session.get_one(WitnessedLog, 1).size = 701
    assert carry_out(world, admin, pruning_id).is_finished


def test_entries_go_and_the_rest_is_proven(world, admin, auditor):
    heads = {size: root(world, size) for size in (1, 255, 300, 512, 699)}
    prune(world, admin, entries=600)

    assert count(world, AuditLeaf, AuditLeaf.idx < 512) == 0
    assert count(world, AuditBody, AuditBody.idx < 512) == 0
    assert count(world, AuditFinding, AuditFinding.idx < 512) == 0
    assert world.one(sa.select(AuditLog.minimum).where(INSTANCE)) == 512
    assert {size: root(world, size) for size in heads} == heads
    export = auditor.export()
    code, report = auditor.verify(export)
    assert code == 0, report
    assert "the first 512 entries are gone" in report


def test_an_early_head_is_still_proven_and_the_lowest_hashes_go_only_by_name(
    world, admin, auditor, tmp_path
):
    notes = world.one(sa.select(AuditCheckpoint.note).where(AuditCheckpoint.size == 700))
    (tmp_path / "head").write_text(notes)
    prune(world, admin, entries=600)
    world.keep_log()
    export = auditor.export(known_sizes=(700,))
    assert auditor.verify(export, "--known", tmp_path / "head")[0] == 0

    prune(world, admin, tiles=True)

    assert count(world, AuditTile, AuditTile.level == 0, AuditTile.idx < 2) == 0
    assert count(world, AuditTile, AuditTile.level == 1) == 1
    assert root(world, 512)
    export = auditor.export(known_sizes=(700,))
    assert auditor.verify(export, "--known", tmp_path / "head")[0] == 0
    assert sound(world, admin)
    assert plan(world, admin, tiles=True) == []


def test_settings_say_how_long_what_is_kept(world, admin):
    now = datetime.now(UTC)
    due = lambda after: _due(world, admin, now + timedelta(days=after))  # noqa: E731 - two words.

    assert due(100) == []
    assert [(each.what, each.goes, each.end) for each in due(2601)] == [("bodies", 341, 512)]
    world.configure(CODARA_AUDIT__ENTRIES_KEPT_DAYS="3000")
    assert [each.what for each in due(2999)] == ["bodies"]
    assert [(each.what, each.goes) for each in due(3001)] == [("bodies", 341), ("entries", 512)]
    world.configure(CODARA_AUDIT__SECURITY_KEPT_DAYS="0")
    assert due(3001) == []


def _due(world, actor, now):
    with world.reading(actor) as work:
        return pruning.due(work, now=now)


def test_a_second_pruning_counts_what_the_first_took(world, admin, auditor):
    prune(world, admin, bodies=300)
    act(world, admin, 300)
    world.keep_log()
    prune(world, admin, bodies=900)

    first, second = world.recorded("log.pruned")
    assert (first.body["end"], second.body["end"]) == (256, 768)
    assert second.body["bodies"] > first.body["bodies"]
    assert auditor.look()[0] == 0


def test_what_is_cut_off_goes_on(world, admin, auditor, monkeypatch):
    monkeypatch.setattr(removal, "AT_ONCE", 256)
    (planned,) = plan(world, admin, entries=600)
    pruning_id = authorise(world, admin, planned)
    world.keep_log()
    with world.begin(admin) as work:
        assert (
            removal.step(work, pruning_id, tools=world.wiring.logs, now=datetime.now(UTC)).reached
            == 256
        )

    assert auditor.look()[0] == 0
    with world.reading(admin) as work:
        assert removal.unfinished(work) == [pruning_id]
    assert carry_out(world, admin, pruning_id).is_finished
    assert auditor.look()[0] == 0
    assert world.one(sa.select(AuditLog.minimum).where(INSTANCE)) == 512


def test_only_administrators_prune(world, admin):
    user = world.user()
    with pytest.raises(RefusedError):
        plan(world, user, bodies=600)
    (planned,) = plan(world, admin, bodies=600)
    with pytest.raises(RefusedError):
        authorise(world, user, planned)
