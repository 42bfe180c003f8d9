"""Events about second factors, and from where people may come."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal

__all__ = [
    "AddressListChanged",
    "AddressRefused",
    "RecoveryCodeUsed",
    "RecoveryCodesMade",
    "SecondFactorAdded",
    "SecondFactorNotRequired",
    "SecondFactorRefused",
    "SecondFactorRemoved",
    "SecondFactorRequired",
    "SecondFactorsReset",
]


@dataclass(frozen=True, kw_only=True)
class SecondFactorAdded(Event):
    """A user has another second factor."""

    kind = "auth.second_factor_added"
    target = "user"
    factor: str
    factor_id: str
    label: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class SecondFactorRemoved(Event):
    """A second factor was removed."""

    kind = "auth.second_factor_removed"
    target = "user"
    factor: str
    factor_id: str
    by_administrator: bool
    label: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class SecondFactorsReset(Event):
    """An administrator took all second factors of a user away: a password alone lets them in."""

    kind = "auth.second_factors_reset"
    target = "user"
    factors: int
    codes: int
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class SecondFactorRefused(Event):
    """A second factor was wrong. The first had been right."""

    kind = "auth.second_factor_refused"
    target = "user"
    outcome = Outcome.REFUSED
    factor: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Event):
    """A user has new recovery codes; earlier ones are void."""

    kind = "auth.recovery_codes_made"
    target = "user"
    codes: int


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """A recovery code was used."""

    kind = "auth.recovery_code_used"
    target = "user"
    left: int


@dataclass(frozen=True, kw_only=True)
class SecondFactorRequired(Event):
    """Some people must have a second factor."""

    kind = "auth.second_factor_required"
    target = "rule"
    role: str
    """Empty: everybody there."""
    grace_seconds: int


@dataclass(frozen=True, kw_only=True)
class SecondFactorNotRequired(Event):
    """These people need no second factor any more."""

    kind = "auth.second_factor_not_required"
    target = "rule"
    role: str


@dataclass(frozen=True, kw_only=True)
class AddressRefused(Event):
    """An address is not on the list for this user."""

    kind = "session.address_refused"
    target = "user"
    outcome = Outcome.REFUSED
    scope: str
    """Whose list: of the instance, or of a token."""


@dataclass(frozen=True, kw_only=True)
class AddressListChanged(Event):
    """The allowed networks were changed; none named: from anywhere."""

    kind = "auth.address_list_changed"
    target = "list"
    networks: list[str]
