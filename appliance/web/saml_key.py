"""The appliance's first key for SAML, made when it is first needed."""

from __future__ import annotations

from appliance.domain.identity import appliance
from appliance.services import saml_keys
from appliance.web import requests


def insist() -> None:
    """Make it, unless there is one. No transaction is open meanwhile: it takes about a second."""
    wiring, now = requests.wiring(), requests.now()
    with requests.reading() as work:
        if saml_keys.is_made(work):
            return
    key = saml_keys.make(now=now)
    with wiring.database.begin(appliance()) as work:
        saml_keys.keep_first(work, key, tools=wiring.saml, now=now)
