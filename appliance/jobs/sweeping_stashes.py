"""Part of maintenance: internal refs go that keep what nobody has set aside any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.domain.identity import appliance
from appliance.services import stashes

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.wiring import Wiring


def sweep(wiring: Wiring, repository_id: UUID) -> None:
    """Remove the refs of a repository that no stash claims.

    Errors:
        DamagedError: the repository cannot be read.
    """
    with wiring.database.reading(appliance()) as work:
        kept = stashes.claimed(work, repository_id)
    stashes.sweep(repository_id, kept, tools=wiring.git, now=datetime.now(UTC))
