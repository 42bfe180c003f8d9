"""What verbs that were proposed are handed when they are confirmed."""

from __future__ import annotations

from appliance.services.proposals import Tools
from appliance.web import requests


def tools() -> Tools:
    """As each of their own doors hands it to them."""
    wiring = requests.wiring()
    return Tools(sealer=wiring.sealer, tools=wiring.logs, schemes=wiring.settings.witnesses.schemes)
