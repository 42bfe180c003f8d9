"""How long things are kept: one pure decision, with its reasons.

What goes before what:

1. A legal hold on a thing, or on what it depends on: nothing is deleted.
2. A lock: kept until a time that only grows.
3. Rules that retain: the latest of their times.
4. A request for erasure goes before these, for what is personal, unless the law asks for them.
5. Rules that delete, after that: the most special one, and of equals the one that is soonest.
6. No rule, or a class that nobody knows: kept.
7. Two people may go before rules that retain, never before a lock or a hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from appliance.domain.holds import Hold, Item, ItemClass

GRACE_DAYS = 7
MOST_DAYS = 36_500
PERSONAL = frozenset({ItemClass.PERSONAL_DETAIL, ItemClass.SESSION, ItemClass.ACCOUNT})
"""What a request for erasure reaches; the rest has doors of its own."""


class Level(IntEnum):
    """How special a rule is."""

    INSTANCE = 0
    ORGANISATION = 1
    REPOSITORY = 2
    LABEL = 3


class Effect(StrEnum):
    """What a rule does."""

    RETAIN = "retain"
    DELETE = "delete"


class Action(StrEnum):
    """What is to be done with a thing."""

    KEEP = "keep"
    DELETE = "delete"
    RESTRICT = "restrict"
    """Kept although a person asked for its erasure: used for nothing else, and asked again."""


class Because(StrEnum):
    """Why."""

    HOLD = "hold"
    LOCK = "lock"
    RETAIN = "retain"
    LEGAL_OBLIGATION = "legal_obligation"
    ERASURE = "erasure"
    DELETE = "delete"
    BYPASS = "bypass"
    NO_RULE = "no_rule"
    UNKNOWN_CLASS = "unknown_class"


@dataclass(frozen=True)
class Rule:
    """Things of one class are kept, or deleted, so many days after they began.

    `target` is the id of the organisation or repository, or the label. `legal_basis` cites the law
    that asks for it. A rule counts from `from_at` on; one that was taken back counts until
    `until_at`, so that nothing goes the moment somebody changes their mind.
    """

    id: str
    effect: Effect
    item_class: str
    days: int
    level: Level = Level.INSTANCE
    target: str | None = None
    is_locked: bool = False
    legal_basis: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None

    def counts_at(self, now: datetime) -> bool:
        """Whether it counts: what retains does at once, what deletes when its grace is over."""
        if self.until_at is not None and now >= self.until_at:
            return False
        return self.effect is Effect.RETAIN or self.from_at is None or now >= self.from_at

    def is_about(self, item: Item) -> bool:
        """Whether it is about this thing."""
        if self.item_class != item.item_class:
            return False
        return self.level is Level.INSTANCE or self.target == self._target_in(item)

    def ends_at(self, item: Item) -> datetime:
        """When its days are over for this thing."""
        return item.began_at + timedelta(days=self.days)

    def _target_in(self, item: Item) -> str | None:
        return {
            Level.ORGANISATION: item.organisation,
            Level.REPOSITORY: item.repository,
            Level.LABEL: item.label,
        }.get(self.level)


@dataclass(frozen=True)
class Bypass:
    """Two people who answer for deleting something before its time."""

    asked_by: str
    approved_by: str

    @property
    def is_valid(self) -> bool:
        """Whether they are two."""
        return bool(self.asked_by and self.approved_by) and self.asked_by != self.approved_by


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for the decision: which rule or matter, and until when."""

    because: Because
    name: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What is to be done, not before when (None: no time is known), and all that speaks for it."""

    action: Action
    not_before: datetime | None
    because: tuple[Reason, ...]


def decide(
    item: Item,
    rules: Iterable[Rule],
    holds: Iterable[Hold],
    now: datetime,
    *,
    bypass: Bypass | None = None,
) -> Decision:
    """What is to be done with a thing now.

    Errors:
        ValueError: the bypass is not of two people.
    """
    if bypass is not None and not bypass.is_valid:
        raise ValueError("A bypass needs two people.")
    held = tuple(Reason(Because.HOLD, hold.matter) for hold in holds if hold.covers(item))
    if held:
        return _kept(item, None, held)
    if item.item_class not in set(ItemClass):
        return _kept(item, None, (Reason(Because.UNKNOWN_CLASS, item.item_class),))
    applying = [rule for rule in rules if rule.is_about(item) and rule.counts_at(now)]
    keeping = _what_keeps(item, applying, is_bypassed=bypass is not None)
    kept_until = max((reason.until for reason in keeping if reason.until), default=None)
    if kept_until is not None and kept_until > now:
        return _kept(item, kept_until, tuple(r for r in keeping if r.until and r.until > now))
    return _after_keeping(item, applying, now, bypass)


def _after_keeping(
    item: Item, applying: Sequence[Rule], now: datetime, bypass: Bypass | None
) -> Decision:
    if bypass is not None:
        reason = Reason(Because.BYPASS, f"{bypass.asked_by}, {bypass.approved_by}")
        return Decision(Action.DELETE, now, (reason,))
    if _is_erased(item):
        return Decision(Action.DELETE, now, (Reason(Because.ERASURE),))
    ending = _what_deletes(applying)
    if ending is None:
        return Decision(Action.KEEP, None, (Reason(Because.NO_RULE),))
    at = ending.ends_at(item)
    action = Action.DELETE if at <= now else Action.KEEP
    return Decision(action, at, (Reason(Because.DELETE, ending.id, at),))


def _kept(item: Item, until: datetime | None, because: tuple[Reason, ...]) -> Decision:
    action = Action.RESTRICT if _is_erased(item) else Action.KEEP
    return Decision(action, until, because)


def _is_erased(item: Item) -> bool:
    return item.is_to_be_erased and item.item_class in PERSONAL


def _what_keeps(item: Item, applying: Sequence[Rule], *, is_bypassed: bool) -> tuple[Reason, ...]:
    """Locks, and rules that retain as far as neither erasure nor two people go before them."""
    reasons = [Reason(Because.LOCK, "", item.locked_until)] if item.locked_until else []
    for rule in applying:
        if rule.effect is not Effect.RETAIN:
            continue
        if rule.is_locked:
            reasons.append(Reason(Because.LOCK, rule.id, rule.ends_at(item)))
        elif rule.legal_basis and not is_bypassed:
            reasons.append(Reason(Because.LEGAL_OBLIGATION, rule.id, rule.ends_at(item)))
        elif not is_bypassed and not _is_erased(item):
            reasons.append(Reason(Because.RETAIN, rule.id, rule.ends_at(item)))
    return tuple(reasons)


def _what_deletes(applying: Sequence[Rule]) -> Rule | None:
    """Of the rules that delete, the most special one, and of equals the soonest."""
    deleting = [rule for rule in applying if rule.effect is Effect.DELETE]
    return min(deleting, key=lambda rule: (-rule.level, rule.days, rule.id), default=None)


def may_replace(before: Rule, after: Rule | None) -> bool:
    """Whether a rule may become another, or end: a locked one may only become longer."""
    if not before.is_locked:
        return True
    return (
        after is not None
        and after.is_locked
        and after.effect is before.effect
        and (after.item_class, after.level, after.target)
        == (before.item_class, before.level, before.target)
        and after.days >= before.days
        and after.until_at is None
    )
