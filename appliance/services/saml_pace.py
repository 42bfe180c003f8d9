"""How fast messages for SAML may come that are not believed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from appliance.errors import ThrottledError, UnauthenticatedError, sentence
from appliance.security.throttle import Throttle


@contextmanager
def paced(address: str, throttle: Throttle) -> Generator[None]:
    """Take a message from an address; the block raises where it is not believed.

    Errors:
        ThrottledError: too many that were not believed came from there lately.
    """
    # Counted for itself: what others let a browser post must not bar it from its password.
    place = f"saml {address}"
    wait = throttle.check(place)
    if wait > 0:
        raise ThrottledError(
            sentence("There were too many attempts. Wait a while."), retry_after_seconds=int(wait)
        )
    try:
        yield
    except UnauthenticatedError:
        throttle.failed(place)
        raise
    throttle.succeeded(place)
