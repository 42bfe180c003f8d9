"""Opens and merges pull requests for the portal and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.services import pull_copies, pull_merging, pull_opening
from appliance.web import ref_updates, requests

if TYPE_CHECKING:
    from appliance.domain.conversations import Which
    from appliance.git.conflicts import Resolutions
    from appliance.services.pull_merging import MergedNow, Merging
    from appliance.services.pull_opening import NewPull


def open_pull(path: str, head: str, into: str, new: NewPull) -> int:
    """Ask that a branch be merged; gives the number.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError, InvalidError, ConflictError: as the steps.
    """
    return pull_opening.ask(ref_updates.mover(), path, head, into, new)


def merge(which: Which, wanted: Merging, said: Resolutions) -> MergedNow:
    """Merge a pull request.

    Errors: as the steps of `pull_merging`.
    """
    url = requests.wiring().addresses.web(which.path)
    return pull_merging.merge(ref_updates.mover(), which, wanted, said, url=url)


def revert(which: Which, said: Resolutions) -> int:
    """Ask that a merged pull request be taken back; gives the number of the new one.

    Errors: as for `pull_copies.revert`.
    """
    return pull_copies.revert(ref_updates.mover(), which, said)


def backport(which: Which, into: str, said: Resolutions) -> int:
    """Ask that a merged pull request come into another branch, too; gives the new number.

    Errors: as for `pull_copies.backport`.
    """
    return pull_copies.backport(ref_updates.mover(), which, into, said)
