"""A ruleset in each place that has some, for the tests that look at all pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.services import rulesets
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place

if TYPE_CHECKING:
    from uuid import UUID

    from tests.world import World

PLACES = {"": Place(repository="lab/odd"), "org_": Place("lab"), "all_": Place()}
RULES = ({"kind": "pull_request", "approvals": 2}, {"kind": "file_paths", "patterns": ["/x"]})
DRAFT = Draft("Trunk", Enforcement.DRY_RUN, Target(("main",)), RULES)


def ruled(world: World) -> dict[str, UUID]:
    """Their ids, by the place that stands in their address."""
    made = {}
    for name, place in PLACES.items():
        with world.begin(world.actor("administrator")) as work:
            shown = rulesets.create(work, place, DRAFT, now=datetime.now(UTC))
            made[f"{name}ruleset_id"] = shown.row.id
    return made
