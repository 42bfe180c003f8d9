"""The record that somebody took a list out of the portal as a file."""

from __future__ import annotations

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events


@open_to_everyone(because="the list itself has asked who may see it, a moment ago")
def note(work: UnitOfWork, *, page: str, format: str, address: str) -> None:  # noqa: A002 - it is called so in the address.
    """Record it. Called before the first row leaves; `address` says what was searched for."""
    work.record(events.ListExported(page=page, format=format, query=address))
