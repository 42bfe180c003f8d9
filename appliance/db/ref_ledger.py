"""Where the last recorded change left each ref of a repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.pushes import RefLedger
from appliance.domain.ids import new_id
from appliance.domain.protection import NO_OBJECT

BATCH = 500  # Well below the number of variables that SQLite takes in a statement.
# On the table and built once: every push asks these, and mapped objects would take twice as long.
LEDGER = RefLedger.__table__
FORGET = sa.delete(LEDGER).where(  # type: ignore[arg-type]  # It is a table.
    LEDGER.c.repository_id == sa.bindparam("of_repository"),
    LEDGER.c.ref.in_(sa.bindparam("refs", expanding=True)),
)
WRITE = sa.insert(LEDGER)  # type: ignore[arg-type]  # The same.


def expected(session: Session, repository_id: UUID) -> dict[bytes, str]:
    """Every ref that should exist, and what it should point at."""
    query = sa.select(RefLedger.ref, RefLedger.oid).where(RefLedger.repository_id == repository_id)
    return {ref: oid for ref, oid in session.execute(query)}  # noqa: C416 - rows are no pairs to the type checker.


def place(session: Session, repository_id: UUID, ref: bytes) -> str | None:
    """Where one ref should be."""
    query = sa.select(RefLedger.oid).where(
        RefLedger.repository_id == repository_id, RefLedger.ref == ref
    )
    return session.scalar(query)


def note(
    session: Session,
    repository_id: UUID,
    refs: Mapping[bytes, str],
    *,
    now: datetime,
    default_oid: str | None = None,
) -> None:
    """Write down where refs are now; one at the object of zeros is gone."""
    session.flush()  # The repository may be as new as its refs.
    connection = session.connection()
    for batch in _batches(list(refs)):
        connection.execute(FORGET, {"of_repository": repository_id, "refs": batch})
    rows = [
        {
            "id": new_id(),
            "repository_id": repository_id,
            "ref": ref,
            "oid": oid,
            "changed_at": now,
            "default_oid": default_oid,
        }
        for ref, oid in refs.items()
        if oid != NO_OBJECT
    ]
    if rows:
        connection.execute(WRITE, rows)


def _batches(names: Sequence[bytes]) -> Iterator[list[bytes]]:
    source = iter(names)
    while batch := list(islice(source, BATCH)):
        yield batch
