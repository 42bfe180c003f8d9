"""What the endpoints of webhooks share, be they a repository's or an organisation's."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.domain.chat_messages import WebhookFormat
from appliance.domain.webhooks import LONGEST_OVERLAP_HOURS, USUAL_OVERLAP_HOURS, DeliveryState
from appliance.services import webhook_deliveries, webhook_targets, webhooks
from appliance.services.webhooks import Changes, Listed, NewWebhook
from appliance.web import paging, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.db.webhooks import WebhookDelivery

FORMAT = "codara: as the reference of events says; else one line for a chat"
EVENTS = "Names of events, as in push; * for all"
SIGNS = "Signs each delivery; from 16 to 200 characters"
LARGEST_NUMBER = 2**63 - 1


class HookAnswer(frame.Answer):
    """A webhook, and how it is. Its secret is never shown."""

    id: UUID
    url: str
    events: list[str]
    format: WebhookFormat = Field(description=FORMAT)
    is_active: bool
    state: str = Field(description="new, good, failing or off")
    off_because: str = Field(description="Why the appliance itself switched it off")
    responsible: str = Field(description="Who made it, or changed it last: told is what they see")
    is_kept_back: bool = Field(description="Something was not told, which they may not see")
    created_at: datetime
    former_secret_until: datetime | None = Field(description="Until then both secrets sign")
    delivered_at: datetime | None
    failures: int
    error: str = Field(description="What went wrong last; empty once it goes well again")
    waiting: int = Field(description="Deliveries that are to be made")


class NewHookAnswer(HookAnswer):
    """A webhook that was made, with its secret, which is shown this once."""

    secret: str


class HookPage(frame.Answer):
    """All of them."""

    items: list[HookAnswer]
    next: None


class NewHookBody(frame.Body):
    """A webhook to make."""

    url: str = Field(max_length=2048)
    events: list[str] = Field(max_length=100, description=EVENTS)
    secret: str = Field("", max_length=200, description=f"{SIGNS}; empty: one is made")
    is_active: bool = True
    format: WebhookFormat = Field(WebhookFormat.CODARA, description=FORMAT)


class ChangedHookBody(frame.Body):
    """What to change; what is left out stays."""

    url: str | None = Field(None, max_length=2048)
    events: list[str] | None = Field(None, max_length=100, description=EVENTS)
    is_active: bool | None = None
    format: WebhookFormat | None = Field(None, description=FORMAT)
    secret: str | None = Field(None, max_length=200, description=SIGNS)
    overlap_hours: float = Field(
        USUAL_OVERLAP_HOURS,
        ge=0,
        le=LONGEST_OVERLAP_HOURS,
        description="So long the old secret signs too; 0: no longer",
    )


class DeliveryAnswer(frame.Answer):
    """One event on its way to a webhook, or there."""

    number: int
    id: UUID = Field(description="As the receiver sees it in Codara-Delivery")
    event: str
    event_id: str
    repository: str
    state: DeliveryState
    attempts: int
    status: int | None = Field(description="What the receiver answered last")
    error: str
    seconds: float | None
    created_at: datetime
    tried_at: datetime | None
    retry_at: datetime | None
    redelivery_of: UUID | None


class HeaderAnswer(frame.Answer):
    """A header of a request or an answer."""

    name: str
    value: str


class WholeDeliveryAnswer(DeliveryAnswer):
    """The same with request and answer; signatures are cut short, and what is secret is masked."""

    request_headers: list[HeaderAnswer]
    request_body: str
    answer_headers: list[HeaderAnswer]
    answer_body: str = Field(description="Its beginning, as text")


class DeliveryPage(frame.Answer):
    """Some deliveries, the newest first."""

    items: list[DeliveryAnswer]
    next: str | None


class DeliveriesQuery(frame.PageQuery):
    """Which deliveries."""

    state: DeliveryState | None = None
    event: str = Field("", max_length=64)


class RangeBody(frame.Body):
    """What to send again, by when it was made."""

    since: AwareDatetime
    until: AwareDatetime
    only_given_up: bool = Field(default=False, description="Leave out what was delivered")


class RangeAnswer(frame.Answer):
    """How much is sent again."""

    deliveries: int


def listed(place: str) -> Any:
    """The webhooks of a place."""
    with requests.reading() as work:
        found = webhooks.listed(work, place)
        return frame.page([_present(each) for each in found], None)


def made(place: str, at: str, body: NewHookBody) -> Any:
    """A new webhook of a place, which is shown at `at`."""
    wiring = requests.wiring()
    with requests.reading() as work:
        webhooks.insist_on_permission(work, place)
    webhook_targets.check_address(body.url, rules=wiring.settings.webhooks)
    wanted = NewWebhook(body.url, body.events, body.secret, body.is_active, body.format)
    with requests.begin() as work:
        hook, secret = webhooks.create(
            work, place, wanted, sealer=wiring.sealer, now=requests.now()
        )
        identifier = hook.id
    with requests.reading() as work:
        found = _present(webhooks.show(work, place, identifier))
    answer = NewHookAnswer(**found.model_dump(), secret=secret)
    return frame.answer(answer, 201, f"{frame.PREFIX}{at}/hooks/{identifier}")


def shown(place: str, hook_id: UUID) -> Any:
    """One webhook."""
    with requests.reading() as work:
        return frame.answer(_present(webhooks.show(work, place, hook_id)))


def changed(place: str, hook_id: UUID, body: ChangedHookBody) -> Any:
    """A webhook, after it was changed."""
    wiring = requests.wiring()
    with requests.reading() as work:
        webhooks.insist_on_permission(work, place)
    if body.url is not None:
        webhook_targets.check_address(body.url, rules=wiring.settings.webhooks)
    changes = Changes(
        *(body.url, body.events, body.is_active, body.secret, body.overlap_hours, body.format)
    )
    with requests.begin() as work:
        webhooks.change(work, place, hook_id, changes, sealer=wiring.sealer, now=requests.now())
    return shown(place, hook_id)


def deleted(place: str, hook_id: UUID) -> Any:
    """Nothing, after a webhook was deleted."""
    with requests.begin() as work:
        webhooks.delete(work, place, hook_id)
    return frame.nothing()


def pinged(place: str, hook_id: UUID) -> Any:
    """The ping that is on its way."""
    url = requests.wiring().settings.server.url.rstrip("/")
    with requests.begin() as work:
        found = webhook_deliveries.ping(work, place, hook_id, url=url, now=requests.now())
        return frame.answer(_present_delivery(found), 202)


def deliveries(place: str, hook_id: UUID, query: DeliveriesQuery) -> Any:
    """What was delivered, and what is to be."""
    with requests.reading() as work:
        page = webhook_deliveries.listed(
            *(work, place, hook_id),
            webhook_deliveries.Wanted(query.state, query.event),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_present_delivery(each) for each in page.items], page.next)


def delivery(place: str, hook_id: UUID, number: int) -> Any:
    """One delivery, with request and answer."""
    with requests.reading() as work:
        found = webhook_deliveries.show(work, place, hook_id, number)
        return frame.answer(
            WholeDeliveryAnswer(
                **_present_delivery(found).model_dump(),
                request_headers=_headers(found.request_headers),
                request_body=found.payload,
                answer_headers=_headers(found.answer_headers),
                answer_body=found.answer,
            )
        )


def redelivered(place: str, hook_id: UUID, number: int) -> Any:
    """The new delivery of the same event."""
    with requests.begin() as work:
        found = webhook_deliveries.redeliver(work, place, hook_id, number, now=requests.now())
        return frame.answer(_present_delivery(found), 202)


def range_redelivered(place: str, hook_id: UUID, body: RangeBody) -> Any:
    """How many are sent again."""
    with requests.begin() as work:
        number = webhook_deliveries.redeliver_range(
            *(work, place, hook_id), **body.model_dump(), now=requests.now()
        )
        return frame.answer(RangeAnswer(deliveries=number), 202)


def _present(found: Listed) -> HookAnswer:
    hook = found.hook
    names = (
        *("id", "events", "format", "is_active", "off_because", "is_kept_back", "created_at"),
        *("delivered_at", "failures", "error"),
    )
    return HookAnswer(
        **{name: getattr(hook, name) for name in names},
        url=hook.address,
        state=found.state,
        responsible=found.responsible,
        former_secret_until=hook.former_until,
        waiting=found.waiting,
    )


def _present_delivery(found: WebhookDelivery) -> DeliveryAnswer:
    names = (
        *("number", "event", "event_id", "state", "attempts", "status", "error", "seconds"),
        *("created_at", "tried_at", "retry_at"),
    )
    return DeliveryAnswer(
        **{name: getattr(found, name) for name in names},
        id=found.delivery_id,
        repository=found.path,
        redelivery_of=found.again_of,
    )


def _headers(rows: list[list[str]]) -> list[HeaderAnswer]:
    return [HeaderAnswer(name=name, value=value) for name, value in rows]
