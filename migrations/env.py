"""How Alembic meets our tables. It runs inside a connection that appliance/db/schema.py opened."""

from __future__ import annotations

from alembic import context

from appliance.db import schema, tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    include_name=schema.is_described,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
