"""`/hooks` of a repository: other systems that are told what happens in it."""

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
from appliance.web.api.repositories import RepositoryPath

api = frame.area("webhooks", "Telling other systems what happens, signed and in order.")

HOOKS = "/repos/<owner>/<name>/hooks"
HOOK = f"{HOOKS}/<uuid:id>"
DELIVERY = f"{HOOK}/deliveries/<int:number>"


class HookPath(RepositoryPath):
    """Which webhook."""

    id: UUID


class DeliveryPath(HookPath):
    """Which delivery."""

    number: int = Field(ge=1, le=LARGEST_NUMBER)


@api.get(HOOKS, summary="List webhooks", responses={"200": HookPage})
def list_hooks(path: RepositoryPath) -> Any:
    """For owners of the repository."""
    return hook_answers.listed(path.path)


@api.post(HOOKS, summary="Create a webhook", responses={"201": NewHookAnswer})
def create(path: RepositoryPath, body: NewHookBody) -> Any:
    """Without a secret it gets one, which is shown this once."""
    return hook_answers.made(path.path, f"/repos/{path.path}", body)


@api.get(HOOK, summary="Show a webhook", responses={"200": HookAnswer})
def show(path: HookPath) -> Any:
    """With what its receiver said last."""
    return hook_answers.shown(path.path, path.id)


@api.patch(HOOK, summary="Change a webhook", responses={"200": HookAnswer})
def change(path: HookPath, body: ChangedHookBody) -> Any:
    """Whoever changes it answers for it from then on; an old secret signs for a while longer."""
    return hook_answers.changed(path.path, path.id, body)


@api.delete(HOOK, summary="Delete a webhook", responses={"204": None})
def delete(path: HookPath) -> Any:
    """With the list of its deliveries."""
    return hook_answers.deleted(path.path, path.id)


@api.post(f"{HOOK}/ping", summary="Ping a webhook", responses={"202": DeliveryAnswer})
def ping(path: HookPath) -> Any:
    """It is sent once; what came of it is in the list of deliveries."""
    return hook_answers.pinged(path.path, path.id)


@api.get(
    f"{HOOK}/deliveries",
    summary="List deliveries of a webhook",
    responses={"200": DeliveryPage},
)
def list_deliveries(path: HookPath, query: DeliveriesQuery) -> Any:
    """As long as they are kept, the newest first."""
    return hook_answers.deliveries(path.path, path.id, query)


@api.get(
    DELIVERY,
    summary="Show a delivery of a webhook",
    responses={"200": WholeDeliveryAnswer},
)
def show_delivery(path: DeliveryPath) -> Any:
    """With request and answer of the last try."""
    return hook_answers.delivery(path.path, path.id, path.number)


@api.post(
    f"{DELIVERY}/redeliver",
    summary="Redeliver a delivery of a webhook",
    responses={"202": DeliveryAnswer},
)
def redeliver(path: DeliveryPath) -> Any:
    """The same event under a new delivery, after what waits already."""
    return hook_answers.redelivered(path.path, path.id, path.number)


@api.post(
    f"{HOOK}/redeliver",
    summary="Redeliver deliveries of a webhook, by time",
    responses={"202": RangeAnswer},
)
def redeliver_range(path: HookPath, body: RangeBody) -> Any:
    """In their order; what was sent again before is left out."""
    return hook_answers.range_redelivered(path.path, path.id, body)
