"""The appliance's keys for SAML: the first, when it is needed, and those that come after it."""

from __future__ import annotations

from appliance.domain.identity import appliance
from appliance.domain.saml_keys import KeyStep
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


def take_step(step: KeyStep) -> None:
    """Prepare the next key, let it sign, or remove the one before it.

    Errors:
        ConflictError: another step comes first.
    """
    wiring, now = requests.wiring(), requests.now()
    if step is KeyStep.PREPARE:
        with requests.reading() as work:
            saml_keys.listed(work)  # Nobody who may not is let to have one made.
        insist()
        key = saml_keys.make(now=now)
        with requests.begin() as work:
            saml_keys.prepare(work, key, tools=wiring.saml, now=now)
        return
    act = {KeyStep.SWITCH: saml_keys.switch, KeyStep.RETIRE: saml_keys.retire}[step]
    with requests.begin() as work:
        act(work)
