"""What the signed parts of a bundle have in common: JSON of a named version, times, numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.errors import sentence
from appliance.scanning import records
from appliance.scanning.feeds.refusal import FeedError, Why
from appliance.security.envelopes import Envelope


def opened(envelope: Envelope, kind: str, version: int) -> Mapping[str, Any]:
    """The JSON that an envelope of a kind holds, if it is of a version that is known here.

    Errors:
        FeedError: it is of another kind or version, or no JSON.
    """
    if envelope.type != kind:
        raise malformed("payloadType")
    try:
        row = json.loads(envelope.payload)
    except (ValueError, RecursionError) as error:
        raise malformed("payload") from error
    if not isinstance(row, Mapping):
        raise malformed("payload")
    if row.get("version") != version:
        raise FeedError(
            Why.UNKNOWN_VERSION,
            sentence("This release does not know this version of feeds. Upgrade the appliance."),
        )
    return row


def malformed(field: str) -> FeedError:
    """A part is missing or not as it should be."""
    return FeedError(
        Why.MALFORMED, sentence("The feed's field %(field)s is not as it should be.", field=field)
    )


def number(row: Mapping[str, Any], field: str, *, least: int = 0) -> int:
    """A whole number that a database keeps."""
    value = row.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**62:
        raise records.RecordError(field)
    return value


def moment(row: Mapping[str, Any], field: str) -> datetime:
    """A time, in UTC."""
    return records.moment(row, field).astimezone(UTC)


def spelt(when: datetime) -> str:
    """A time as it is written."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
