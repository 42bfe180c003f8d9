"""The bytes of large files, once `lfs` has given leave; no transaction is open while they flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch_wiki
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.services.lfs import Leave, upload_name

if TYPE_CHECKING:
    from appliance.git.duplex import Body
    from appliance.wiring import GitTools


def read(leave: Leave, *, start: int, end: int, tools: GitTools) -> Iterator[bytes]:
    """The bytes of an object from `start` up to `end`.

    Errors:
        NotFoundError: its file is gone.
        DamagedError: while iterating, when it is no longer what it was.
    """
    return tools.lfs.read(leave.wanted.oid, start=start, end=end)


def receive(leave: Leave, body: Body, *, offset: int, tools: GitTools) -> None:
    """Store an object, or the rest of one.

    Errors:
        InvalidError: what arrived is not what was announced, or broke off.
        TooLargeError, ConflictError, QuotaError: as for the store's `receive`.
    """
    tools.lfs.receive(
        leave.wanted.oid,
        body,
        size_bytes=leave.wanted.size_bytes,
        upload=upload_name(leave),
        offset=offset,
    )


def received_bytes(leave: Leave, *, tools: GitTools) -> int:
    """How much of an unfinished upload is here."""
    return tools.lfs.received_bytes(leave.wanted.oid, upload=upload_name(leave))


def repository_id(work: UnitOfWork, path: str) -> UUID:
    """Which repository a path leads to.

    Errors:
        HiddenError, MovedError: none, or none for this actor.
    """
    return fetch_wiki.or_repository(work, path, Permission.REPOSITORY_READ).id
