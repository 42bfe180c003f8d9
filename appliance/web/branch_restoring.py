"""Brings a branch back that a policy has deleted, for the portal and the API."""

from __future__ import annotations

from uuid import UUID

from appliance.services import branch_tidying, ref_updates
from appliance.web import ref_updates as moves
from appliance.web import requests


def restore(path: str, row_id: UUID) -> bytes:
    """The branch stands where it stood; gives its name.

    Errors:
        HiddenError, RefusedError, NotFoundError: there is none, or not for this actor.
        ConflictError: there is a branch of that name again. ProtectedError: a rule forbids it.
    """
    with requests.reading() as work:
        row = branch_tidying.to_restore(work, path, row_id)
        name, oid = row.branch, row.oid
    moves.do(path, lambda plan: ref_updates.draft_branch(plan, name, oid))
    with requests.begin() as work:
        branch_tidying.note_restored(work, path, row_id)
    return name
