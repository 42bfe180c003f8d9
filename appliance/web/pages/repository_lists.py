"""Lists of repositories: how they are sorted, exported, and brought back from the bin together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as lazy

from appliance.services import repositories, repository_bin
from appliance.services.repositories import Order
from appliance.web.pages import lists
from appliance.web.pages.page_forms import asked

if TYPE_CHECKING:
    from appliance.db.paging import Page
    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork

COLUMNS: lists.Columns = {
    "path": lambda each: each.path,
    "description": lambda each: each.description,
    "visibility": lambda each: each.visibility,
    "size_bytes": lambda each: each.size_bytes,
    "lfs_bytes": lambda each: each.lfs_bytes,
    "default_branch": lambda each: each.default_branch,
    "created_at": lambda each: each.created_at,
    "pushed_at": lambda each: each.pushed_at,
    "archived_at": lambda each: each.archived_at,
}
BIN_ACTS = {"restore": lists.Act(lazy("Restore"), repository_bin.restore)}


def sorting(usual: str) -> lists.Sorting:
    """How the address wants repositories sorted. `newest` is said downwards, as people mean it."""
    if not asked("sort"):
        return lists.Sorting(usual, is_descending=repositories.ORDERS[Order(usual)][1])
    return lists.sorting({str(order): order for order in Order}, usual)


def finder(sorted_by: lists.Sorting, *, owner: str = "") -> lists.Find:
    """The repositories that the page's filter wants, in that order."""
    order = Order(sorted_by.by)
    wanted = repositories.Filter(
        words=asked("q"),
        owner=owner,
        order=order,
        is_turned=sorted_by.is_descending is not repositories.ORDERS[order][1],
    )

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Page[Repository]:
        return repositories.listed(work, wanted, after=after, limit=limit)

    return find


def bin_finder() -> lists.Find:
    """What the page's filter wants of the bin, in the order of the address."""
    return lists.finder(repository_bin.listed, lists.sorting(repository_bin.ORDERS, "-deleted"))
