"""How fast messages for SAML may come that are not believed."""

from __future__ import annotations

from contextlib import AbstractContextManager

from appliance.security.throttle import Throttle
from appliance.services import attempts


def paced(address: str, throttle: Throttle) -> AbstractContextManager[None]:
    """Take a message from an address; the block raises where it is not believed.

    Errors:
        ThrottledError: too many that were not believed came from there lately.
    """
    return attempts.paced("saml", address, throttle)
