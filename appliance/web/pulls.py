"""Opens pull requests for the portal and the API, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.services import pull_opening
from appliance.web import requests

if TYPE_CHECKING:
    from appliance.services.pull_opening import NewPull


def open_pull(path: str, head: str, into: str, new: NewPull) -> int:
    """Ask that a branch be merged; gives the number.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError, InvalidError, ConflictError: as the steps.
    """
    repositories = requests.wiring().repositories
    with requests.reading() as work:
        between = pull_opening.plan(work, path, head, into, repositories=repositories)
    measured = pull_opening.measure(between)
    with requests.begin() as work:
        number = pull_opening.open_pull(work, between, measured, new, now=requests.now())
    pull_opening.keep(between, number, measured)
    return number
