"""OpenPGP keys of users, by which they sign commits, tags and pushes: add, list, remove."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_credentials
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.signing_keys import OpenPgpKey, OpenPgpKeyPart
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.security import openpgp

LONGEST_TEXT = openpgp.LONGEST_TEXT
ORDERS = {"created": (OpenPgpKey.id,), "name": (OpenPgpKey.fingerprint, OpenPgpKey.id)}
TAKEN = sentence("This key is already used by somebody else.")


def add(
    work: UnitOfWork, *, text: str, user: str | None = None, now: datetime
) -> tuple[OpenPgpKey, bool]:
    """Add a public key for oneself, or, as an administrator, for a user; and whether it is new.

    One that is here already is brought up to date: with other user ids, another end, a revocation.

    Errors:
        InvalidError: it is no public key, or a weak one; the sentence says what to do.
        ConflictError: it, or a subkey of it, is somebody else's here.
    """
    holder = fetch.account(work, user, sensitive=True)
    parsed = openpgp.parse_key(text.encode("utf-8", "surrogateescape"))
    known = work.session.scalar(
        sa.select(OpenPgpKey).where(OpenPgpKey.fingerprint == parsed.fingerprint)
    )
    if known is not None and known.user_id != holder.id:
        raise ConflictError(TAKEN)
    if known is None:
        return _added(work, holder.id, parsed, now), True
    _refresh(work, known, openpgp.merged(known.certificate, parsed.blob))
    work.record(
        events.OpenPgpKeyChanged(
            about=known.id,
            user_id=str(holder.id),
            fingerprint=known.fingerprint,
            is_revoked=known.is_revoked,
        )
    )
    return known, False


def list_keys(
    work: UnitOfWork,
    *,
    user: str | None = None,
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[OpenPgpKey]:
    """One's own keys, or those of a user; `search` is a part of a fingerprint."""
    holder = fetch.account(work, user)
    keys, is_descending = in_order(ORDERS, order)
    query = sa.select(OpenPgpKey).where(OpenPgpKey.user_id == holder.id)
    if search:
        query = query.where(OpenPgpKey.fingerprint.icontains(search, autoescape=True))
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: row[0],
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def remove(work: UnitOfWork, key_id: UUID) -> None:
    """Take a key away, one's own or as an administrator anybody's: it verifies nothing then."""
    key = fetch_credentials.openpgp_key(work, key_id)
    work.session.delete(key)
    work.record(
        events.OpenPgpKeyRemoved(
            about=key.id, user_id=str(key.user_id), fingerprint=key.fingerprint
        )
    )


def _added(
    work: UnitOfWork, user_id: UUID, parsed: openpgp.OpenPgpKey, now: datetime
) -> OpenPgpKey:
    if parsed.is_revoked:
        raise InvalidError.of("key", "This key has been revoked by its owner.")
    key = OpenPgpKey(
        id=new_id(),
        user_id=user_id,
        fingerprint=parsed.fingerprint,
        made_at=parsed.made_at,
        created_at=now,
    )
    _refresh(work, key, parsed)
    work.session.add(key)
    work.record(
        events.OpenPgpKeyAdded(about=key.id, user_id=str(user_id), fingerprint=key.fingerprint)
    )
    return key


def _refresh(work: UnitOfWork, key: OpenPgpKey, parsed: openpgp.OpenPgpKey) -> None:
    """Bring a row, and the rows of its parts, to what the key says."""
    key.certificate, key.algorithm = parsed.blob, parsed.algorithm
    key.user_ids = list(parsed.user_ids)
    key.expires_at, key.is_revoked = parsed.expires_at, parsed.is_revoked
    fingerprints = {part.fingerprint for part in parsed.parts}
    rows = work.session.scalars(
        sa.select(OpenPgpKeyPart).where(OpenPgpKeyPart.fingerprint.in_(fingerprints))
    ).all()
    if any(row.key_id != key.id for row in rows):
        raise ConflictError(TAKEN)
    work.session.add(key)
    work.session.flush()  # Its parts refer to it.
    present = {row.fingerprint for row in rows}
    for part in parsed.parts:
        if part.fingerprint not in present:
            work.session.add(
                OpenPgpKeyPart(key_id=key.id, fingerprint=part.fingerprint, short_id=part.short_id)
            )
