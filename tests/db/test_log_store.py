"""Taking from the queue of the audit log costs the same however long the log is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db import log_store
from appliance.domain import events
from appliance.domain.identity import appliance


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_finds_in_an_index_whether_an_event_is_in_the_log(world):
    with world.begin(appliance()) as work:
        work.record(events.LeftoversSwept(rows=1))
    said = []
    engine = world.wiring.database.engine

    def note(connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("DELETE FROM audit_queue"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            said.extend(row.detail for row in plan)

    sa.event.listen(engine, "before_cursor_execute", note)
    with engine.begin() as connection:
        assert len(log_store.take(connection, 10)) == 1

    (looking,) = [each for each in said if "audit_leaves" in each]
    assert looking.startswith("SEARCH audit_leaves USING")
