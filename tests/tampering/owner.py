"""Somebody who owns the database, and stops at nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appliance.domain.ids import new_id
from audit import entry
from audit.canonical import canonical
from tests.world import World

SOMEWHERE = 2000
"""An entry of the instance's log that has everything, and of which nothing was pruned."""


@dataclass(frozen=True)
class Owner:
    """Runs statements behind the appliance's back."""

    world: World

    def do(self, statement: str, **values: object) -> None:
        with self.world.wiring.database.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def look(self, statement: str, **values: object) -> Any:
        with self.world.wiring.database.engine.connect() as connection:
            return connection.execute(sa.text(statement), values).first()

    def look_at_all(self, statement: str) -> Any:
        with self.world.wiring.database.engine.connect() as connection:
            return connection.execute(sa.text(statement)).all()

    def header(self, index: int = SOMEWHERE, **members: object) -> None:
        """Change members of an entry's header."""
        (text,) = self.look("SELECT header FROM audit_leaves WHERE log_id=1 AND idx=:i", i=index)
        changed = canonical(json.loads(text) | members).decode()
        self.do("UPDATE audit_leaves SET header=:h WHERE log_id=1 AND idx=:i", h=changed, i=index)

    def queue(self, header: dict[str, Any], body: dict[str, Any], log: str = "instance") -> str:
        """Put an event of one's own into the queue; gives its id."""
        event_id, salt = header.get("id", str(new_id())), os.urandom(entry.SALT_BYTES)
        text = canonical(body)
        said = {"id": event_id, "log": log} | header | {"b": entry.commit_text(salt, text)}
        is_sqlite = self.world.wiring.database.engine.dialect.name == "sqlite"
        self.do(
            "INSERT INTO audit_queue (event_id, log, header, salt, body) VALUES (:e,:l,:h,:s,:b)",
            e=event_id.replace("-", "") if is_sqlite else event_id,
            l=log,
            h=canonical(said).decode(),
            s=salt,
            b=text.decode(),
        )
        return event_id

    def entry(self, action: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The header and the body of the newest entry of an action in the instance's log."""
        header, body = self.look(
            "SELECT header, body FROM audit_leaves JOIN audit_bodies USING (log_id, idx) "
            "WHERE log_id=1 AND idx=:i",
            i=self.find(action),
        )
        return json.loads(header), json.loads(body)

    def find(self, action: str, *, last: bool = True) -> int:
        """The place of an entry of the instance's log."""
        order = "DESC" if last else "ASC"
        found = self.look(
            f"SELECT idx FROM audit_search WHERE log_id=1 AND action=:a ORDER BY idx {order}",  # noqa: S608 - our own words.
            a=action,
        )
        return int(found[0])

    def swap(self, table: str, column: str, first: int, second: int) -> None:
        """Let two rows of the instance's log change places."""
        query = f"SELECT {column} FROM {table} WHERE log_id=1 AND idx=:i"  # noqa: S608 - our own words.
        update = f"UPDATE {table} SET {column}=:v WHERE log_id=1 AND idx=:i"  # noqa: S608 - our own words.
        one, other = self.look(query, i=first)[0], self.look(query, i=second)[0]
        self.do(update, v=other, i=first)
        self.do(update, v=one, i=second)
