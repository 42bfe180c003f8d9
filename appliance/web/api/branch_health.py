"""`/branch-health`, `/branch-cleanup`, `/deleted-branches`: how branches are, and which may go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.branch_health import MOST_DAYS
from appliance.domain.merge_facts import CheckOutcome
from appliance.services import branch_health, branch_tidying, checks, history
from appliance.services.branch_health import Branch, Checked, Show, Sort, Wanted
from appliance.services.checks import Rollup
from appliance.web import branch_restoring, paging, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.history import opened
from appliance.web.api.repositories import RepositoryPath

api = frame.area("branch health", "How branches are, and what becomes of merged ones.")

REPO = "/repos/<owner>/<name>"
DELETED = f"{REPO}/deleted-branches"


class HealthQuery(frame.PageQuery):
    """Which branches."""

    show: Show = Show.ALL
    q: str = Field("", max_length=255, description="Part of a name")
    checks: Checked = Field(Checked.ANY, description="What the checks of their heads come to")
    order: Sort = Field(Sort.NEWEST, description="ahead, behind: the largest distance first")
    reverse: bool = Field(default=False, description="The other way round")


class BranchHealthAnswer(frame.Answer):
    """How a branch is."""

    name: str
    name_base64: str | None
    commit: str | None
    updated_at: datetime | None = Field(description="When its last commit was made")
    ahead: int | None = Field(description="Of the default branch; null: not measured in time")
    behind: int | None
    checks: CheckOutcome | None
    pull_request: int | None = Field(description="The open one from it")
    is_default: bool
    is_protected: bool
    is_merged: bool = Field(description="False of one that never had a commit of its own")
    is_stale: bool


class BranchHealthPage(frame.Answer):
    """Some branches."""

    items: list[BranchHealthAnswer]
    next: str | None


class CleanupQuery(frame.Body):
    """What to try out."""

    days: int | None = Field(None, ge=0, le=MOST_DAYS, description="As the policy says if left out")


class BehindAnswer(frame.Answer):
    """A branch that is only behind the default branch, and stays."""

    name: str
    name_base64: str | None
    commit: str | None


class DueAnswer(BehindAnswer):
    """A merged branch that the policy would delete now."""

    merged_at: datetime


class DueList(frame.Answer):
    """All of them."""

    items: list[DueAnswer]
    only_behind: list[BehindAnswer] = Field(description="Kept: never ahead of the default branch")
    days: int = Field(description="0: the policy is switched off")


class DeletedBranchPath(RepositoryPath):
    """Which deleted branch."""

    id: UUID


class DeletedBranchAnswer(frame.Answer):
    """A branch that a policy has deleted."""

    id: UUID
    name: str
    name_base64: str | None
    commit: str
    merged_at: datetime
    deleted_at: datetime


class DeletedBranchPage(frame.Answer):
    """Some of them, the latest first."""

    items: list[DeletedBranchAnswer]
    next: str | None


class RestoredBranch(frame.Answer):
    """A branch that is back."""

    name: str


@api.get(
    f"{REPO}/branch-health",
    summary="Show the health of branches",
    responses={"200": BranchHealthPage},
)
def list_health(path: RepositoryPath, query: HealthQuery) -> Any:
    """Age, distance from the default branch, checks, and whether they are merged or stale."""
    offset, repository, now = paging.after(query.cursor) or 0, opened(path), requests.now()
    with requests.reading() as work:
        known = branch_health.known(work, path.path)

    def roll(oids: list[str]) -> dict[str, Rollup]:
        with requests.reading() as work:
            return checks.rollups(work, path.path, oids)

    page = branch_health.page(
        *(repository, known),
        Wanted(query.show, query.checks, query.order, query.reverse, query.q.encode()),
        roll=roll,
        offset=offset,
        limit=query.limit,
        now=now,
    )
    oids = [each.ref.commit for each in page.items if each.ref.commit]
    base = history.head(repository).oid
    far = dict(zip(oids, history.divergence(repository, base, oids), strict=True)) if base else {}
    rolled = roll(oids)
    items = [
        _present(each, far.get(each.ref.commit or ""), rolled.get(each.ref.commit or ""), now)
        for each in page.items
    ]
    following = offset + len(items)
    return frame.page(items, following if following < page.total else None)


@api.get(
    f"{REPO}/branch-cleanup", summary="List branches to be deleted", responses={"200": DueList}
)
def preview(path: RepositoryPath, query: CleanupQuery) -> Any:
    """The merged branches that the policy, or one of so many days, would delete now."""
    with requests.reading() as work:
        plan = branch_tidying.plan(work, path.path, repositories=requests.wiring().repositories)
    found = branch_tidying.look(plan, now=requests.now(), days=query.days)
    items = [
        DueAnswer(
            name=text(each.branch.ref.short),
            name_base64=exact(each.branch.ref.short),
            commit=each.branch.ref.commit,
            merged_at=each.merged_at,
        )
        for each in found.due
    ]
    behind = [
        BehindAnswer(
            name=text(each.ref.short), name_base64=exact(each.ref.short), commit=each.ref.commit
        )
        for each in found.only_behind
    ]
    days = plan.days if query.days is None else query.days
    return frame.answer(DueList(items=items, only_behind=behind, days=days))


@api.get(DELETED, summary="List deleted branches", responses={"200": DeletedBranchPage})
def list_deleted(path: RepositoryPath, query: frame.PageQuery) -> Any:
    """Those that a policy has deleted in the last 90 days."""
    with requests.reading() as work:
        page = branch_tidying.deleted(
            work, path.path, after=paging.after(query.cursor), limit=query.limit
        )
        items = [
            DeletedBranchAnswer(
                id=each.id,
                name=text(each.branch),
                name_base64=exact(each.branch),
                commit=each.oid,
                merged_at=each.merged_at,
                deleted_at=each.deleted_at,
            )
            for each in page.items
        ]
        return frame.page(items, page.next)


@api.post(
    f"{DELETED}/<uuid:id>/restore",
    summary="Restore a deleted branch",
    responses={"200": RestoredBranch},
)
def restore(path: DeletedBranchPath) -> Any:
    """It stands where it stood."""
    name = branch_restoring.restore(path.path, path.id)
    return frame.answer(RestoredBranch(name=text(name)))


def _present(one: Branch, far: Any, rollup: Any, now: datetime) -> BranchHealthAnswer:
    return BranchHealthAnswer(
        name=text(one.ref.short),
        name_base64=exact(one.ref.short),
        commit=one.ref.commit,
        updated_at=one.ref.at,
        ahead=far.ahead if far else None,
        behind=far.behind if far else None,
        checks=rollup.outcome if rollup else None,
        pull_request=one.pull,
        is_default=one.health.is_default,
        is_protected=one.health.is_protected,
        is_merged=one.health.is_merged,
        is_stale=one.health.is_stale(now),
    )
