"""Asks about a push again where rules demand signatures: what it brings is looked at in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from appliance.domain.identity import stranger
from appliance.services import signature_rules
from appliance.services.pushes import Proposal, Verdict
from appliance.wiring import Wiring

Asking = Callable[[Proposal], Verdict]


def decided(
    ask: Asking, proposal: Proposal, folder: Path, quarantine: Mapping[str, str], wiring: Wiring
) -> Verdict:
    """The verdict on a push. `ask` opens a transaction of its own; git works while none is open."""
    verdict = ask(proposal)
    if not verdict.demands:
        return verdict
    brought = signature_rules.collect(
        folder, proposal.updates, verdict.demands, quarantine=quarantine
    )
    with wiring.database.reading(stranger()) as work:
        examined = signature_rules.examine(
            work, verdict.demands, brought, organisation_id=verdict.organisation_id
        )
    return ask(replace(proposal, examined=examined))
