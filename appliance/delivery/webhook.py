"""To an HTTPS address, signed with a secret that the receiver knows.

`Codara-Signature` is `v1=` and the hexadecimal HMAC-SHA256, with the secret, over the value of
`Codara-Timestamp` (seconds since 1970), a full stop, and the body. A receiver computes the same,
and refuses what is older than some minutes, so that nobody can send again what they overheard.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime

from appliance.delivery.exchange import Exchange
from appliance.delivery.target import Batch

TIMESTAMP, SIGNATURE = "Codara-Timestamp", "Codara-Signature"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of `Codara-Signature`."""
    return "v1=" + hmac.digest(secret.encode(), b"%d." % timestamp + body, "sha256").hex()


class Webhook:
    """A receiver that answers with 2xx when it has taken a batch."""

    def __init__(self, exchange: Exchange, secret: str, now: Callable[[], datetime]) -> None:
        self._exchange, self._secret, self._now = exchange, secret, now

    def send(self, batch: Batch) -> None:
        """Post it."""
        message = batch.message
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": message.media_type,
            "User-Agent": "Codara-Audit-Stream",
            "Codara-Stream": batch.stream,
            "Codara-Log": batch.log,
            "Codara-First-Index": str(batch.first),
            "Codara-Last-Index": str(batch.last),
            "Codara-Events": str(len(batch.entries)),
            TIMESTAMP: str(timestamp),
            SIGNATURE: sign(self._secret, timestamp, message.body),
        }
        self._exchange.ask("POST", self._exchange.place.path, headers=headers, body=message.body)

    def beat(self) -> None:
        """Nothing: it hears of us when there is something."""

    def close(self) -> None:
        """Nothing: each batch has a connection of its own."""
