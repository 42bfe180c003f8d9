"""Reserved actions about people, their identities and rights."""

from __future__ import annotations

from appliance.domain.events.base import Outcome
from appliance.domain.events.words import Reserved

FAILED, REFUSED = Outcome.FAILED, Outcome.REFUSED

ROWS = (
    Reserved("session.expired", "session", "A session ended by its age or idleness.", "why"),
    Reserved("user.locked", "user", "A user may not sign in for a while.", "until failures:int"),
    Reserved("user.unlocked", "user", "A locked user may sign in again."),
    Reserved("group.member_added", "group", "A user is in a group.", "user_id"),
    Reserved("group.member_removed", "group", "A user is no longer in a group.", "user_id"),
    Reserved("role.created", "role", "A role was defined.", "name permissions:list[str]"),
    Reserved(
        *("role.changed", "role", "A role means something else."),
        "name added:list[str] removed:list[str]",
    ),
    Reserved("role.deleted", "role", "A role was deleted.", "name"),
)
