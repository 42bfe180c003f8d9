"""`/audit/anchors`: time stamps of somebody else's clock under the states of the audit log."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import Field

from appliance.errors import InvalidError, sentence
from appliance.services.audit_log import anchors
from appliance.services.audit_log.anchors import Anchor
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLog

api = frame.area("audit anchors", "Time stamps under the states of the audit log (RFC 3161).")

LONGEST_TOKEN = 96 * 1024


class LogQuery(OfLog):
    """Which log."""


class StampBody(LogQuery):
    """What an authority has answered, or whom to ask."""

    token: str = Field(
        "", max_length=LONGEST_TOKEN, description="An answer that was carried here, in base64"
    )
    url: str = Field("", max_length=2048, description="An authority; empty: that of the settings")


class AnchorAnswer(frame.Answer):
    """A time stamp, and what it is about."""

    log: str
    size: int
    name: str
    authority: str
    stamped_at: datetime
    token: str = Field(description="The authority's answer (RFC 3161) in base64")
    note: str = Field(description="The signed state, byte by byte as it was stamped")


class AnchorsAnswer(frame.Answer):
    """All of them, newest first."""

    items: list[AnchorAnswer]


class QuestionAnswer(frame.Answer):
    """What an authority is to be asked."""

    log: str
    size: int
    request: str = Field(description="As RFC 3161 writes it, in base64")


@api.get("/audit/anchors", summary="List time stamps", responses={"200": AnchorsAnswer})
def list_anchors(query: LogQuery) -> Any:
    """The stamps of a log's states."""
    with requests.reading() as work:
        found = anchors.listed(work, query.log)
    return frame.answer(AnchorsAnswer(items=[_present(each) for each in found]))


@api.get(
    "/audit/anchor-request",
    summary="Get the request for a time-stamping authority",
    responses={"200": QuestionAnswer},
)
def question(query: LogQuery) -> Any:
    """About the newest state of a log; to be carried to an authority."""
    with requests.reading() as work:
        wanted = anchors.newest(work, query.log)
    data = base64.b64encode(anchors.question(wanted)).decode("ascii")
    return frame.answer(QuestionAnswer(log=wanted.log, size=wanted.size, request=data))


@api.post("/audit/anchors", summary="Request a time stamp", responses={"201": AnchorAnswer})
def stamp(body: StampBody) -> Any:
    """For administrators: ask an authority now, or bring its answer."""
    rules = requests.wiring().settings.witnesses
    with requests.reading() as work:
        anchors.insist_on_stamping(work)
        if body.token:
            found = anchors.read(_bytes(body.token))
            wanted = anchors.about(work, body.log, found)
            anchors.check(found, wanted.note, rules=rules)
        else:
            wanted = anchors.newest(work, body.log)
    if not body.token:
        # Outside a transaction: an authority may be slow.
        found = anchors.ask(_address(body.url or rules.time_stamp_url), wanted, rules=rules)
    with requests.begin() as work:
        kept = anchors.keep(work, wanted.log_id, wanted.size, found, now=requests.now())
    return frame.answer(_present(kept), HTTPStatus.CREATED)


def _address(url: str) -> str:
    if not url:
        raise InvalidError.of(
            "url", sentence("Name an authority, here or in the setting witnesses.time_stamp_url.")
        )
    return url


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidError.of("token", sentence("This is not base64.")) from error


def _present(found: Anchor) -> AnchorAnswer:
    return AnchorAnswer(
        log=found.log,
        size=found.size,
        name=found.name,
        authority=found.authority,
        stamped_at=found.stamped_at,
        token=base64.b64encode(found.token).decode("ascii"),
        note=found.note,
    )
