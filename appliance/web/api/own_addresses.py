"""`/user/emails`: one's own e-mail addresses, and showing that they are one's own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from appliance.services import own_addresses
from appliance.web import requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

api = frame.area("e-mail addresses", "One's own e-mail addresses, and which of them count.")

EMAILS = "/user/emails"


class OwnAddressAnswer(frame.Answer):
    """An address, and whether it counts: for letters, signatures, rules about authors."""

    address: str
    is_primary: bool = Field(description="Whether letters go there")
    is_verified: bool
    asked_at: datetime | None = Field(description="When a letter was asked for that is unanswered")
    error: str = Field(description="Why that letter could not be sent")


class OwnAddressList(frame.Answer):
    """All of them, the one at which the caller is written to first."""

    items: list[OwnAddressAnswer]


class AddressBody(frame.Body):
    """Which address."""

    address: str = Field(max_length=255)


class AddressCodeBody(frame.Body):
    """What the letter said."""

    code: str = Field(max_length=100)


class OwnAddressPath(frame.Body):
    """Which address."""

    address: str = Field(max_length=255)


@api.get(EMAILS, summary="List your e-mail addresses", responses={"200": OwnAddressList})
def list_addresses() -> Any:
    """With those of which it was not shown yet that they are the caller's."""
    with requests.reading() as work:
        return _all(work)


@api.post(EMAILS, summary="Add an e-mail address", responses={"202": OwnAddressAnswer})
def add(body: AddressBody) -> Any:
    """A letter with a code goes there; the address counts when the code was given."""
    with requests.begin() as work:
        made = own_addresses.ask(work, body.address, now=requests.now())
    return frame.answer(OwnAddressAnswer.model_validate(made), 202)


@api.post(
    f"{EMAILS}/confirm",
    summary="Confirm an e-mail address",
    responses={"200": OwnAddressAnswer},
)
def confirm(body: AddressCodeBody) -> Any:
    """With the code that was sent to it. Whoever had the address without verifying it loses it."""
    key = requests.wiring().sign_in.fingerprint_key
    with requests.begin() as work:
        found = own_addresses.confirm(work, body.code, key=key, now=requests.now())
    return frame.answer(OwnAddressAnswer.model_validate(found))


@api.put(
    f"{EMAILS}/primary",
    summary="Choose the address for notifications",
    responses={"200": OwnAddressList},
)
def make_primary(body: AddressBody) -> Any:
    """One of the caller's addresses that count."""
    with requests.begin() as work:
        own_addresses.make_primary(work, body.address)
        work.session.flush()
        return _all(work)


@api.delete(f"{EMAILS}/<path:address>", summary="Remove an e-mail address", responses={"204": None})
def remove(path: OwnAddressPath) -> Any:
    """Not the one where letters go."""
    with requests.begin() as work:
        own_addresses.remove(work, path.address)
    return frame.nothing()


def _all(work: UnitOfWork) -> Any:
    found = own_addresses.listed(work, now=requests.now())
    items = [OwnAddressAnswer.model_validate(each) for each in found]
    return frame.answer(OwnAddressList(items=items))
