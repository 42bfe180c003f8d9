"""How Alembic meets our tables. It runs inside a connection that appliance/db/schema.py opened."""

from __future__ import annotations

from alembic import context

from appliance.db import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
