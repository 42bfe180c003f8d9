"""From which networks people may come: showing, setting and clearing the lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch_addresses
from appliance.db.address_lists import INSTANCE, AddressList
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import address_lists, events
from appliance.domain.identity import Method
from appliance.domain.second_person import Act
from appliance.errors import InvalidError, sentence
from appliance.services.second_person import guarded


@dataclass(frozen=True)
class ShownList:
    """The networks of a list, and from where it is looked at."""

    networks: Sequence[str]
    address: str


def show(work: UnitOfWork, organisation: str = "") -> ShownList:
    """The list of the appliance, or of an organisation, for who may change it."""
    organisation_id = fetch_addresses.owner(work, organisation)
    return ShownList(_networks(work, _scope(organisation_id)), work.actor.origin.address)


@guarded(Act.ADDRESS_LIST, states.address_list)
def change(work: UnitOfWork, organisation: str, networks: Sequence[str]) -> list[str]:
    """Let people come from these networks only; none: from anywhere.

    Errors:
        InvalidError: one is no network, or who asks would be kept out.
    """
    organisation_id = fetch_addresses.owner(work, organisation, sensitive=True)
    scope = _scope(organisation_id)
    wanted = address_lists.networks(networks)
    _insist_on_staying(work, wanted)
    work.session.execute(sa.delete(AddressList).where(AddressList.scope == scope))
    if wanted:
        row = AddressList(scope=scope, organisation_id=organisation_id, networks=wanted)
        work.session.add(row)
    work.record(
        events.AddressListChanged(
            about=organisation_id, organisation_id=organisation_id, networks=wanted
        )
    )
    return wanted


def _scope(organisation_id: UUID | None) -> str:
    return str(organisation_id) if organisation_id else INSTANCE


def _networks(work: UnitOfWork, scope: str) -> list[str]:
    listed = sa.select(AddressList.networks).where(AddressList.scope == scope)
    return work.session.scalar(listed) or []


def _insist_on_staying(work: UnitOfWork, wanted: list[str]) -> None:
    origin = work.actor.origin
    if not wanted or origin.method is Method.CONSOLE:
        return
    if not address_lists.holds(wanted, origin.address):
        raise InvalidError.of(
            "networks",
            sentence(
                "Your own address %(address)s is not in this list: you would lock yourself out.",
                address=origin.address,
            ),
        )
