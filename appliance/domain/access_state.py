"""What events say of rights, and what was so at their end: the words of `access_history`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.domain.permissions import Role

REPOSITORY_ACTIONS = (
    *("repo.created", "repo.transferred", "repo.visibility_changed", "repo.deleted"),
    *("repo.restored", "repo.purged", "repo.renamed", "repo.role_granted", "repo.role_withdrawn"),
)
ORGANISATION_ACTIONS = (
    *("org.created", "org.changed", "org.deleted", "org.member_added", "org.member_removed"),
    "org.member_role_changed",
)
TEAM_ACTIONS = ("team.created", "team.changed", "team.deleted")
TEAM_MEMBER_ACTIONS = ("team.member_added", "team.member_removed")
USER_ACTIONS = (
    *("user.created", "user.role_changed", "user.suspended", "user.reinstated", "user.deleted"),
)
TEMPORARY_ACTIONS = ("role.access_approved", "role.access_prolonged", "role.access_ended")
"""What somebody asked for and was given until a time."""
NEEDS_NO_DETAILS = frozenset(
    {
        *("repo.deleted", "repo.restored", "repo.purged", "repo.renamed", "org.deleted"),
        *("team.deleted", "user.suspended", "user.reinstated", "user.deleted"),
    }
)
INSTANCE = "instance"


@dataclass(frozen=True)
class Fact:
    """One event as the log tells it; `body` is None where its details are gone."""

    log: str
    origin: str
    index: int
    event_id: UUID
    at: datetime
    action: str
    about: str
    actor: str
    body: dict[str, Any] | None


@dataclass(frozen=True)
class Held:
    """A value, and the events that it rests on."""

    value: str | None
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Right:
    """A role that somebody had, by what, and the events that it rests on."""

    user_id: str
    role: Role
    source: str
    """As in `access/grants.py`."""
    through: str
    """The id of the team or organisation that it came from, or the role or visibility."""
    facts: tuple[Fact, ...]


@dataclass
class History:
    """What was so at the end of some events. Its state is what they said so far."""

    instance: dict[str, Held] = field(default_factory=dict)
    """By user: the role on the instance."""
    out: dict[str, Held] = field(default_factory=dict)
    """Who may not enter."""
    owner: dict[str, Held] = field(default_factory=dict)
    """By repository: the id of its owner, None where the log does not say."""
    organisation: dict[str, str] = field(default_factory=dict)
    """By repository: the organisation that owns it."""
    visibility: dict[str, Held] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    binned: set[str] = field(default_factory=set)
    base: dict[str, Held] = field(default_factory=dict)
    """By organisation: the role of every member on every repository."""
    members: dict[tuple[str, str], Held] = field(default_factory=dict)
    """By organisation and user."""
    teams: dict[str, Held] = field(default_factory=dict)
    """By team: the team around it."""
    team_of: dict[str, str] = field(default_factory=dict)
    """By team: its organisation."""
    team_names: dict[str, str] = field(default_factory=dict)
    in_team: dict[tuple[str, str], Held] = field(default_factory=dict)
    """By team and user."""
    grants: dict[tuple[str, str, str], Held] = field(default_factory=dict)
    """By repository, `user` or `team`, and that one's id."""
    until: dict[tuple[str, str, str], tuple[datetime, Held]] = field(default_factory=dict)
    """By user, kind of thing and its id: what ends by itself, when, and as what."""
    gaps: list[Fact] = field(default_factory=list)
    """Events whose details are gone, so that it is not known what they changed."""

    def users(self) -> set[str]:
        """Everybody of whom some right is known."""
        named = {user for _, user in (*self.members, *self.in_team)} | set(self.instance)
        named |= {grantee for _, kind, grantee in self.grants if kind != "team"}
        return named | {each.value for each in self.owner.values() if each.value}
