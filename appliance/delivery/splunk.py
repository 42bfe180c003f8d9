"""To Splunk's HTTP Event Collector, which says by an acknowledgement that events are indexed.

An answer of 200 only says that they were read. Source: Splunk documentation, "About HTTP Event
Collector Indexer Acknowledgment" (channel, ackId, /services/collector/ack).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from appliance.delivery.exchange import Answer, Exchange
from appliance.delivery.target import Batch
from appliance.errors import UnavailableError, sentence

EVENTS = "services/collector/event"
ACKNOWLEDGEMENTS = "services/collector/ack"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 2.0


@dataclass(frozen=True)
class Collector:
    """How a collector is spoken to."""

    token: str
    host: str
    index: str = ""
    is_acknowledged: bool = True
    patience_seconds: float = 60


class Splunk:
    """A collector."""

    def __init__(self, exchange: Exchange, collector: Collector) -> None:
        self._exchange, self._collector = exchange, collector

    def send(self, batch: Batch) -> None:
        """Post it, and wait until it is indexed."""
        lines = [
            json.dumps(self._event(entry.milliseconds, batch.kind, spelled))
            for entry, spelled in zip(batch.entries, batch.spelled, strict=True)
        ]
        answer = self._ask(batch.stream, EVENTS, "\n".join(lines))
        if self._collector.is_acknowledged:
            number = answer.get("ackId")
            if not isinstance(number, int):
                raise UnavailableError(
                    "The collector sends no acknowledgements. Turn them on for this token in "
                    "Splunk."
                )
            self._await(batch.stream, number)

    def _event(self, milliseconds: int, kind: str, spelled: Any) -> dict[str, Any]:
        event = {
            "time": f"{milliseconds // 1000}.{milliseconds % 1000:03}",
            "host": self._collector.host,
            "source": "codara:audit",
            "sourcetype": f"codara:audit:{kind}",
            "event": spelled,
        }
        return event | ({"index": self._collector.index} if self._collector.index else {})

    def _await(self, channel: str, number: int) -> None:
        """Ask again and again whether it is indexed."""
        end = time.monotonic() + self._collector.patience_seconds
        pause_seconds = FIRST_PAUSE_SECONDS
        question = json.dumps({"acks": [number]})
        while True:
            known = self._ask(channel, ACKNOWLEDGEMENTS, question).get("acks")
            if isinstance(known, dict) and known.get(str(number)) is True:
                return
            if time.monotonic() + pause_seconds > end:
                raise UnavailableError(
                    sentence(
                        "%(host)s accepted the events but did not index them in time.",
                        host=self._exchange.place.host,
                    )
                )
            time.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _ask(self, channel: str, what: str, body: str) -> dict[str, Any]:
        path = f"{self._exchange.place.path.rstrip('/')}/{what}?channel={channel}"
        headers = {
            "Authorization": f"Splunk {self._collector.token}",
            "Content-Type": "application/json",
            "X-Splunk-Request-Channel": channel,
        }
        return _members(self._exchange.ask("POST", path, headers=headers, body=body.encode()))

    def beat(self) -> None:
        """Nothing: it hears of us when there is something."""

    def close(self) -> None:
        """Nothing: each batch has a connection of its own."""


def _members(answer: Answer) -> dict[str, Any]:
    try:
        members = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise UnavailableError("The server is not an HTTP Event Collector.") from error
    return members if isinstance(members, dict) else {}
