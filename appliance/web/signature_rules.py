"""Asks about a push again where rules want to know more: what it brings is looked at in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from appliance.domain.identity import stranger
from appliance.services import ref_moving
from appliance.services.pushes import Proposal, Verdict
from appliance.wiring import Wiring

Asking = Callable[[Proposal], Verdict]


def decided(
    ask: Asking, proposal: Proposal, folder: Path, quarantine: Mapping[str, str], wiring: Wiring
) -> Verdict:
    """The verdict on a push. `ask` opens a transaction of its own; git works while none is open."""
    return ref_moving.decided(
        ask, proposal, folder, quarantine, lambda: wiring.database.reading(stranger())
    )
