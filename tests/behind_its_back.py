"""Changes of the tables behind the appliance's back, as whoever owns the database can make them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa


@pytest.fixture
def tamper(world):
    """Change the tables behind the appliance's back, as whoever owns the database can."""

    def run(*statements: sa.Executable):
        with world.wiring.database.engine.connect() as connection:
            raw = connection.connection.driver_connection
            if connection.dialect.name == "sqlite":
                raw.execute("PRAGMA query_only = 0")
                triggers = raw.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%audit%'"
                )
                for (name,) in triggers.fetchall():
                    raw.execute(f"DROP TRIGGER {name}")
            else:
                raw.rollback()
                raw.execute("SET default_transaction_read_only = off")
                raw.execute("SET session_replication_role = replica")
            compiled = [
                str(each.compile(connection, compile_kwargs={"literal_binds": True}))
                for each in statements
            ]
            for each in compiled:
                raw.execute(each)
            raw.commit()
            connection.invalidate()

    return run
