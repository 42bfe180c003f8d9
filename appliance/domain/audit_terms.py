"""What can be asked of an event by name, `actor:writer`, and which values each name takes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from appliance.domain.events import Outcome
from appliance.domain.identity import Method
from appliance.errors import InvalidError, sentence

INSTANCE = "instance"
MAPPED = bytes(10) + b"\xff\xff"
"""Before an IPv4 address in an IPv6 one. Source: RFC 4291, section 2.5.5.2."""
EARLIEST, LATEST = 1970, 9998
MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<minute>\d\d:\d\d)(?P<second>:\d\d)?(?P<fraction>\.\d{1,6})?"
    r"(?P<zone>[Zz]|[+-]\d\d:\d\d)?)?\Z",
    re.ASCII,
)
SINCE = re.compile(r"(\d{1,4})([hdw])\Z", re.ASCII)
UNITS = {"h": "hours", "d": "days", "w": "weeks"}
ACTION = re.compile(r"[a-z][a-z0-9_]*\.(?:[a-z0-9_]+|[a-z0-9_]*\*)\Z", re.ASCII)
CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,31}\Z", re.ASCII)
REQUEST = re.compile(r"[!-~]{1,64}\Z", re.ASCII)
NAME = re.compile(r"[^\s\x00-\x1f/]{1,255}\Z")
PATH = re.compile(r"[^\s\x00-\x1f/]{1,100}/(?:\*|[^\s\x00-\x1f/*]{1,100})\Z")


class Field(StrEnum):
    """What can be asked for by name."""

    ACTOR = "actor"
    ACTION = "action"
    CATEGORY = "category"
    OUTCOME = "outcome"
    REPOSITORY = "repo"
    ORGANISATION = "org"
    TEAM = "team"
    USER = "user"
    TOKEN = "token"  # noqa: S105 - a name in the language, not a secret.
    LOG = "log"
    METHOD = "method"
    ADDRESS = "ip"
    REQUEST = "request"
    EVENT = "id"
    CREATED = "created"


NAMED = (
    Field.ACTOR,
    Field.REPOSITORY,
    Field.ORGANISATION,
    Field.TEAM,
    Field.USER,
    Field.TOKEN,
    Field.LOG,
)
"""Their values are names that stand for ids."""


@dataclass(frozen=True)
class Period:
    """From `since` on, and before `until`; None for open ends."""

    since: datetime | None = None
    until: datetime | None = None


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check(field: Field, value: str) -> None:
    """Go on only if a value is one that its field takes.

    Errors:
        InvalidError: it is not; the message says what the field takes.
    """
    CHECKS[field](value)


def network(value: str) -> Network:
    """The addresses that `ip:` asks for: one of them, or a network.

    Errors:
        InvalidError: it is neither.
    """
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise _not(sentence("ip: takes an address or a network, as in 10.0.0.0/8.")) from error


def bounds(value: str) -> tuple[bytes, bytes]:
    """The first and the last address of a network.

    Shapes: 16 bytes each, IPv4 as mapped into IPv6.
    Errors:
        InvalidError: it is no network.
    """
    found = network(value)
    return packed(found.network_address), packed(found.broadcast_address)


def packed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    """An address in 16 bytes, IPv4 as mapped into IPv6, so that a network is a range."""
    if isinstance(address, ipaddress.IPv4Address):
        return MAPPED + address.packed
    return address.packed


def period(value: str, *, now: datetime) -> Period:
    """What `created:` asks for. `7d` are the last seven days before `now`.

    Errors:
        InvalidError: it is no time.
    """
    if found := SINCE.match(value):
        return Period(since=now - timedelta(**{UNITS[found[2]]: int(found[1])}))
    for sign, read in COMPARED.items():
        if value.startswith(sign):
            return read(_span(value.removeprefix(sign)))
    first, dots, last = value.partition("..")
    if not dots:
        start, end = _span(value)
        return Period(start, end)
    if first == last == "*":
        return Period()
    return Period(
        None if first == "*" else _span(first)[0], None if last == "*" else _span(last)[1]
    )


def starts(text: str) -> datetime:
    """The first moment of a day or a time, in UTC unless it says otherwise.

    Errors:
        InvalidError: it is none.
    """
    return _span(text)[0]


def between(since: str, until: str) -> Period:
    """From a day or a time on, up to and including another: of each, open if it is empty.

    What is included is as long as it is written: a whole day, minute or second.
    Errors:
        InvalidError: one of them is no time.
    """
    try:
        return period(f"{since or '*'}..{until or '*'}", now=datetime(LATEST, 1, 1, tzinfo=UTC))
    except InvalidError as error:
        raise InvalidError.of(
            "from",
            sentence(
                "It is from a day or a time, as in 2026-10-31 or 2026-10-31T09:30Z, to another one."
            ),
        ) from error


Span = tuple[datetime, datetime]
"""The first moment of a day, minute or second, and the first one after it."""

COMPARED: dict[str, Callable[[Span], Period]] = {
    ">=": lambda span: Period(since=span[0]),
    "<=": lambda span: Period(until=span[1]),
    ">": lambda span: Period(since=span[1]),
    "<": lambda span: Period(until=span[0]),
}


def _span(text: str) -> Span:
    found = MOMENT.match(text)
    try:
        if not found or not EARLIEST <= int(text[:4]) <= LATEST:
            raise ValueError(text)  # noqa: TRY301 - the same answer as for a day that never was.
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise _not(
            sentence(
                "created: takes a day or a time, as in 2026-10-31 or 2026-10-31T09:30Z; "
                ">=, >, <= or < before it; two of them with .. between; or 7d for the last 7 days."
            )
        ) from error
    start = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return start, start + _length(found)


def _length(found: re.Match[str]) -> timedelta:
    if found["minute"] is None:
        return timedelta(days=1)
    if found["fraction"] is not None:
        return timedelta(microseconds=1)
    return timedelta(minutes=1) if found["second"] is None else timedelta(seconds=1)


def _not(message: str) -> InvalidError:
    return InvalidError.of("q", message)


def _check_action(value: str) -> None:
    if not ACTION.match(value):
        raise _not(
            sentence(
                "action: takes a whole action, as in repo.created, or its beginning and a star, "
                "as in repo.*"
            )
        )


def _check_category(value: str) -> None:
    if not CATEGORY.match(value):
        raise _not(sentence("category: takes the first part of an action, as in repo."))


def _one_of(field: Field, allowed: type[StrEnum]) -> Callable[[str], None]:
    def check_member(value: str) -> None:
        if value not in {str(each) for each in allowed}:
            known = ", ".join(allowed)
            raise _not(sentence("%(field)s: takes one of: %(known)s.", field=field, known=known))

    return check_member


def _check_name(value: str) -> None:
    if not NAME.match(value):
        raise _not(sentence("A name has no spaces and no slash."))


def _check_path(value: str) -> None:
    if not PATH.match(value) and not is_id(value):
        raise _not(
            sentence("It is written OWNER/NAME, as in lab/notes, or lab/* for all of an owner's.")
        )


def _check_request(value: str) -> None:
    if not REQUEST.match(value):
        raise _not(sentence("request: takes a request's reference, as events show it."))


def _check_event(value: str) -> None:
    if not is_id(value):
        raise _not(sentence("id: takes the id of an event, as events show it."))


def _check_address(value: str) -> None:
    network(value)


def _check_created(value: str) -> None:
    period(value, now=datetime(LATEST, 1, 1, tzinfo=UTC))


def is_id(value: str) -> bool:
    """Whether it is an id in its usual spelling, in which nobody's name could be."""
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


CHECKS: dict[Field, Callable[[str], None]] = {
    Field.ACTOR: _check_name,
    Field.ACTION: _check_action,
    Field.CATEGORY: _check_category,
    Field.OUTCOME: _one_of(Field.OUTCOME, Outcome),
    Field.REPOSITORY: _check_path,
    Field.ORGANISATION: _check_name,
    Field.TEAM: _check_path,
    Field.USER: _check_name,
    Field.TOKEN: _check_name,
    Field.LOG: _check_name,
    Field.METHOD: _one_of(Field.METHOD, Method),
    Field.ADDRESS: _check_address,
    Field.REQUEST: _check_request,
    Field.EVENT: _check_event,
    Field.CREATED: _check_created,
}
