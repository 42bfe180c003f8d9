"""`/signing-keys`: by which keys the appliance signs what it commits for somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from appliance.services import appliance_keys
from appliance.web import requests
from appliance.web.api import frame

api = frame.area(
    "appliance keys",
    "By which keys the appliance signs commits and tags that it makes for somebody.",
)


class ApplianceKeyAnswer(frame.Answer):
    """A public key, in the form of SSH."""

    key: str = Field(description="As in a .pub file; behind a * it is a line for allowed signers")
    fingerprint: str
    created_at: datetime


class ApplianceKeyPage(frame.Answer):
    """All keys."""

    items: list[ApplianceKeyAnswer]
    next: str | None


@api.get(
    "/signing-keys", summary="List the appliance's own keys", responses={"200": ApplianceKeyPage}
)
def list_appliance_keys() -> Any:
    """For everybody: git verifies by them what was committed in the portal or by the API."""
    host = requests.wiring().addresses.ssh_host
    with requests.reading() as work:
        items = [
            ApplianceKeyAnswer(
                key=appliance_keys.line(each, host),
                fingerprint=each.fingerprint,
                created_at=each.created_at,
            )
            for each in appliance_keys.listed(work)
        ]
    return frame.page(items, None)
