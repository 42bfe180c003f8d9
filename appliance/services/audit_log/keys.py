"""Which keys sign the states of each log, from which size on; and how they are exchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import AuditKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.security.log_signing import LogSigner, public_key
from audit.note import Key, Kind

if TYPE_CHECKING:
    from appliance.security.signing import SigningKey


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def note(
    work: UnitOfWork,
    sizes: Mapping[int, tuple[str, int]],
    *,
    signer: LogSigner,
    drafted: SigningKey | None = None,
) -> None:
    """Write down which keys sign these logs at these sizes, where that changes.

    `sizes` are the origin and the size of each log. A drafted key signs from now on, and the
    present one a last time.

    Errors:
        DamagedError: the key that must sign is not here.
    """
    known: dict[int, dict[str, AuditKey]] = {}
    for row in work.session.scalars(
        sa.select(AuditKey).where(AuditKey.log_id.in_(sizes), AuditKey.until_size.is_(None))
    ):
        known.setdefault(row.log_id, {})[row.vkey] = row
    for log_id, (origin, size) in sizes.items():
        _note(work, log_id, size, known.get(log_id, {}), signer.keys(origin), signer)
        if drafted is not None:
            _exchange(work, log_id, size, public_key(origin, drafted))


@gate.open_to_everyone(because="the writers of the logs call it, who have asked")
def signing(work: UnitOfWork) -> dict[int, Key]:
    """The Ed25519 key that signs each log now; a log that was never signed has none."""
    rows = work.session.scalars(sa.select(AuditKey).where(AuditKey.until_size.is_(None)))
    keys = ((row.log_id, Key.parse(row.vkey)) for row in rows)
    return {log_id: key for log_id, key in keys if key.kind is Kind.ED25519}


def _note(
    work: UnitOfWork,
    log_id: int,
    size: int,
    known: Mapping[str, AuditKey],
    present: list[Key],
    signer: LogSigner,
) -> None:
    for row in known.values():
        key = Key.parse(row.vkey)
        if key.kind is Kind.ED25519:
            signer.insist_on(key)
        elif row.vkey not in map(str, present):
            row.until_size = size  # The setting was switched off.
    signs = {Key.parse(vkey).kind for vkey in known}
    for key in present:
        if str(key) not in known and (key.kind is not Kind.ED25519 or key.kind not in signs):
            # A log of an earlier release has no row yet, and was signed by this key always.
            is_first = key.kind is Kind.ED25519
            _add(work, log_id, key, from_size=0 if is_first else size)


def _exchange(work: UnitOfWork, log_id: int, size: int, key: Key) -> None:
    work.session.flush()
    for row in work.session.scalars(
        sa.select(AuditKey).where(AuditKey.log_id == log_id, AuditKey.until_size.is_(None))
    ):
        if Key.parse(row.vkey).kind is Kind.ED25519:
            row.until_size = size + 1
    _add(work, log_id, key, from_size=size)


def _add(work: UnitOfWork, log_id: int, key: Key, *, from_size: int) -> None:
    work.session.add(AuditKey(log_id=log_id, vkey=str(key), from_size=from_size))
