"""In whose name a job moves refs, and with what."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from appliance.domain.identity import stranger
from appliance.services.ref_moving import Mover

if TYPE_CHECKING:
    from appliance.domain.identity import Actor
    from appliance.wiring import Wiring


def mover(wiring: Wiring, actor: Actor) -> Mover:
    """Whoever asked for it, who must still be allowed to."""
    return Mover(
        begins=partial(wiring.database.begin, actor),
        reads=partial(wiring.database.reading, actor),
        reads_keys=lambda: wiring.database.reading(stranger()),
        tools=wiring.git,
        rules=wiring.settings,
        clock=lambda: datetime.now(UTC),
    )
