"""`/audit/streams`: sending the audit log to other systems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, OptionValue, Receiver
from appliance.services.audit_log import stream_reports, streams, targets
from appliance.services.audit_log.stream_reports import StreamReport
from appliance.services.audit_log.streams import Changes, NewStream
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLogs

api = frame.area("audit streams", "Sending the audit log to other systems, as it grows.")

STREAM = "/audit/streams/<uuid:id>"
INDEX = "`start`, `end` (what is recorded from now on), or the index of an entry"


class StreamsQuery(frame.Body):
    """Whose streams."""

    org: str = Field("", max_length=39, description="An organisation; empty: of the instance")


class StreamPath(frame.Body):
    """Which stream."""

    id: UUID


class ParkedPath(StreamPath):
    """Which event."""

    event: UUID


class PlaceAnswer(frame.Answer):
    """How far a stream is in one log."""

    log: str
    origin: str
    position: int = Field(description="The index of the next entry")
    size: int


class StreamAnswer(frame.Answer):
    """A stream, and how it is. Its secret is never shown."""

    id: UUID
    name: str
    organisation: str
    covers: Covers
    receiver: Receiver
    address: str
    format: Format
    options: dict[str, OptionValue]
    actions: list[str]
    has_secret: bool
    created_at: datetime
    state: str = Field(description="paused, stopped, failing, delivering or up_to_date")
    stopped_because: str
    error: str = Field(description="What the receiver said last; empty once it takes events again")
    failures: int
    retry_at: datetime | None
    delivered_at: datetime | None
    lag_events: int
    lag_seconds: float
    parked: int
    places: list[PlaceAnswer]


class StreamPage(frame.Answer):
    """All of them."""

    items: list[StreamAnswer]
    next: None


class NewStreamBody(frame.Body):
    """A stream to make."""

    name: str = Field(max_length=64)
    org: str = Field("", max_length=39, description="An organisation; empty: for the instance")
    covers: Covers | None = Field(None, description="For the instance: instance, or everything")
    receiver: Receiver
    address: str = Field(max_length=2048, description="A URL, tls://HOST:PORT, or a folder's name")
    format: Format = Format.JSON
    secret: str = Field("", max_length=4096)
    options: dict[str, OptionValue] = Field(default_factory=dict)
    actions: list[str] = Field(default_factory=list, description="repo.archived, repo.*; none: all")
    begin: int | str = Field(streams.END, alias="from", description=INDEX)


class ChangedStreamBody(frame.Body):
    """What to change; what is left out stays."""

    name: str | None = Field(None, max_length=64)
    address: str | None = Field(None, max_length=2048, description="Needs its secret again")
    format: Format | None = None
    secret: str | None = Field(None, max_length=4096)
    options: dict[str, OptionValue] | None = Field(None, description="Those left out stay")
    actions: list[str] | None = None


class ReplayBody(OfLogs):
    """From where to go on; in one log, or in all of the stream."""

    begin: int | str = Field(alias="from", description=INDEX)


class ParkedAnswer(frame.Answer):
    """An event that the receiver would not take."""

    event_id: UUID
    log_id: int
    index: int
    action: str
    reason: str
    parked_at: datetime
    is_to_retry: bool


class ParkedPage(frame.Answer):
    """All of them."""

    items: list[ParkedAnswer]
    next: None


@api.get("/audit/streams", summary="List streams", responses={"200": StreamPage})
def list_streams(query: StreamsQuery) -> Any:
    """Of an organisation's log for who may read it; of the instance for administrators."""
    with requests.reading() as work:
        found = stream_reports.list_streams(work, organisation=query.org, now=requests.now())
        return frame.page([_present(each) for each in found], None)


@api.post("/audit/streams", summary="Create a stream", responses={"201": StreamAnswer})
def create(body: NewStreamBody) -> Any:
    """For owners and security officers of the organisation; for the instance, administrators."""
    with requests.reading() as work:
        streams.insist_on_permission(work, body.org)
    wiring = requests.wiring()
    targets.check_address(body.receiver, body.address, rules=wiring.settings.streams)
    usual = Covers.ORGANISATION if body.org else Covers.INSTANCE
    wanted = NewStream(
        name=body.name,
        receiver=body.receiver,
        address=body.address,
        format=body.format,
        covers=body.covers or usual,
        organisation=body.org,
        secret=body.secret,
        options=body.options,
        actions=body.actions,
        begin=body.begin,
    )
    with requests.begin() as work:
        made = streams.create(work, wanted, sealer=wiring.sealer, now=requests.now())
        identifier = made.id
    return _shown(identifier, 201)


@api.get(STREAM, summary="Show a stream", responses={"200": StreamAnswer})
def show(path: StreamPath) -> Any:
    """With its lag, and what its receiver said last."""
    return _shown(path.id)


@api.patch(STREAM, summary="Change a stream", responses={"200": StreamAnswer})
def change(path: StreamPath, body: ChangedStreamBody) -> Any:
    """It goes on where it is."""
    wiring = requests.wiring()
    with requests.reading() as work:
        receiver = streams.receiver_of(work, path.id)
    if body.address is not None:
        targets.check_address(receiver, body.address, rules=wiring.settings.streams)
    changes = Changes(**body.model_dump())
    with requests.begin() as work:
        streams.change(work, path.id, changes, sealer=wiring.sealer)
    return _shown(path.id)


@api.delete(STREAM, summary="Delete a stream", responses={"204": None})
def delete(path: StreamPath) -> Any:
    """Nothing more is sent; the log keeps all."""
    with requests.begin() as work:
        streams.delete(work, path.id)
    return frame.nothing()


@api.post(f"{STREAM}/pause", summary="Pause a stream", responses={"200": StreamAnswer})
def pause(path: StreamPath) -> Any:
    """The log keeps what comes; nothing is lost."""
    with requests.begin() as work:
        streams.pause(work, path.id, now=requests.now())
    return _shown(path.id)


@api.post(f"{STREAM}/resume", summary="Resume a stream", responses={"200": StreamAnswer})
def resume(path: StreamPath) -> Any:
    """It goes on where it stopped."""
    with requests.begin() as work:
        streams.resume(work, path.id)
    return _shown(path.id)


@api.post(f"{STREAM}/replay", summary="Resend from an index", responses={"200": StreamAnswer})
def replay(path: StreamPath, body: ReplayBody) -> Any:
    """Or from the start, or only what comes."""
    with requests.begin() as work:
        streams.replay(work, path.id, body.begin, log=body.log, now=requests.now())
    return _shown(path.id)


@api.post(f"{STREAM}/test", summary="Send a test message", responses={"204": None})
def test(path: StreamPath) -> Any:
    """What the receiver says against it is the answer."""
    wiring = requests.wiring()
    host = wiring.logs.origin.partition("/")[0]
    with requests.begin() as work:
        plan = streams.plan_test(work, path.id, sealer=wiring.sealer, host=host)
    targets.send_test(plan, rules=wiring.settings.streams, now=lambda: datetime.now(UTC))
    return frame.nothing()


@api.get(f"{STREAM}/parked", summary="List parked events", responses={"200": ParkedPage})
def list_parked(path: StreamPath) -> Any:
    """Events that the receiver would not take while it took others."""
    with requests.reading() as work:
        found = stream_reports.parked(work, path.id)
        return frame.page([_present_parked(each) for each in found], None)


@api.post(
    f"{STREAM}/parked/<uuid:event>/retry",
    summary="Resend a parked event",
    responses={"200": ParkedAnswer},
)
def retry(path: ParkedPath) -> Any:
    """With the next turn of the stream."""
    with requests.begin() as work:
        found = streams.retry(work, path.id, path.event)
        return frame.answer(_present_parked(found))


@api.post(
    f"{STREAM}/parked/<uuid:event>/skip",
    summary="Skip a parked event",
    responses={"204": None},
)
def skip(path: ParkedPath) -> Any:
    """The receiver never gets it; that it was skipped is an event."""
    with requests.begin() as work:
        streams.skip(work, path.id, path.event)
    return frame.nothing()


def _shown(stream_id: UUID, status: int = 200) -> Any:
    with requests.reading() as work:
        found = stream_reports.show(work, stream_id, now=requests.now())
        place = f"{frame.PREFIX}/audit/streams/{stream_id}" if status == 201 else None  # noqa: PLR2004 - Created.
        return frame.answer(_present(found), status, place)


def _present(report: StreamReport) -> StreamAnswer:
    stream = report.stream
    return StreamAnswer(
        **{
            name: getattr(stream, name)
            for name in (
                *("id", "name", "covers", "receiver", "address", "format", "options", "actions"),
                *("created_at", "stopped_because", "error", "failures", "retry_at"),
                "delivered_at",
            )
        },
        organisation=report.organisation,
        has_secret=stream.secret is not None,
        state=report.state,
        lag_events=report.lag_events,
        lag_seconds=round(report.lag_seconds, 3),
        parked=report.parked,
        places=[PlaceAnswer.model_validate(each) for each in report.places],
    )


def _present_parked(parked: Any) -> ParkedAnswer:
    names = ("event_id", "log_id", "action", "reason", "parked_at", "is_to_retry")
    return ParkedAnswer(**{name: getattr(parked, name) for name in names}, index=parked.idx)
