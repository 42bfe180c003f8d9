"""`/admin/address-list`, `/orgs/{org}/address-list`: from which networks people may come."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from appliance.domain.address_lists import MOST_NETWORKS
from appliance.services import address_lists
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("address-lists", "From which networks people may come.")
INSTANCE, OF = "/admin/address-list", "/orgs/<org>/address-list"
NetworkText = Annotated[str, Field(max_length=60, description="192.0.2.0/24")]


class OrganisationPath(frame.Body):
    """Whose."""

    org: str = Field(max_length=39)


class ListBody(frame.Body):
    """The whole list; empty: from anywhere."""

    networks: list[NetworkText] = Field(max_length=MOST_NETWORKS)


class ListAnswer(frame.Answer):
    """The networks, and from where this was asked."""

    networks: list[str]
    address: str


@api.get(INSTANCE, summary="Show the allowed networks", responses={"200": ListAnswer})
def show() -> Any:
    """To the appliance at all. For administrators."""
    return _show("")


@api.put(INSTANCE, summary="Set the allowed networks", responses={"200": ListAnswer})
def change(body: ListBody) -> Any:
    """A list without the address of who asks is refused."""
    return _change("", body)


@api.get(OF, summary="Show the allowed networks of an organisation", responses={"200": ListAnswer})
def show_of(path: OrganisationPath) -> Any:
    """For its owners."""
    return _show(path.org)


@api.put(OF, summary="Set the allowed networks of an organisation", responses={"200": ListAnswer})
def change_of(path: OrganisationPath, body: ListBody) -> Any:
    """A list without the address of who asks is refused."""
    return _change(path.org, body)


def _show(organisation: str) -> Any:
    with requests.reading() as work:
        return frame.answer(ListAnswer.model_validate(address_lists.show(work, organisation)))


def _change(organisation: str, body: ListBody) -> Any:
    with requests.begin() as work:
        made = address_lists.change(work, organisation, body.networks)
        return frame.answer(ListAnswer(networks=made, address=requests.origin().address))
