"""`/admin/saml-keys`: by which keys SAML identity providers know the appliance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from appliance.domain.saml_keys import KeyStep, KeyUse
from appliance.services import saml_keys
from appliance.web import requests, saml_key
from appliance.web.api import frame

api = frame.area("SAML keys", "The appliance's own keys for SAML. For administrators.")
PLACE = "/admin/saml-keys"


class SamlKeyAnswer(frame.Answer):
    """A key: it signs, is to sign next, or signed before and still opens."""

    use: KeyUse
    fingerprint: str
    ends_at: datetime
    created_at: datetime


class SamlKeyPage(frame.Answer):
    """All keys."""

    items: list[SamlKeyAnswer]
    next: str | None


class StepPath(frame.Body):
    """Which step of changing them."""

    step: KeyStep


@api.get(PLACE, summary="List SAML keys", responses={"200": SamlKeyPage})
def list_keys() -> Any:
    """The one that signs first."""
    with requests.reading() as work:
        return _page(saml_keys.listed(work))


@api.post(f"{PLACE}/<step>", summary="Change SAML keys", responses={"200": SamlKeyPage})
def change_keys(path: StepPath) -> Any:
    """`prepare` puts the next key into the metadata, `switch` lets it sign, and `retire` removes
    the one that signed before.
    """
    saml_key.take_step(path.step)
    with requests.reading() as work:
        return _page(saml_keys.listed(work))


def _page(found: list[saml_keys.ListedKey]) -> Any:
    return frame.page([SamlKeyAnswer.model_validate(each) for each in found], None)
