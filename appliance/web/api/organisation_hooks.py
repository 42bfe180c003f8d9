"""`/hooks` of an organisation: other systems that are told what happens in its repositories."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.web.api import frame, hook_answers
from appliance.web.api.hook_answers import (
    LARGEST_NUMBER,
    ChangedHookBody,
    DeliveriesQuery,
    DeliveryAnswer,
    DeliveryPage,
    HookAnswer,
    HookPage,
    NewHookAnswer,
    NewHookBody,
    RangeAnswer,
    RangeBody,
    WholeDeliveryAnswer,
)
from appliance.web.api.organisations import OrganisationPath

api = frame.area(
    "webhooks of organisations", "Telling other systems what happens in all repositories of one."
)

HOOKS = "/orgs/<org>/hooks"
HOOK = f"{HOOKS}/<uuid:id>"
DELIVERY = f"{HOOK}/deliveries/<int:number>"


class OrganisationHookPath(OrganisationPath):
    """Which webhook."""

    id: UUID


class OrganisationDeliveryPath(OrganisationHookPath):
    """Which delivery."""

    number: int = Field(ge=1, le=LARGEST_NUMBER)


@api.get(HOOKS, summary="List webhooks of an organisation", responses={"200": HookPage})
def list_hooks(path: OrganisationPath) -> Any:
    """For owners of the organisation."""
    return hook_answers.listed(path.org)


@api.post(HOOKS, summary="Create a webhook of an organisation", responses={"201": NewHookAnswer})
def create(path: OrganisationPath, body: NewHookBody) -> Any:
    """Without a secret it gets one, which is shown this once."""
    return hook_answers.made(path.org, f"/orgs/{path.org}", body)


@api.get(HOOK, summary="Show a webhook of an organisation", responses={"200": HookAnswer})
def show(path: OrganisationHookPath) -> Any:
    """With what its receiver said last."""
    return hook_answers.shown(path.org, path.id)


@api.patch(HOOK, summary="Change a webhook of an organisation", responses={"200": HookAnswer})
def change(path: OrganisationHookPath, body: ChangedHookBody) -> Any:
    """Whoever changes it answers for it from then on; an old secret signs for a while longer."""
    return hook_answers.changed(path.org, path.id, body)


@api.delete(HOOK, summary="Delete a webhook of an organisation", responses={"204": None})
def delete(path: OrganisationHookPath) -> Any:
    """With the list of its deliveries."""
    return hook_answers.deleted(path.org, path.id)


@api.post(
    f"{HOOK}/ping", summary="Ping a webhook of an organisation", responses={"202": DeliveryAnswer}
)
def ping(path: OrganisationHookPath) -> Any:
    """It is sent once; what came of it is in the list of deliveries."""
    return hook_answers.pinged(path.org, path.id)


@api.get(
    f"{HOOK}/deliveries",
    summary="List deliveries of a webhook of an organisation",
    responses={"200": DeliveryPage},
)
def list_deliveries(path: OrganisationHookPath, query: DeliveriesQuery) -> Any:
    """As long as they are kept, the newest first."""
    return hook_answers.deliveries(path.org, path.id, query)


@api.get(
    DELIVERY,
    summary="Show a delivery of a webhook of an organisation",
    responses={"200": WholeDeliveryAnswer},
)
def show_delivery(path: OrganisationDeliveryPath) -> Any:
    """With request and answer of the last try."""
    return hook_answers.delivery(path.org, path.id, path.number)


@api.post(
    f"{DELIVERY}/redeliver",
    summary="Redeliver a delivery of a webhook of an organisation",
    responses={"202": DeliveryAnswer},
)
def redeliver(path: OrganisationDeliveryPath) -> Any:
    """The same event under a new delivery, after what waits already."""
    return hook_answers.redelivered(path.org, path.id, path.number)


@api.post(
    f"{HOOK}/redeliver",
    summary="Redeliver deliveries of a webhook of an organisation, by time",
    responses={"202": RangeAnswer},
)
def redeliver_range(path: OrganisationHookPath, body: RangeBody) -> Any:
    """In their order; what was sent again before is left out."""
    return hook_answers.range_redelivered(path.org, path.id, body)
