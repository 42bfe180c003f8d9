"""The registry: every action of the published vocabulary, and what there is to know of it.

`of(name)` for one, `actions()` for all. What is not said of an action follows from its category
and its last word; `acts.MORE` says what differs. The reference page, the JSON Schemas and the
tables for OCSF, ECS and CEF are generated from here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from appliance.domain.events import reserved
from appliance.domain.events.acts import ACT_OF, MORE, More
from appliance.domain.events.base import HEADER_FIELDS, Event, Outcome
from appliance.domain.events.categories import CATEGORIES
from appliance.domain.events.outside import OCSF_CLASSES, OTHER, OcsfClass, ecs_types
from appliance.domain.events.words import (
    Act,
    Category,
    Field,
    Retention,
    Severity,
    Viewer,
)

if TYPE_CHECKING:
    from appliance.domain.events.words import Reserved

ADDRESS = Field("address", "str", is_personal=True, is_optional=True)
"""Where the request came from: in the body of every event that is not about the log itself."""
IMPERSONATOR = Field("impersonator", "str", is_optional=True)
"""The pseudonym of the administrator who acted as the actor: in the body of every such event."""
EVERYWHERE = (ADDRESS, IMPERSONATOR)
_GROUPS = frozenset({"group", "org", "team"})
_UNKNOWN = Category("", Severity.LOW, Retention.SECURITY, 6003, ("api",), ())


@dataclass(frozen=True)
class Action:
    """One action: `repo.archived`, with what it says and what it means to others."""

    name: str
    category: str
    sentence: str
    target: str
    outcome: Outcome
    fields: tuple[Field, ...]
    act: Act
    severity: Severity
    retention: Retention
    viewers: frozenset[Viewer]
    ocsf_class: int
    ocsf_activity: int
    ecs_categories: tuple[str, ...]
    ecs_types: tuple[str, ...]
    controls: tuple[str, ...]
    """Requirements that it is evidence for, as `<standard>:<number>`."""
    is_awaited: bool
    """Whether it is answered only when the event is in a signed state of the log."""
    is_impersonal: bool
    """Whether its body never holds anything personal, not even an address."""
    is_emitted: bool
    """Whether this release records it; the other names are reserved."""

    @property
    def personal_fields(self) -> tuple[str, ...]:
        """The members of the body that are commitments to personal values."""
        return tuple(each.name for each in self.fields if each.is_personal)

    @property
    def ocsf(self) -> OcsfClass:
        """The class in OCSF, with its name and category."""
        return OCSF_CLASSES[self.ocsf_class]

    @property
    def ocsf_type(self) -> int:
        """`type_uid` in OCSF."""
        return self.ocsf_class * 100 + self.ocsf_activity

    @property
    def cef_id(self) -> str:
        """The event class in CEF and the event in LEEF: its name, which never changes."""
        return self.name

    @property
    def title(self) -> str:
        """The name in words: `Repo: visibility changed`."""
        thing, _, past = self.name.partition(".")
        return f"{thing.replace('_', ' ').capitalize()}: {past.replace('_', ' ')}"


def of(name: str) -> Action:
    """What there is to know of an action; of an unknown one, what can be said of any.

    Another release may have written a log that this one reads.
    """
    return _by_name().get(name) or _unknown(name)


def is_known(name: str) -> bool:
    """Whether this release's vocabulary has the action."""
    return name in _by_name()


def actions() -> tuple[Action, ...]:
    """All actions, by name."""
    return tuple(_by_name().values())


@cache
def _by_name() -> dict[str, Action]:
    classes = {each.kind: _from_class(each) for each in Event.__subclasses__()}
    rest = {each.name: _from_row(each) for each in reserved.ROWS}
    return dict(sorted((rest | classes).items()))


def _from_class(event: type[Event]) -> Action:
    fields = tuple(
        Field(
            each.name,
            str(each.type).removesuffix(" | None"),
            is_personal=bool(each.metadata.get("personal")),
            is_optional=each.default is not dataclasses.MISSING
            or str(each.type).endswith(" | None"),
        )
        for each in dataclasses.fields(event)
        if each.name not in HEADER_FIELDS
    )
    sentence = " ".join((event.__doc__ or "").split())
    return _action(
        event.kind,
        *(sentence, event.target, event.outcome, fields),
        is_awaited=event.is_awaited,
        is_impersonal=event.is_impersonal,
        is_emitted=True,
    )


def _from_row(row: Reserved) -> Action:
    return _action(row.name, row.sentence, row.target, row.outcome, row.fields())


def _unknown(name: str) -> Action:
    return _action(name, "An action that this release does not know.", "", Outcome.SUCCESS, ())


def _action(
    name: str,
    sentence: str,
    target: str,
    outcome: Outcome,
    fields: tuple[Field, ...],
    *,
    is_awaited: bool = False,
    is_impersonal: bool = False,
    is_emitted: bool = False,
) -> Action:
    category = CATEGORIES.get(name.partition(".")[0], _UNKNOWN)
    more = MORE.get(name, More())
    act = more.act or ACT_OF.get(name.rpartition(".")[2].rpartition("_")[2], Act.NOTE)
    ocsf_class, activity = more.ocsf or _ocsf(category, act)
    kinds = more.ecs or category.ecs
    return Action(
        name=name,
        category=name.partition(".")[0],
        sentence=sentence,
        target=target,
        outcome=outcome,
        fields=fields if is_impersonal else (*fields, *EVERYWHERE),
        act=act,
        severity=more.severity or _severity(category, outcome),
        retention=more.retention or category.retention,
        viewers=more.viewers or _viewers(target),
        ocsf_class=ocsf_class,
        ocsf_activity=activity,
        ecs_categories=kinds,
        ecs_types=_ecs_types(kinds, act, target, outcome),
        controls=more.controls or category.controls,
        is_awaited=is_awaited or more.is_awaited,
        is_impersonal=is_impersonal,
        is_emitted=is_emitted,
    )


def _ocsf(category: Category, act: Act) -> tuple[int, int]:
    return category.ocsf, OCSF_CLASSES[category.ocsf].activities.get(act, OTHER)


def _severity(category: Category, outcome: Outcome) -> Severity:
    """A failure is worth a look, however everyday the rest of its category is."""
    least = {Outcome.SUCCESS: Severity.INFORMATIONAL, Outcome.REFUSED: Severity.LOW}
    return max(category.severity, least.get(outcome, Severity.MEDIUM))


def _viewers(target: str) -> frozenset[Viewer]:
    subject = {Viewer.SUBJECT} if target == "user" else set()
    return frozenset({Viewer.LOG, Viewer.ACTOR, *subject})


def _ecs_types(kinds: tuple[str, ...], act: Act, target: str, outcome: Outcome) -> tuple[str, ...]:
    found = ecs_types(kinds, act)
    if "iam" in kinds:
        found += ("group",) if target in _GROUPS else ("user",)
    if "api" in kinds and outcome is Outcome.REFUSED:
        found = ("denied",)
    return found
