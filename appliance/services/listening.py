"""Listening to what happens in a repository: who may, from where on, and whether they still may.

A position says up to which event somebody has heard. It is sealed: the count of what happens on the
whole appliance, which it holds, is nobody's to know, and no other repository takes it.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate, grants
from appliance.access.gate import open_to_everyone
from appliance.db.audit_log import AuditFinding
from appliance.db.credentials import BrowserSession
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import Permission
from appliance.errors import DamagedError, HiddenError, InvalidError, UnauthenticatedError, sentence
from appliance.security.sealing import Place
from appliance.services import identify, repository_facts

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer
    from appliance.services.repository_facts import Facts

FORM = struct.Struct(">QI")
LONGEST_POSITION = 200
ALERTS = "alert."
"""How the names of events about alerts begin: they are not for everybody who may read."""
WHOLE = 2**32 - 1
"""The number of a part that comes after all parts of an entry."""
GONE = sentence("Who listens may not enter any more.")


@dataclass(frozen=True)
class Listener:
    """Who listens to which repository, and up to where they have heard."""

    repository_id: str
    place: int
    part: int
    seen: int
    """The newest place when they were asked who they are."""
    user_id: str = ""
    credential_id: str = ""
    method: str = Method.NONE
    address: str = ""
    hears_alerts: bool = False
    """Whether they may know what scans found."""

    @property
    def who(self) -> tuple[str, str, str, str, str, bool]:
        """The same for all that one question about rights answers."""
        place = self.address, self.repository_id, self.hears_alerts
        return self.user_id, self.credential_id, self.method, *place

    def may_hear(self, frame: Frame) -> bool:
        """Whether an event is for them."""
        return self.hears_alerts or not frame.name.startswith(ALERTS)

    def spelled(self) -> dict[str, Any]:
        """Itself, for another process."""
        return asdict(self)


@dataclass(frozen=True)
class Frame:
    """One event, as it is sent."""

    place: int
    part: int
    name: str
    position: str
    payload: dict[str, Any]


def start(work: UnitOfWork, path: str, last_event_id: str, *, sealer: Sealer) -> Listener:
    """Somebody who begins to listen; from now on, or after the position that they name.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
        InvalidError: the position is none of this repository.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    last = work.session.scalar(sa.select(sa.func.max(AuditFinding.place))) or 0
    identifier = str(repository.id)
    place, part = last, WHOLE
    if last_event_id:
        place, part = _read(last_event_id, identifier, sealer)
    origin = work.actor.origin
    return Listener(
        repository_id=identifier,
        place=place,
        part=part,
        seen=last,
        user_id=str(work.actor.id or ""),
        credential_id=str(origin.credential_id or ""),
        method=origin.method,
        address=origin.address,
        hears_alerts=Permission.ALERT_READ in grants.on_repository(work, repository),
    )


@open_to_everyone(because="it asks who they are, and then as they would")
def insist(work: UnitOfWork, listener: Listener, *, now: datetime) -> None:
    """Go on only if somebody who listens may still do so.

    Errors:
        UnauthenticatedError: their credential is gone, or they may not enter.
        HiddenError: the repository is gone, or it or its alerts are theirs to read no more.
    """
    origin = Origin(
        address=listener.address,
        method=Method(listener.method),
        credential_id=_id(listener.credential_id),
    )
    if origin.method is Method.SESSION:
        session = work.session.get(BrowserSession, origin.credential_id)
        if session is None or session.ends_at <= now:
            raise UnauthenticatedError(GONE)
    work.actor = stranger(origin)
    if listener.user_id:
        work.actor = identify.again(
            work, _id(listener.user_id), origin.credential_id, origin=origin, now=now
        )
    repository_id = UUID(listener.repository_id)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    allowed = grants.on_repository(work, repository)
    is_too_much = listener.hears_alerts and Permission.ALERT_READ not in allowed
    if repository.deleted_at is not None or is_too_much:
        raise HiddenError(GONE)


def newest(work: UnitOfWork) -> int:
    """The last place there is."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return repository_facts.newest(work)


def after(
    work: UnitOfWork, place: int, *, sealer: Sealer, url: str, repository_id: str = ""
) -> tuple[dict[str, list[Frame]], int]:
    """What comes after a place, for each repository, or for one; and up to where that is all."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    only = UUID(repository_id) if repository_id else None
    facts = repository_facts.after(work, place, sealer=sealer, url=url, repository_id=only)
    return _frames(facts, sealer), facts.until


def position(repository_id: str, place: int, part: int, *, sealer: Sealer) -> str:
    """The spelling of a position."""
    sealed = sealer.seal(FORM.pack(place, part), _kept_at(repository_id))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def _frames(facts: Facts, sealer: Sealer) -> dict[str, list[Frame]]:
    found: dict[str, list[Frame]] = {}
    for told in facts.told:
        identifier = str(told.repository.id)
        spelled = position(identifier, told.place, told.part, sealer=sealer)
        frame = Frame(told.place, told.part, told.name, spelled, told.payload)
        found.setdefault(identifier, []).append(frame)
    return found


def _read(text: str, repository_id: str, sealer: Sealer) -> tuple[int, int]:
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        place, part = FORM.unpack(sealer.unseal(sealed, _kept_at(repository_id)))
    except (binascii.Error, ValueError, struct.error, DamagedError) as error:
        said = sentence("This is no position in the events of this repository.")
        raise InvalidError.of("Last-Event-ID", said) from error
    return place, part


def _kept_at(repository_id: str) -> Place:
    return Place("events", "position", repository_id)


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None
