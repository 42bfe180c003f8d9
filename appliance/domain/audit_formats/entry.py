"""An event as the formats are given it, and what it means in the words of other systems."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ADDRESS, IMPERSONATOR = "address", "impersonator"
LINE_BREAKERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
"""What a reader of lines may take for the end of one, or a terminal for an order; not tab, line
feed and carriage return, for which the formats have spellings of their own."""
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Meaning:
    """What an action is called elsewhere."""

    title: str
    severity: int = 1
    """1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal, as in OCSF."""
    ocsf_class: int = 6003
    ocsf_activity: int = 99
    ecs_categories: tuple[str, ...] = ("configuration",)
    ecs_types: tuple[str, ...] = ("info",)
    cef_id: str = ""
    """What tells this kind of event from others in CEF and LEEF; empty: the action itself."""


@dataclass(frozen=True)
class Value:
    """A personal value of an event, and the salt that its commitment was made with."""

    field: str
    words: str
    salt: str
    """Base64."""


@dataclass(frozen=True)
class Sender:
    """The appliance that sends."""

    host: str
    version: str
    vendor: str = "Codara"
    product: str = "Codara Appliance"


@dataclass(frozen=True)
class Entry:
    """One event, at its place in its log."""

    log: str
    """`instance`, or an organisation's id."""
    origin: str
    """The log's own name, as its signed states have it."""
    index: int
    leaf: str
    """The header as the log holds it: its hash is the leaf of the tree."""
    meaning: Meaning
    body: dict[str, Any] = field(default_factory=dict)
    """With commitments in the place of personal values, as it was hashed."""
    salt: str | None = None
    """The body's salt in base64."""
    values: Sequence[Value] = ()
    """The personal values that were not erased."""
    actor_name: str = ""
    target_name: str = ""
    impersonator_name: str = ""
    header: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", json.loads(self.leaf))

    @property
    def id(self) -> str:
        """The event's id."""
        return str(self.header["id"])

    @property
    def action(self) -> str:
        """What happened."""
        return str(self.header["action"])

    @property
    def succeeded(self) -> bool:
        """Whether it was done: neither refused nor failed."""
        return bool(self.header["outcome"] == "success")

    @property
    def moment(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.header["time"]).astimezone(UTC)

    @property
    def milliseconds(self) -> int:
        """The same, since 1970."""
        moment = self.moment
        return int(moment.timestamp()) * 1000 + moment.microsecond // 1000

    @property
    def actor(self) -> str:
        """The name of whoever did it; their pseudonym if they have none any more."""
        return self.actor_name or str(self.header["actor"]["ref"])

    @property
    def impersonator_ref(self) -> str:
        """The pseudonym of the administrator who acted as the actor; empty: nobody did."""
        return str(self.body.get(IMPERSONATOR, ""))

    @property
    def impersonator(self) -> str:
        """The administrator's name; their pseudonym if they have none any more."""
        return self.impersonator_name or self.impersonator_ref

    @property
    def target(self) -> str:
        """The name of what it is about; its id if it has none any more."""
        return self.target_name or str(self.header["target"]["ref"])

    @property
    def address(self) -> str:
        """Where the request came from; empty if unknown or erased."""
        return next((each.words for each in self.values if each.field == ADDRESS), "")

    @property
    def details(self) -> dict[str, Any]:
        """The body with personal values in their places, without the address."""
        found = {name: value for name, value in self.body.items() if name != ADDRESS}
        for each in self.values:
            if each.field in found:
                found[each.field] = each.words
        return found

    @property
    def sentence(self) -> str:
        """The event in a few words for people."""
        about = f" {self.header['target']['type']} {self.target}" if self.target else ""
        by = f" (it was {self.impersonator} who acted as them)" if self.impersonator else ""
        return f"{self.meaning.title}: {self.actor or 'somebody'}{by}{about}"


def single_line(text: str) -> str:
    """Text without what ends a line or orders a terminal about, but for tab, LF and CR."""
    return LINE_BREAKERS.sub(REPLACEMENT, text)


def as_text(value: Any) -> str:
    """A member of a body as text: words as they are, all else as JSON."""
    if isinstance(value, str):
        return value
    return json_line(value)


def json_line(value: Any) -> str:
    """JSON on one line, members in order. Some readers end a line at U+2028 and its like, which can
    stand in strings only; there they have another spelling.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return LINE_BREAKERS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
