"""Events about acts that need two administrators."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class SecondPersonRequired(Event):
    """Critical actions need two administrators from now on."""

    kind = "admin.second_person_required"
    is_awaited = True


@dataclass(frozen=True, kw_only=True)
class SecondPersonNotRequired(Event):
    """Critical actions need only one administrator again."""

    kind = "admin.second_person_not_required"
    is_awaited = True


@dataclass(frozen=True, kw_only=True)
class SecondPersonBypassed(Event):
    """Somebody at the console did alone what needs two administrators."""

    kind = "admin.second_person_bypassed"
    is_awaited = True
    act: str
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class ActProposed(Event):
    """An administrator proposed an action that needs a second administrator."""

    kind = "admin.act_proposed"
    target = "proposal"
    act: str
    changed: list[str]
    until: str
    subject: str = personal()


@dataclass(frozen=True, kw_only=True)
class ActConfirmed(Event):
    """Another administrator confirmed a proposed action, and it took effect."""

    kind = "admin.act_confirmed"
    target = "proposal"
    is_awaited = True
    act: str
    proposer_id: str


@dataclass(frozen=True, kw_only=True)
class ActRefused(Event):
    """Another administrator refused a proposed action."""

    kind = "admin.act_refused"
    target = "proposal"
    outcome = Outcome.REFUSED
    act: str
    proposer_id: str
    reason: str = personal("")


@dataclass(frozen=True, kw_only=True)
class ActWithdrawn(Event):
    """A proposal was withdrawn by who made it."""

    kind = "admin.act_withdrawn"
    target = "proposal"
    act: str


@dataclass(frozen=True, kw_only=True)
class ActLapsed(Event):
    """A proposal lapsed: its time is over, or what it was about has changed."""

    kind = "admin.act_lapsed"
    target = "proposal"
    act: str
    why: str
    """`expired`, `overtaken`, or `barred`: who proposed it is no administrator any more."""
