"""The administrator behind a session in which somebody acts as another."""

from __future__ import annotations

from appliance.errors import RefusedError
from appliance.services import impersonation
from appliance.web import requests


def leave(*, why: str = "left") -> str:
    """Be oneself again, for the rest of this request too; gives as whom one acted, if one did."""
    known = requests.known_session()
    if known is None or known.acting is None:
        return ""
    with requests.begin() as work:
        impersonation.leave(work, known, why=why, now=requests.now())
    requests.become(known.acting.administrator)
    return known.user.name


def insist_on_oneself() -> None:
    """Go on only if nobody acts as another here.

    Errors:
        RefusedError: somebody does.
    """
    if requests.actor().impersonator is not None:
        raise RefusedError(impersonation.NOT_AS_ANOTHER)
