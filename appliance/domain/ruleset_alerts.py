"""The rule about alerts: what a pull request would bring, and whether anybody can say so.

What is not known is no reason to let something through: where nobody has looked, or not at all of
it, or where the advisories are missing, old or expired, the rule stands in the way and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.domain.alerts import AlertKind, Confidence, Lane, Severity
from appliance.domain.feeds import FeedState
from appliance.errors import sentence

if TYPE_CHECKING:
    from appliance.domain.ruleset_facts import ChangeFacts
    from appliance.domain.ruleset_words import Rule

NAMED = 5
Reasons = tuple[str, ...]


@dataclass(frozen=True)
class NewAlert:
    """Something dangerous that the pull request would bring."""

    kind: AlertKind
    severity: Severity
    confidence: Confidence
    lane: Lane
    title: str
    place: str
    """The path, and the line where there is one."""
    number: int | None = None
    """Of its alert, where it has one already."""
    is_exploited: bool = False


@dataclass(frozen=True)
class ChangeAlerts:
    """What scans say of the head of a pull request, and of its target."""

    looked_at: Mapping[AlertKind, int] = field(default_factory=dict)
    """The kinds that were looked for, each with how much nobody could look at."""
    new: tuple[NewAlert, ...] = ()
    overdue: Mapping[AlertKind, int] = field(default_factory=dict)
    """Open alerts of the target that should have been dealt with."""
    exploited: int = 0
    """Open alerts of the target of what attackers are known to use."""
    feed: FeedState = FeedState.EMPTY
    feed_days: int = 0
    """How old the feed is."""
    may_be_named: bool = True
    """Whether who asks may read alerts; others are told how many there are."""


FEED_WORDS: dict[FeedState, str] = {
    FeedState.EMPTY: sentence(
        "There are no advisories here: whether dependencies are vulnerable is unknown. "
        "Ask an administrator to import a feed."
    ),
    FeedState.EXPIRED: sentence(
        "The advisories here have expired: whether dependencies are vulnerable is unknown. "
        "Ask an administrator to import a newer feed."
    ),
    FeedState.STALE: sentence(
        "The advisories here are old: whether dependencies are vulnerable is unknown. "
        "Ask an administrator to import a newer feed."
    ),
    FeedState.SAMPLE: sentence(
        "The advisories here are only a sample: whether dependencies are vulnerable is unknown. "
        "Ask an administrator to import a feed."
    ),
}


def alerted(rule: Rule, facts: ChangeFacts) -> Reasons:
    """Why a pull request may not be merged because of alerts; a direct push is not asked about."""
    if facts.merge is None:
        return ()
    known = facts.merge.alerts or ChangeAlerts()
    kinds = [each for each in AlertKind if each in rule.kinds]
    return (
        *_new(rule, known),
        *_overdue(rule, kinds, known),
        *_exploited(rule, known),
        *_unknown(kinds, known),
        *_advisories(rule, known),
    )


def _new(rule: Rule, known: ChangeAlerts) -> Iterator[str]:
    found = [each for each in known.new if _counts(rule, each)]
    if not found:
        return
    yield sentence(
        "This pull request would bring alerts: %(number)s. Fix them, or ask somebody who can "
        "bypass the rule.",
        number=len(found),
    )
    if known.may_be_named:
        yield from _named(found)


def _counts(rule: Rule, found: NewAlert) -> bool:
    """A severity that nobody has said counts always."""
    return (
        found.kind in rule.kinds
        and (not rule.severities or found.severity in {*rule.severities, Severity.UNKNOWN})
        and (not rule.confidences or found.confidence in rule.confidences)
        and (not rule.lanes or found.lane in rule.lanes)
    ) or (rule.exploited and found.is_exploited)


def _named(found: Iterable[NewAlert]) -> Iterator[str]:
    order = tuple(Severity)
    sorted_ = sorted(found, key=lambda each: (order.index(each.severity), each.place, each.title))
    for each in sorted_[:NAMED]:
        number = f" (#{each.number})" if each.number is not None else ""
        yield f"{each.severity.value} {each.place[:200]}: {each.title[:200]}{number}"
    if len(sorted_) > NAMED:
        yield f"+{len(sorted_) - NAMED}"


def _overdue(rule: Rule, kinds: Iterable[AlertKind], known: ChangeAlerts) -> Iterator[str]:
    number = sum(known.overdue.get(kind, 0) for kind in kinds)
    if rule.overdue and number:
        yield sentence(
            "Open alerts past their due date: %(number)s. Deal with them first.", number=number
        )


def _exploited(rule: Rule, known: ChangeAlerts) -> Iterator[str]:
    if rule.exploited and known.exploited:
        yield sentence(
            "Open alerts of vulnerabilities that attackers use: %(number)s. Deal with them first.",
            number=known.exploited,
        )


def _unknown(kinds: Iterable[AlertKind], known: ChangeAlerts) -> Iterator[str]:
    missing = [kind for kind in kinds if kind not in known.looked_at]
    if missing:
        yield sentence(
            "Not scanned yet: %(kinds)s. What nobody has looked at is unknown, and not merged.",
            kinds=", ".join(missing),
        )
    partly = [kind for kind in kinds if known.looked_at.get(kind)]
    for kind in partly:
        yield sentence(
            "Scanned in part only (%(kind)s): %(number)s could not be looked at.",
            kind=kind,
            number=known.looked_at[kind],
        )


def _advisories(rule: Rule, known: ChangeAlerts) -> Iterator[str]:
    if AlertKind.DEPENDENCY not in rule.kinds:
        return
    if not known.feed.is_known:
        yield FEED_WORDS[known.feed]
    elif rule.most_feed_days and known.feed_days > rule.most_feed_days:
        yield sentence(
            "The advisories here are %(days)s days old, and the rule allows %(most)s: whether "
            "dependencies are vulnerable is unknown. Ask an administrator to import a newer feed.",
            days=known.feed_days,
            most=rule.most_feed_days,
        )
