"""`/alert-overview` and `/scan-coverage`: figures of alerts, and what was not scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from appliance.domain.alerts import AlertKind, Severity
from appliance.domain.feeds import FeedState
from appliance.services import alert_lists, alert_overview
from appliance.services.alert_overview import Looked, Overview
from appliance.web import paging, requests
from appliance.web.api import alert_answers, frame
from appliance.web.api.alert_answers import AlertFacets, AlertListQuery, AlertPage
from appliance.web.api.organisations import OrganisationPath

api = frame.area("alert overview", "Alerts of many repositories, in one list and in figures.")


class AlertWeek(frame.Answer):
    """Seven days from a Monday on, in UTC."""

    starts_at: datetime
    opened: int
    fixed: int
    dismissed: int
    open: dict[Severity, int] = Field(description="At its end, or now")


class CoverageCounts(frame.Answer):
    """How many repositories were scanned last whole, in part, or never."""

    whole: int
    partly: int
    never: int


class AlertOverview(frame.Answer):
    """Figures of alerts, and how far they can be trusted."""

    repositories: int
    known: dict[AlertKind, bool] = Field(
        description="Whether no alert of that kind may be read as nothing there"
    )
    open: dict[AlertKind, dict[Severity, int]]
    overdue: dict[Severity, int]
    auto_dismissed: int
    mean_days_to_fix: float | None
    days_to_fix: dict[Severity, float]
    days_open: dict[Severity, float]
    weeks: list[AlertWeek]
    secrets_blocked: int
    secrets_bypassed: int
    coverage: dict[AlertKind, CoverageCounts]
    feed: FeedState
    feed_serial: int | None


class SkippedObject(frame.Answer):
    """What a scan did not look at."""

    path: str
    object: str
    why: str


class LastScan(frame.Answer):
    """The last look at a repository for one kind."""

    at: datetime | None
    tool: str
    ruleset: str
    feed_serial: int | None
    complete: bool
    objects: int
    skipped: list[SkippedObject] = Field(description="The first hundred of them")
    skipped_count: int


class RepositoryCoverage(frame.Answer):
    """A repository; kinds that nobody has looked for are missing."""

    repository: str
    scans: dict[AlertKind, LastScan]


class CoveragePage(frame.Answer):
    """Some repositories."""

    items: list[RepositoryCoverage]
    next: str | None


@api.get("/alerts", summary="List alerts of all repositories", responses={"200": AlertPage})
def list_all(query: AlertListQuery) -> Any:
    """Of all repositories whose alerts the caller may see, the worst first."""
    with requests.reading() as work:
        page = alert_lists.listed_of(
            *(work, None, query.wanted),
            now=requests.now(),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([alert_answers.alert(each) for each in page.items], page.next)


@api.get(
    "/alerts/facets", summary="Count alerts of all repositories", responses={"200": AlertFacets}
)
def count_all(query: AlertListQuery) -> Any:
    """Of all repositories whose alerts the caller may see."""
    with requests.reading() as work:
        found = alert_lists.counted_of(work, None, query.wanted, now=requests.now())
        return frame.answer(alert_answers.facets(found))


@api.get("/alert-overview", summary="Show figures of alerts", responses={"200": AlertOverview})
def show_all() -> Any:
    """Of all repositories whose alerts the caller may see, over twelve weeks."""
    return _overview(None)


@api.get(
    "/orgs/<org>/alert-overview",
    summary="Show figures of an organisation's alerts",
    responses={"200": AlertOverview},
)
def show_of(path: OrganisationPath) -> Any:
    """Of its repositories whose alerts the caller may see, over twelve weeks."""
    return _overview(path.org)


@api.get("/scan-coverage", summary="Show what was scanned", responses={"200": CoveragePage})
def cover_all(query: frame.PageQuery) -> Any:
    """When each repository was scanned last, by what, and what was not scanned."""
    return _coverage(None, query)


@api.get(
    "/orgs/<org>/scan-coverage",
    summary="Show what was scanned in an organisation",
    responses={"200": CoveragePage},
)
def cover_of(path: OrganisationPath, query: frame.PageQuery) -> Any:
    """When each of its repositories was scanned last, by what, and what was not scanned."""
    return _coverage(path.org, query)


def answer(found: Overview) -> AlertOverview:
    """Figures for programs."""
    trends = found.trends
    return AlertOverview(
        repositories=found.repositories,
        known={kind: found.is_known(kind) for kind in AlertKind},
        open={kind: dict(counts) for kind, counts in trends.open.items()},
        overdue=dict(trends.overdue),
        auto_dismissed=trends.auto_dismissed,
        mean_days_to_fix=trends.mean_days_to_fix,
        days_to_fix=dict(trends.days_to_fix),
        days_open=dict(trends.days_open),
        weeks=[AlertWeek.model_validate(each) for each in trends.weeks],
        secrets_blocked=found.bypasses.blocked,
        secrets_bypassed=found.bypasses.bypassed,
        coverage={
            kind: CoverageCounts.model_validate(each) for kind, each in found.coverage.items()
        },
        feed=found.feed,
        feed_serial=found.feed_serial,
    )


def _overview(organisation: str | None) -> Any:
    with requests.reading() as work:
        found = alert_overview.show(work, organisation, now=requests.now())
        return frame.answer(answer(found))


def _coverage(organisation: str | None, query: frame.PageQuery) -> Any:
    with requests.reading() as work:
        page = alert_overview.coverage(
            work, organisation, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_looked(each) for each in page.items], page.next)


def _looked(found: Looked) -> RepositoryCoverage:
    scans = {
        kind: LastScan(
            at=scan.ended_at,
            tool=scan.tool,
            ruleset=scan.ruleset,
            feed_serial=scan.feed_serial,
            complete=scan.is_complete,
            objects=scan.objects,
            skipped=[
                SkippedObject(
                    path=str(each.get("path", "")),
                    object=str(each.get("object", "")),
                    why=str(each.get("why", "")),
                )
                for each in scan.skipped[:100]
            ],
            skipped_count=scan.skipped_count,
        )
        for kind, scan in found.scans.items()
    }
    return RepositoryCoverage(repository=found.repository, scans=scans)
