"""The locks on a repository's files: who holds which since when, and how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain.permissions import Permission
from appliance.services import lfs_locks
from appliance.web import requests
from appliance.web.pages import lists
from appliance.web.pages.page_forms import USUAL, after, asked, listed
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = blueprint("locks")

COLUMNS: lists.Columns = {
    "path": lambda lock: lock.path,
    "locked_by": lambda lock: lock.owner,
    "locked_at": lambda lock: lock.locked_at,
    "id": lambda lock: lock.id,
}


@pages.get("/<owner>/<name>/locks")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """Which files are locked."""
    frame = opened(owner, name)
    sorting = lists.sorting(lfs_locks.ORDERS, "-since")
    find = lists.finder(lfs_locks.listed, sorting, frame.repository.path)
    if file := lists.export(f"{name}-locks", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
    return show("repositories/locks.html", frame, locks=listed(found), query=asked("q"),
                may_lock=frame.repository.may(Permission.REPOSITORY_LOCK_FILES),
                acts=_acts(frame), **lists.tools(sorting))  # fmt: skip


@pages.post("/<owner>/<name>/locks")
def act_on_several(owner: str, name: str) -> ResponseReturnValue:
    """Unlock files: one's own, and for maintainers those of others too."""
    frame = opened(owner, name)

    def names(work: UnitOfWork, _chosen: list[str]) -> dict[str, str]:
        found = lfs_locks.listed(work, frame.repository.path, limit=lists.MOST_NAMED).items
        return {str(lock.id): f"{lock.path} ({lock.owner})" for lock in found}

    return lists.act_on_several(_acts(frame), back=f"{frame.links.home}/locks", names=names)


def _acts(frame: Frame) -> dict[str, lists.Act]:
    def unlock(work: UnitOfWork, key: str) -> object:
        path, lock_id = frame.repository.path, lists.id_of(key)
        return lfs_locks.release(work, path, lock_id, force=frame.may_maintain)

    return {
        "unlock": lists.Act(
            lazy("Unlock"),
            unlock,
            lazy(
                "Others can then lock and change these files. The lock's owner is not "
                "notified; changes that have not been pushed stay on their machine, and they "
                "can lock the file again."
            ),
            asks_for_password=False,
        )
    }
