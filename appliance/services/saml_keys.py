"""The appliance's own keys for SAML: one signs, and one after the other takes its place."""

from __future__ import annotations

import base64
import hashlib
import importlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from cryptography import x509

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db.saml_keys import SamlKey
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.saml_keys import KeyUse
from appliance.errors import ConflictError, sentence
from appliance.security.sealing import Place, Sealer

if TYPE_CHECKING:
    from appliance.federation.saml import OurKey, OurSide
    from appliance.wiring import SamlTools

NEEDED = Permission.PROVIDERS_MANAGE
METADATA_PATH = "/auth/saml/metadata"
ANSWERS_PATH = "/auth/saml/acs"
LOGOUT_PATH = "/auth/saml/slo"


@dataclass(frozen=True)
class ListedKey:
    """One of the appliance's keys, as administrators see it."""

    use: KeyUse
    fingerprint: str
    """SHA-256 of its certificate, in hexadecimal."""
    ends_at: datetime
    created_at: datetime


@open_to_everyone(because="it only says whether one was made")
def is_made(work: UnitOfWork) -> bool:
    """Whether there is a key that signs."""
    return KeyUse.SIGNS in _rows(work)


def make(*, now: datetime) -> OurKey:
    """A new key. That takes about a second, so no transaction is to be open meanwhile."""
    key: OurKey = protocol().make_key(now=now)
    return key


@open_to_everyone(because="the appliance needs one before anybody can ask by it")
def keep_first(work: UnitOfWork, key: OurKey, *, tools: SamlTools, now: datetime) -> None:
    """Let a key sign, unless there is one that does."""
    if not is_made(work):
        _add(work, key, KeyUse.SIGNS, sealer=tools.sealer, now=now)


@open_to_everyone(because="no door shows what is secret of it")
def our_side(work: UnitOfWork, *, tools: SamlTools) -> OurSide:
    """The appliance as identity providers know it.

    Errors:
        ConflictError: no key was made yet.
    """
    rows = _rows(work)
    if KeyUse.SIGNS not in rows:
        raise ConflictError(sentence("There is no key for SAML yet. Look at the metadata first."))
    saml = protocol()
    keys = {
        use: saml.OurKey(tools.sealer.unseal(row.sealed, _place(row)).decode(), row.certificate)
        for use, row in rows.items()
    }
    side: OurSide = saml.OurSide(
        entity_id=f"{tools.url}{METADATA_PATH}",
        answers_address=f"{tools.url}{ANSWERS_PATH}",
        logout_address=f"{tools.url}{LOGOUT_PATH}",
        key=keys[KeyUse.SIGNS],
        next_key=keys.get(KeyUse.NEXT),
        earlier_key=keys.get(KeyUse.EARLIER),
    )
    return side


def listed(work: UnitOfWork) -> list[ListedKey]:
    """The appliance's keys, the one that signs first."""
    gate.require(work, NEEDED)
    rows = _rows(work)
    return [_listed(rows[use]) for use in KeyUse if use in rows]


def prepare(work: UnitOfWork, key: OurKey, *, tools: SamlTools, now: datetime) -> None:
    """Let identity providers learn the key that is to sign next.

    Errors:
        ConflictError: there is one already, or the one before the present one still opens.
    """
    gate.require(work, NEEDED)
    rows = _rows(work)
    if KeyUse.NEXT in rows:
        raise ConflictError(sentence("There is already a next key. Activate it first."))
    if KeyUse.EARLIER in rows:
        raise ConflictError(sentence("Remove the earlier key first."))
    if KeyUse.SIGNS not in rows:
        raise ConflictError(sentence("There is no key for SAML yet. Look at the metadata first."))
    _add(work, key, KeyUse.NEXT, sealer=tools.sealer, now=now)


def switch(work: UnitOfWork) -> None:
    """Let the next key sign. The one that signed until now still opens.

    Errors:
        ConflictError: there is no next key.
    """
    gate.require(work, NEEDED)
    rows = _rows(work)
    if KeyUse.NEXT not in rows:
        raise ConflictError(sentence("There is no next key. Prepare one first."))
    # One after the other, because no two may have one use.
    rows[KeyUse.SIGNS].use = KeyUse.EARLIER
    work.session.flush()
    rows[KeyUse.NEXT].use = KeyUse.SIGNS
    row = rows[KeyUse.NEXT]
    work.record(events.SamlKeySwitched(about=row.id, fingerprint=_fingerprint(row)))


def retire(work: UnitOfWork) -> None:
    """Remove the key that signed before: what is encrypted for it opens no more.

    Errors:
        ConflictError: there is none.
    """
    gate.require(work, NEEDED)
    row = _rows(work).get(KeyUse.EARLIER)
    if row is None:
        raise ConflictError(sentence("There is no earlier key."))
    work.session.delete(row)
    work.record(events.SamlKeyRemoved(about=row.id, fingerprint=_fingerprint(row)))


def protocol() -> Any:
    """SAML, with its XML libraries; without it nobody pays for their memory."""
    return importlib.import_module("appliance.federation.saml")


def _rows(work: UnitOfWork) -> dict[KeyUse, SamlKey]:
    return {each.use: each for each in work.session.scalars(sa.select(SamlKey))}


def _add(work: UnitOfWork, key: OurKey, use: KeyUse, *, sealer: Sealer, now: datetime) -> SamlKey:
    row = SamlKey(id=new_id(), use=use, certificate=key.certificate, created_at=now)
    row.sealed = sealer.seal(key.private_key.encode(), _place(row))
    work.session.add(row)
    work.record(events.SamlKeyCreated(about=row.id, use=use, fingerprint=_fingerprint(row)))
    return row


def _listed(row: SamlKey) -> ListedKey:
    certificate = x509.load_der_x509_certificate(base64.b64decode(row.certificate))
    return ListedKey(row.use, _fingerprint(row), certificate.not_valid_after_utc, row.created_at)


def _fingerprint(row: SamlKey) -> str:
    return hashlib.sha256(base64.b64decode(row.certificate)).hexdigest()


def _place(row: SamlKey) -> Place:
    return Place("saml_keys", "sealed", str(row.id))
