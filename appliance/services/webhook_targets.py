"""Where webhooks may lead, what a request to one looks like, and what may be kept of the answer."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from appliance.db.repositories import Repository
from appliance.db.webhooks import Webhook
from appliance.delivery.exchange import Exchange, Trust
from appliance.delivery.webhook import SIGNATURE, TIMESTAMP, sign
from appliance.domain.foreign_words import cleaned
from appliance.errors import ApplianceError, InvalidError, sentence
from appliance.security import outgoing
from appliance.security.sealing import Place

if TYPE_CHECKING:
    from appliance.db.organisations import Organisation
    from appliance.domain.destinations import Destination
    from appliance.settings_sections import Webhooks

SECRET, FORMER = "secret", "former_secret"
OVER_BODY = "Codara-Signature-256"
SHOWN_OF_SIGNATURE = 16
MOST_HEADERS, LONGEST_HEADER = 40, 500
LONGEST_ANSWER = 8192
MASK = "***"
SECRETIVE = ("cookie", "authorization", "token", "secret", "key", "password", "signature")


@dataclass(frozen=True)
class Parcel:
    """One delivery as it is sent: no database behind it."""

    number: int
    line: UUID
    delivery_id: str
    hook_id: str
    event: str
    event_id: str
    payload: str
    again_of: str
    address: str
    attempts: int
    secrets: Sequence[str] = field(repr=False)
    """The newest first; each signs."""


@dataclass(frozen=True)
class Outcome:
    """What came of a try. A status of none: there was no answer."""

    headers: list[list[str]]
    """Those that were sent, with signatures cut short."""
    status: int | None = None
    answer_headers: list[list[str]] = field(default_factory=list)
    answer: str = ""
    error: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        success = HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES
        return self.status is not None and success[0] <= self.status < success[1]

    @property
    def reason(self) -> str:
        """Why it is not taken, in a word."""
        return "no_answer" if self.status is None else f"status_{self.status}"


def about(owner: Repository | Organisation, hook: Webhook) -> dict[str, Any]:
    """What every event about a webhook says: some addresses have secrets in their paths."""
    parts = urlsplit(hook.address)
    return {
        "about": hook.id,
        "organisation_id": owner.organisation_id if isinstance(owner, Repository) else owner.id,
        "host": f"{parts.scheme}://{parts.netloc}",
    }


def kept_at(hook_id: UUID, column: str) -> Place:
    """Where a webhook's secret is kept."""
    return Place(Webhook.__tablename__, column, str(hook_id))


def check_address(address: str, *, rules: Webhooks) -> None:
    """Go on only if events may be sent there. Looks the name up, so not within a transaction.

    Errors:
        InvalidError: the address is malformed, or leads where we may not go.
        UnavailableError: no name server answers now.
    """
    _judge(address, rules)


def send(parcel: Parcel, *, rules: Webhooks, timestamp: int) -> Outcome:
    """Post it once; no redirect is followed, and whatever goes wrong is the outcome."""
    body = parcel.payload.encode()
    headers = _headers(parcel, body, timestamp)
    shown = [[name, _shortened(name, value)] for name, value in headers.items()]
    try:
        place = _judge(parcel.address, rules)
        exchange = Exchange(place, Trust(rules.authorities_file), rules.seconds)
        answer = exchange.answer("POST", place.path, headers=headers, body=body)
    except ApplianceError as error:
        return Outcome(shown, error=str(error))
    return Outcome(
        shown,
        status=answer.status,
        answer_headers=_kept(answer.headers),
        answer=cleaned(answer.body, LONGEST_ANSWER),
        error="" if answer.status < HTTPStatus.MULTIPLE_CHOICES else _said(answer.status),
    )


def _headers(parcel: Parcel, body: bytes, timestamp: int) -> dict[str, str]:
    over_body = (hmac.digest(each.encode(), body, "sha256").hex() for each in parcel.secrets)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Codara-Webhook",
        "Codara-Event": parcel.event,
        "Codara-Event-Id": parcel.event_id,
        "Codara-Delivery": parcel.delivery_id,
        "Codara-Hook": parcel.hook_id,
        "Codara-Attempt": str(parcel.attempts + 1),
        TIMESTAMP: str(timestamp),
        SIGNATURE: ", ".join(sign(each, timestamp, body) for each in parcel.secrets),
        OVER_BODY: ", ".join(f"sha256={each}" for each in over_body),
    }
    return headers | ({"Codara-Redelivery-Of": parcel.again_of} if parcel.again_of else {})


def _shortened(name: str, value: str) -> str:
    """A signature lets whoever overhears it send the same again for some minutes."""
    if name not in {SIGNATURE, OVER_BODY}:
        return value
    return ", ".join(f"{each[:SHOWN_OF_SIGNATURE]}{MASK}" for each in value.split(", "))


def _kept(headers: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [
        [cleaned(name), MASK if _is_secretive(name) else cleaned(value, LONGEST_HEADER)]
        for name, value in headers[:MOST_HEADERS]
    ]


def _is_secretive(name: str) -> bool:
    return any(word in name.lower() for word in SECRETIVE)


def _said(status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return sentence(
            "The receiver answered with %(status)s, a redirect. Redirects are not followed: "
            "enter the final address.",
            status=status,
        )
    return sentence("The receiver answered with %(status)s.", status=status)


def _judge(address: str, rules: Webhooks) -> Destination:
    place = outgoing.judge(
        address,
        schemes=_schemes(address, rules),
        private_allowed=rules.private_addresses,
        setting="webhooks.private_addresses",
    )
    if rules.hosts and not _is_among(place.host, rules.hosts):
        raise InvalidError.of(
            "address",
            sentence(
                "%(host)s is not among the hosts that webhooks may reach. An administrator can "
                "add it to webhooks.hosts.",
                host=place.host,
            ),
        )
    return place


def _schemes(address: str, rules: Webhooks) -> tuple[str, ...]:
    """Plain HTTP, which anybody on the way can read, only to hosts that an administrator named."""
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        host = ""
    return ("https", "http") if _is_among(host, rules.plain_http_hosts) else ("https",)


def _is_among(host: str, patterns: Sequence[Any]) -> bool:
    return any(fnmatchcase(host, each.lower()) for each in patterns)
