"""Whatever somebody leaves in the queue: the log goes on, and what they left is kept and told."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from appliance import wiring_health
from appliance.db.audit_log import AuditLeaf, AuditValue
from appliance.db.audit_set_aside import AuditSetAside
from appliance.db.engine import is_sqlite
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.errors import DamagedError
from appliance.security import sealing
from appliance.services.audit_log import check, reconcile, search, values
from appliance.services.audit_log.search import Asked
from audit import entry
from audit.verdict import Verdict
from tests.auditor import Auditor, unheard
from tests.behind_its_back import tamper
from tests.domain.hostile_rows import ROWS, honest
from tests.peers.receivers import receiving
from tests.streams import deliver, happen, lab, stream
from tests.whole_logs import insist_on_whole_logs

__all__ = ["lab", "tamper"]
COLUMNS = "event_id, log, header, salt, body, personal"


def leave(world, *rows: dict[str, Any]):
    """Write rows into the queue as they are, behind the appliance's back."""
    engine = world.wiring.database.engine
    mark = "?" if is_sqlite(engine) else "%s"
    marks = ", ".join([mark] * len(COLUMNS.split(", ")))
    with engine.connect() as connection:
        connection.execute(sa.select(1))
        for row in rows:
            values = [row[name] for name in COLUMNS.split(", ")]
            if is_sqlite(engine) and not isinstance(values[0], str):
                values[0] = values[0].hex
            connection.exec_driver_sql(
                f"INSERT INTO audit_queue ({COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own words.
                tuple(values),
            )
        connection.commit()


def hostile(world):
    """All hostile rows that this database takes, by what they are."""
    takes_all = is_sqlite(world.wiring.database.engine)
    return {
        name: each.change(honest(world._organisation("lab").id))
        for name, each in ROWS.items()
        if takes_all or not each.sqlite_only
    }


def set_aside(world):
    with world.reading(appliance()) as work:
        return work.session.scalars(sa.select(AuditSetAside).order_by(AuditSetAside.position)).all()


def opened(world, row):
    place = sealing.Place("audit_set_aside", "sealed", str(row.event_id))
    content = world.wiring.sealer.unseal(row.sealed, place)
    return json.loads(content[entry.SALT_BYTES :])


def checked(world, actor):
    return check.check(
        lambda: world.reading(actor),
        ["instance", str(world._organisation("lab").id)],
        tools=world.wiring.logs,
        now=datetime.now(UTC),
        progress=unheard,
    )


@pytest.fixture
def attacked(lab):
    """A world with honest events before, between and after hostile rows."""
    happen(lab, 1)
    lab.hostile = hostile(lab)
    for number, row in enumerate(lab.hostile.values()):
        leave(lab, row)
        if number % 10 == 0:
            with lab.begin(appliance()) as work:
                work.record(
                    events.RepositoryArchived(
                        organisation_id=lab._organisation("lab").id, path=f"lab/between-{number}"
                    )
                )
    happen(lab, 1, start=100)
    lab.keep_log()
    return lab


def test_the_log_goes_on_and_is_whole(attacked):
    paths = [each.body["path"] for each in attacked.recorded("repo.archived")]

    assert paths[0] == "lab/0"
    assert paths[-1] == "lab/100"
    assert len(paths) == 2 + -(-len(attacked.hostile) // 10)
    insist_on_whole_logs(attacked)


def test_each_row_is_kept_whole_and_the_log_says_so(attacked):
    kept = set_aside(attacked)

    assert len(kept) == len(attacked.hostile)
    for (name, left), row in zip(attacked.hostile.items(), kept, strict=True):
        assert ROWS[name].why in row.why, name
        found = opened(attacked, row)
        for column, value in left.items():
            if isinstance(value, bytes):
                assert base64.b64decode(found[column]["base64"]) == value
            elif value is not None and column != "event_id":
                assert found[column] == str(value), name
    told = attacked.recorded("audit.row_set_aside")
    assert [(each.body["position"], each.body["why"]) for each in told] == [
        (row.position, row.why) for row in kept
    ]


def test_what_comes_behind_is_found_exported_and_streamed(attacked, tmp_path):
    owner = attacked.owner
    with attacked.begin(owner) as work:
        began = search.begin(work, Asked("action:repo.archived", "lab"), now=datetime.now(UTC))
        found = search.page(work, began, sealer=attacked.wiring.sealer).items
    assert "lab/100" in {each.fields["path"] for each in found}

    auditor = Auditor(attacked, attacked.administrator("auditing"), tmp_path)
    code, report = auditor.look()
    assert code == 0, report

    with receiving() as receiver:
        state = deliver(attacked, stream(attacked, receiver.url))
    lines = [line for request in receiver.kept for line in request.lines]
    assert "lab/100" in {line["body"].get("path") for line in lines}
    assert state.lag_events == 0


def test_health_says_so_until_somebody_has_compared(attacked):
    probe = wiring_health.all_parts(attacked.wiring)["audit log"]
    with pytest.raises(DamagedError, match=f"not events: {len(attacked.hostile)}"):
        probe()
    with attacked.reading(appliance()) as work:
        signer = attacked.wiring.logs.signer
        found = reconcile.compare(work, signer=signer, now=datetime.now(UTC))
    assert [(each.kind, each.count) for each in found] == [("set aside", len(attacked.hostile))]

    with attacked.begin(appliance()) as work:
        reconcile.note_result(work, repositories=0, differences=len(found))
    attacked.keep_log()

    assert "events wait" in probe()
    leave(attacked, next(iter(attacked.hostile.values())))
    attacked.keep_log()
    with pytest.raises(DamagedError, match="not events: 1"):
        probe()


def test_verification_tells_them_and_finds_what_was_changed_of_them(attacked, tamper):
    administrator = attacked.administrator("checking")
    findings = checked(attacked, administrator)
    assert findings.verdict is Verdict.GOOD
    assert sum("was no event" in text for text in findings.notes) == len(attacked.hostile)

    first, second, *_ = set_aside(attacked)
    tamper(
        sa.text("DELETE FROM audit_search"),  # Made for searching: it proves nothing.
        sa.delete(AuditSetAside).where(AuditSetAside.position == first.position),
        sa.update(AuditSetAside)
        .where(AuditSetAside.position == second.position)
        .values(why="nothing"),
    )

    findings = checked(attacked, administrator)
    assert findings.verdict is Verdict.TAMPERED
    assert sorted(each.text.rpartition(", and ")[2] for each in findings.problems) == [
        "another is there",
        "it is not there",
    ]


def test_nobody_changes_or_removes_what_was_set_aside(attacked):
    for statement in (
        "UPDATE audit_set_aside SET why = ''",
        "DELETE FROM audit_set_aside",
    ):
        with (
            pytest.raises(sa.exc.DBAPIError, match="only grows"),
            attacked.wiring.database.engine.begin() as connection,
        ):
            connection.execute(sa.text(statement))


def test_an_event_that_comes_twice_has_one_place(world):
    first, second = honest(), honest()
    leave(world, first, first)
    world.keep_log()
    leave(world, second, first)
    world.keep_log()

    placed = insist_on_whole_logs(world)
    assert {first["event_id"], second["event_id"]} < placed.keys()
    assert [row.why for row in set_aside(world)] == [
        "an event with this id stands before it in the queue",
        "an event with this id is in a log already",
    ]


def test_entries_of_an_earlier_release_that_are_none_do_not_stop_the_search(lab, tamper):
    happen(lab, 3)
    tamper(
        sa.update(AuditLeaf).where(AuditLeaf.idx == 1).values(header="{"),
        sa.update(AuditValue).where(AuditValue.idx == 2).values(sealed=b"x"),
        sa.text("DELETE FROM audit_search"),
        sa.text("UPDATE audit_logs SET searchable = 0"),
    )
    lab.keep_log()

    with lab.begin(lab.owner) as work:
        began = search.begin(work, Asked("", "lab", since="1970-01-01"), now=datetime.now(UTC))
        found = search.page(work, began, sealer=lab.wiring.sealer).items
    assert {"repo.archived", "audit.unreadable_entry"} <= {each.kind for each in found}


def test_a_value_that_was_changed_is_shown_as_unreadable_and_stops_nothing(lab, tamper):
    happen(lab, 1)
    with lab.begin(lab.owner) as work:
        refused = events.AccessRefused(
            organisation_id=lab._organisation("lab").id, reason="refused", attempt="to look"
        )
        work.record(refused)
    happen(lab, 1, start=100)
    tamper(
        sa.update(AuditValue).where(AuditValue.field == "attempt").values(sealed=b"x"),
        sa.text("DELETE FROM audit_search"),
        sa.text("UPDATE audit_logs SET searchable = 0"),
    )
    lab.keep_log()

    with lab.begin(lab.owner) as work:
        began = search.begin(work, Asked("action:access.refused", "lab"), now=datetime.now(UTC))
        (found,) = search.page(work, began, sealer=lab.wiring.sealer).items
    assert found.fields["attempt"] == values.UNREADABLE

    with receiving() as receiver:
        state = deliver(lab, stream(lab, receiver.url))
    sent = [json.dumps(line) for request in receiver.kept for line in request.lines]
    assert [values.UNREADABLE in line for line in sent if "access.refused" in line] == [True]
    assert state.lag_events == 0
