"""`/dependencies`: what a repository depends on, and what is known of that."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from pydantic import Field

from appliance.domain.alerts import AlertState, Severity
from appliance.domain.components import Scope
from appliance.domain.feeds import FeedState
from appliance.errors import NotFoundError, sentence
from appliance.services import dependencies, dependency_details, upgrade_pulls
from appliance.services.dependencies import (
    Dependency,
    DependencyQuery,
    Found,
    Knowledge,
    Order,
    Summary,
)
from appliance.services.dependency_details import DependencyDetail, Reach
from appliance.web import paging, requests
from appliance.web import ref_updates as moves
from appliance.web.api import frame
from appliance.web.api.alert_answers import COMMA, words
from appliance.web.api.alerts import ALERT, AlertPath
from appliance.web.api.bytes_text import text
from appliance.web.api.repositories import RepositoryPath
from appliance.web.git_http import take_slot

api = frame.area("dependencies", "What repositories depend on.")
DEPENDENCIES = "/repos/<owner>/<name>/dependencies"


class ComponentScope(StrEnum):
    """When a component is needed; of that name, because tokens have scopes, too."""

    RUNTIME = "runtime"
    DEVELOPMENT = "development"
    OPTIONAL = "optional"


class DependencyListQuery(frame.PageQuery):
    """Which components; what is left out does not matter."""

    search: str = Field("", max_length=255, description="A part of the name")
    ecosystem: str = Field("", max_length=64, description="As OSV calls it: PyPI, npm, Maven")
    scope: str = Field("", max_length=100, description=COMMA)
    direct: bool | None = None
    knowledge: Knowledge | None = None
    manifest: str = Field("", max_length=4096, description="The path of a manifest")
    sort: Order = Order.RISK

    @property
    def wanted(self) -> DependencyQuery:
        """What the list is asked."""
        return DependencyQuery(
            search=self.search,
            ecosystem=self.ecosystem,
            scopes=words(Scope, self.scope, "scope"),
            is_direct=self.direct,
            knowledge=self.knowledge,
            manifest=self.manifest,
            order=self.sort,
        )


class DependencyVulnerability(frame.Answer):
    """A vulnerability of a component. `certain` is false where the version has no place in the
    order of its ecosystem, so that nobody can say whether it is affected.
    """

    name: str
    names: list[str]
    summary: str
    severity: Severity
    score: float | None = Field(description="CVSS base score")
    epss: float | None
    epss_percentile: float | None
    exploited: bool = Field(description="Whether it is in the KEV catalogue")
    exploited_due: date | None
    fixed: str = Field(description="The smallest version that helps; empty where none is known")
    certain: bool
    alert: int | None
    alert_state: AlertState | None


class DependencyAnswer(frame.Answer):
    """A component, as one manifest names it. `knowledge` is `unknown` where the feed is missing,
    out of date or silent on the ecosystem: that is not the same as `none_known`.
    """

    ecosystem: str
    name: str
    version: str
    purl: str
    manifest: str
    line: int
    scope: ComponentScope
    direct: bool | None
    parents: list[str]
    wanted: str
    licence: str = Field(description="As the manifest declares it")
    knowledge: Knowledge
    vulnerabilities: list[DependencyVulnerability]


class DependencyPage(frame.Answer):
    """Some components, the most pressing first."""

    items: list[DependencyAnswer]
    next: str | None


class UnreadManifest(frame.Answer):
    """A manifest that was not scanned, and why."""

    path: str
    why: str


class DependencySummary(frame.Answer):
    """All of them in numbers. Unless `feed` is `fresh`, components without a known vulnerability
    count as `unknown`.
    """

    feed: FeedState
    feed_made_at: datetime | None
    read_at: datetime | None
    manifests: int
    components: int
    vulnerable: int | None = Field(
        description="null, never 0, where none is found and not everything is known"
    )
    unknown: int
    ecosystems: dict[str, int]
    unread: list[UnreadManifest]


@api.get(DEPENDENCIES, summary="List dependencies", responses={"200": DependencyPage})
def list_dependencies(path: RepositoryPath, query: DependencyListQuery) -> Any:
    """Components of the default branch, as its manifests were read last: for who may see alerts."""
    with requests.reading() as work:
        page = dependencies.listed(
            *(work, path.path, query.wanted),
            now=requests.now(),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_answer(each) for each in page.items], page.next)


@api.get(
    f"{DEPENDENCIES}/summary", summary="Count dependencies", responses={"200": DependencySummary}
)
def count_dependencies(path: RepositoryPath) -> Any:
    """How many there are, of how many something is known, and what could not be read."""
    with requests.reading() as work:
        return frame.answer(_summary(dependencies.summary(work, path.path, now=requests.now())))


class DependencyVector(frame.Answer):
    """A CVSS vector, and what follows from it; no score of versions that are not read here."""

    vector: str
    score: float | None
    severity: str


class DependencyAdvisory(frame.Answer):
    """An advisory that speaks of the component, with the ranges it affects."""

    name: str
    summary: str
    modified: str
    ranges: list[str]
    versions: list[str]


class DependencyPlace(frame.Answer):
    """A line of code."""

    path: str
    line: int


class DependencyReach(frame.Answer):
    """How far code of the default branch reaches it. `unknown` also where nobody has looked: that
    is done for Python and JavaScript.
    """

    level: Reach
    places: list[DependencyPlace]
    unread: int
    commit: str


class DependencySource(frame.Answer):
    """Where what is known comes from, as its licence wants it said."""

    path: str
    licence: str
    attribution: str


class DependencyInFull(frame.Answer):
    """What is known of a vulnerable component, beside its alert."""

    ecosystem: str
    package: str
    version: str
    scope: ComponentScope
    direct: bool | None
    names: list[str]
    vectors: list[DependencyVector]
    epss: float | None
    epss_percentile: float | None
    exploited: bool
    exploited_due: date | None
    advisories: list[DependencyAdvisory]
    ways: list[list[str]] = Field(description="From what the project asks for to this component")
    fixed: str
    reach: DependencyReach
    feed: FeedState
    sources: list[DependencySource]


@api.get(
    f"{ALERT}/dependency",
    summary="Show what is known of a component",
    responses={"200": DependencyInFull},
)
def show_dependency(path: AlertPath) -> Any:
    """Of an alert of a dependency: scores, ranges, who brings it along, how far code reaches it."""
    with requests.reading() as work:
        found = dependency_details.show(work, path.path, path.number, now=requests.now())
        if found is None:
            raise NotFoundError(
                sentence("Alert %(number)s is of no component.", number=path.number)
            )
        return frame.answer(_in_full(found))


class UpgradeAnswer(frame.Answer):
    """The pull request that makes the upgrade: a new one, or the one that is open already."""

    number: int


@api.post(f"{ALERT}/upgrade", summary="Ask for an upgrade", responses={"201": UpgradeAnswer})
def ask_for_upgrade(path: AlertPath) -> Any:
    """A branch with the smallest version that helps, and a pull request for it, in the name of who
    asks: where one line says the version. Files that a tool writes are left alone; why, is said.
    """
    slot = take_slot()
    try:
        number = upgrade_pulls.ask(moves.mover(), path.path, path.number)
    finally:
        slot.release()
    return frame.answer(UpgradeAnswer(number=number), HTTPStatus.CREATED)


def _in_full(found: DependencyDetail) -> DependencyInFull:
    reached = found.reaching
    return DependencyInFull(
        ecosystem=found.ecosystem,
        package=found.package,
        version=found.version,
        scope=ComponentScope(found.scope),
        direct=found.is_direct,
        names=list(found.names),
        vectors=[DependencyVector.model_validate(each) for each in found.vectors],
        epss=found.likely.score if found.likely else None,
        epss_percentile=found.likely.percentile if found.likely else None,
        exploited=found.exploit is not None,
        exploited_due=found.exploit.due if found.exploit else None,
        advisories=[DependencyAdvisory.model_validate(each) for each in found.advisories],
        ways=[list(each) for each in found.ways],
        fixed=found.fixed,
        reach=DependencyReach(
            level=reached.reach,
            places=[DependencyPlace.model_validate(each) for each in reached.places],
            unread=reached.unread,
            commit=reached.commit,
        ),
        feed=found.standing.state,
        sources=[DependencySource.model_validate(each) for each in found.sources],
    )


def _summary(found: Summary) -> DependencySummary:
    feed = found.standing.feed
    return DependencySummary(
        feed=found.standing.state,
        feed_made_at=feed.made_at if feed else None,
        read_at=found.read_at,
        manifests=found.manifests,
        components=found.components,
        vulnerable=found.vulnerable,
        unknown=found.unknown,
        ecosystems=dict(found.ecosystems),
        unread=[UnreadManifest(path=text(each.path), why=each.why) for each in found.unread],
    )


def _answer(each: Dependency) -> DependencyAnswer:
    return DependencyAnswer(
        ecosystem=each.ecosystem,
        name=each.name,
        version=each.version,
        purl=each.purl,
        manifest=text(each.manifest),
        line=each.line,
        scope=ComponentScope(each.scope),
        direct=each.is_direct,
        parents=list(each.parents),
        wanted=each.wanted,
        licence=each.licence,
        knowledge=each.knowledge,
        vulnerabilities=[_vulnerability(one) for one in each.found],
    )


def _vulnerability(found: Found) -> DependencyVulnerability:
    known = found.vulnerability
    return DependencyVulnerability(
        name=known.name,
        names=list(known.names),
        summary=known.summary,
        severity=known.severity,
        score=known.score,
        epss=known.likely.score if known.likely else None,
        epss_percentile=known.likely.percentile if known.likely else None,
        exploited=known.exploit is not None,
        exploited_due=known.exploit.due if known.exploit else None,
        fixed=known.fixed,
        certain=known.is_certain,
        alert=found.alert,
        alert_state=found.alert_state,
    )
