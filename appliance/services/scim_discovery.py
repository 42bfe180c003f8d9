"""What a SCIM client may know of the service itself: its schemas, its resources, its limits."""

from __future__ import annotations

from typing import Any

from appliance.errors import NotFoundError, sentence
from appliance.federation import scim_models


def service(base: str) -> dict[str, Any]:
    """What of SCIM there is."""
    return scim_models.discovered("ServiceProviderConfig", base)[0]


def everything(kind: str, base: str) -> list[dict[str, Any]]:
    """All `Schemas`, or all `ResourceTypes`."""
    return scim_models.discovered(kind, base)


def one(kind: str, identifier: str, base: str) -> dict[str, Any]:
    """One of them.

    Errors:
        NotFoundError: there is none.
    """
    named = (each for each in everything(kind, base) if each["id"] == identifier)
    found = next(named, None)
    if found is None:
        raise NotFoundError(sentence("There is nothing at this address."))
    return found
