"""What a review finds: one right, or one credential, as a question about the database gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from appliance.db.users import User
from appliance.domain.access_reviews import Right


@dataclass(frozen=True)
class Found:
    """One right or credential."""

    kind: Right
    place_id: UUID
    place: str
    user: User | None
    """Whose it is; none: a team's, or a deploy key."""
    other: str
    """What has it that is no user."""
    other_id: UUID | None
    right_id: UUID
    role: str
    since: datetime
    provider_id: UUID | None = None
    until: datetime | None = None
    credential: str = ""
    mark: str = ""
    may: str = ""
    reach: str = ""
    used_at: datetime | None = None
