"""What a repository depends on, and what is known of that.

Three things can be known of a component: that it is vulnerable, that no vulnerability is known, or
nothing. Where the feed is missing, old or expired, or says nothing of an ecosystem at all, it is
nothing: an empty column must never be read as "safe".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.db import paging
from appliance.db.alerts import Alert
from appliance.db.component_rows import parts
from appliance.db.components import (
    ComponentReach,
    ManifestComponent,
    ManifestFile,
    PackageMatch,
    PackageVersion,
)
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity, urgency
from appliance.domain.alerts import AlertKind, AlertState
from appliance.domain.components import Scope, package_url
from appliance.errors import InvalidError, sentence
from appliance.scanning.matching import Verdict
from appliance.services import feeds, known_vulnerabilities
from appliance.services.feeds import Standing
from appliance.services.known_vulnerabilities import Vulnerability

MOST_UNREAD = 100
MOST_CHOICES = 100
UNCERTAIN = urgency.UNCERTAIN * 10
"""The first two digits and the one for reach, which `_worst` gives."""
Condition = sa.ColumnElement[bool]
file, component, package = ManifestFile, ManifestComponent, PackageVersion


class Knowledge(StrEnum):
    """What is known of a component."""

    VULNERABLE = "vulnerable"
    NONE_KNOWN = "none_known"
    UNKNOWN = "unknown"


class Order(StrEnum):
    """How the list is sorted."""

    RISK = "risk"
    NAME = "name"


@dataclass(frozen=True)
class DependencyQuery:
    """Which components. What is empty does not matter."""

    search: str = ""
    """A part of the name."""
    ecosystem: str = ""
    scopes: tuple[Scope, ...] = ()
    is_direct: bool | None = None
    knowledge: Knowledge | None = None
    manifest: str = ""
    """Its path."""
    order: Order = Order.RISK


@dataclass(frozen=True)
class Found:
    """A vulnerability of a component, and the alert that it led to."""

    vulnerability: Vulnerability
    alert: int | None = None
    alert_state: AlertState | None = None


@dataclass(frozen=True)
class Dependency:
    """One component of one manifest."""

    ecosystem: str
    name: str
    version: str
    purl: str
    manifest: bytes
    line: int
    ref: str
    scope: Scope
    is_direct: bool | None
    parents: tuple[str, ...]
    wanted: str
    licence: str
    knowledge: Knowledge
    found: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Unread:
    """A manifest that could not be read, and why."""

    path: bytes
    why: str


@dataclass(frozen=True)
class Summary:
    """Everything that the list is about, in numbers."""

    standing: Standing
    components: int = 0
    manifests: int = 0
    vulnerable: int | None = 0
    """None, never 0, where none is found and not everything is known."""
    unknown: int = 0
    ecosystems: Mapping[str, int] = field(default_factory=dict)
    """By their names, the most frequent first."""
    unread: Sequence[Unread] = ()
    read_at: datetime | None = None
    """When a manifest was read last; None where none was."""


def listed(
    work: UnitOfWork,
    path: str,
    query: DependencyQuery,
    *,
    now: datetime,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Dependency]:
    """The components of the default branch, the most pressing first or by name.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
        InvalidError: the place or the limit is none of this list.
    """
    repository = fetch_alerts.home(work, path)
    uncovered = _Uncovered.now(work, now)
    worst = _worst(repository)
    keys = {
        Order.RISK: (_pressing(worst), package.name, component.manifest_id, component.position),
        Order.NAME: (package.name, package.version, component.manifest_id, component.position),
    }[query.order]
    columns = (
        *(file.path, file.ref, component.name, component.line, component.scope),
        *(component.is_direct, component.parents, component.wanted, component.licence),
        *(package.key, package.ecosystem, package.version),
        *(component.manifest_id, component.position),
    )
    chosen = _joined(sa.select(*columns), repository)
    chosen = chosen.outerjoin(worst, worst.c.package_key == package.key)
    found = paging.page(
        work.session,
        chosen.where(*_conditions(query, worst, uncovered)),
        *cast("tuple[paging.Key, ...]", keys),
        make=_itself,
        after=after,
        limit=limit,
    )
    return paging.Page(_presented(work, repository, found.items, uncovered), found.next)


def summary(work: UnitOfWork, path: str, *, now: datetime) -> Summary:
    """How many components there are, and of how many something is known.

    Errors: as for `listed`.
    """
    repository = fetch_alerts.home(work, path)
    uncovered = _Uncovered.now(work, now)
    worst = _worst(repository)
    query = DependencyQuery(knowledge=Knowledge.VULNERABLE)
    unknown = DependencyQuery(knowledge=Knowledge.UNKNOWN)
    asked = _joined(sa.select(sa.func.count()), repository)
    asked = asked.outerjoin(worst, worst.c.package_key == package.key)

    def count(*conditions: Condition) -> int:
        return work.session.scalar(asked.where(*conditions)) or 0

    by = _joined(sa.select(package.ecosystem, sa.func.count()), repository)
    by = by.group_by(package.ecosystem).order_by(sa.func.count().desc(), package.ecosystem)
    ecosystems = {row[0]: row[1] for row in work.session.execute(by.limit(MOST_CHOICES))}
    of_file = sa.select(sa.func.count(), sa.func.max(file.read_at)).where(_of(repository))
    manifests, read_at = work.session.execute(of_file).one()
    errors = sa.select(file.path, file.error).where(_of(repository), file.error != "")
    errors = errors.order_by(file.path).limit(MOST_UNREAD)
    unread = [Unread(*row) for row in work.session.execute(errors)]
    not_known = count(*_conditions(unknown, worst, uncovered))
    is_all_known = uncovered.standing.state.is_known and not not_known and not unread
    return Summary(
        standing=uncovered.standing,
        components=count(),
        manifests=manifests,
        vulnerable=count(*_conditions(query, worst, uncovered)) or (0 if is_all_known else None),
        unknown=not_known,
        ecosystems=ecosystems,
        unread=unread,
        read_at=read_at,
    )


@dataclass(frozen=True)
class _Uncovered:
    """Of what the feed says nothing that counts."""

    standing: Standing
    covered: frozenset[str]
    """Families of ecosystems that it has advisories of."""

    @classmethod
    def now(cls, work: UnitOfWork, now: datetime) -> _Uncovered:
        """What holds at this moment."""
        standing = feeds.standing(work, now=now)
        has = (standing.feed.counts if standing.feed else {}).get("ecosystems") or {}
        names = frozenset(name.partition(":")[0] for name, number in has.items() if number)
        return cls(standing, names if standing.state.is_known else frozenset())

    def of(self, ecosystem: str) -> bool:
        """Whether nothing follows from there being no match."""
        return ecosystem.partition(":")[0] not in self.covered

    @property
    def condition(self) -> Condition:
        """The same in SQL."""
        return package.family.not_in(sorted(self.covered))


def _of(repository: Repository) -> Condition:
    """Manifests of the default branch, and bills that somebody uploaded."""
    branches = (repository.default_branch, "")
    return (file.repository_id == repository.id) & file.ref.in_(branches)


def _joined(query: Any, repository: Repository) -> Any:
    return (
        query.select_from(file)
        .join(component, component.manifest_id == file.id)
        .join(package, package.key == component.package_key)
        .where(_of(repository))
    )


def _worst(repository: Repository) -> sa.Subquery:
    """Of each package of a repository that has matches: the smallest number of urgency."""
    mine = (
        sa.select(component.package_key)
        .join(file, file.id == component.manifest_id)
        .where(_of(repository))
    )
    digits = sa.func.coalesce(
        PackageMatch.facts["urgency"].as_integer(), urgency.UNKNOWN_MATCH
    ) + sa.case((PackageMatch.verdict == Verdict.AFFECTED, 0), else_=urgency.UNCERTAIN)
    reach = sa.case(urgency.REACHES, value=ComponentReach.reach, else_=urgency.REACHES["unknown"])
    is_its = (
        (ComponentReach.repository_id == repository.id)
        & (ComponentReach.ecosystem == package.ecosystem)
        & (ComponentReach.name == package.name)
        & (ComponentReach.canonical == PackageMatch.canonical)
    )
    return (
        sa.select(PackageMatch.package_key, sa.func.min(digits * 10 + reach).label("least"))
        .join(package, package.key == PackageMatch.package_key)
        .outerjoin(ComponentReach, is_its)
        .where(PackageMatch.package_key.in_(mine))
        .group_by(PackageMatch.package_key)
        .subquery("worst")
    )


def _pressing(worst: sa.Subquery) -> sa.ColumnElement[int]:
    """The number of `domain.urgency`, in SQL."""
    scope = sa.case(urgency.SCOPES, value=component.scope, else_=0)
    who = sa.case(
        (component.is_direct.is_(None), urgency.UNTOLD),
        (component.is_direct.is_(True), urgency.DIRECT),
        else_=urgency.TRANSITIVE,
    )
    least = worst.c.least
    whole = least * 100 + scope * 10 + who
    return sa.func.coalesce(whole, urgency.NOTHING_KNOWN, type_=sa.Integer())


def _conditions(
    query: DependencyQuery, worst: sa.Subquery, uncovered: _Uncovered
) -> list[Condition]:
    found: list[Condition] = []
    if query.search:
        found.append(component.name.icontains(_text(query.search), autoescape=True))
    if query.ecosystem:
        found.append(package.ecosystem == _text(query.ecosystem))
    if query.scopes:
        found.append(component.scope.in_(query.scopes))
    if query.is_direct is not None:
        found.append(component.is_direct.is_(query.is_direct))
    if query.manifest:
        found.append(file.path == _path(query.manifest))
    if query.knowledge is not None:
        found.append(_known(query.knowledge, worst.c.least, uncovered))
    return found


def _known(wanted: Knowledge, least: Any, uncovered: _Uncovered) -> Condition:
    """Whether that is what is known, as `_dependency` says it of one."""
    found: dict[Knowledge, Condition] = {
        Knowledge.VULNERABLE: least < UNCERTAIN,
        Knowledge.UNKNOWN: sa.or_(
            least >= UNCERTAIN, sa.and_(least.is_(None), uncovered.condition)
        ),
        Knowledge.NONE_KNOWN: sa.and_(least.is_(None), sa.not_(uncovered.condition)),
    }
    return found[wanted]


def _text(said: str) -> str:
    """What a database can look for; nothing is called so otherwise."""
    return said.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _path(said: str) -> bytes:
    try:
        return said.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidError.of("manifest", sentence("This is no path.")) from error


def _presented(
    work: UnitOfWork, repository: Repository, rows: Sequence[Any], uncovered: _Uncovered
) -> list[Dependency]:
    known = known_vulnerabilities.of_packages(work, {row.key for row in rows})
    identities = {
        (row.manifest_id, row.position, each.name): alert_identity.of_dependency(
            row.path, _purl(row), each.name
        )
        for row in rows
        for each in known.get(row.key, ())
    }
    alerts = _alerts(work, repository, set(identities.values()))
    found = []
    for row in rows:
        some = [
            Found(each, *alerts.get(identities[row.manifest_id, row.position, each.name], ()))
            for each in known.get(row.key, ())
        ]
        found.append(_dependency(row, some, uncovered))
    return found


def _alerts(
    work: UnitOfWork, repository: Repository, identities: Collection[str]
) -> dict[str, tuple[int, AlertState]]:
    found: dict[str, tuple[int, AlertState]] = {}
    for some in parts(sorted(identities)):
        query = sa.select(Alert.identity, Alert.number, Alert.state).where(
            Alert.repository_id == repository.id,
            Alert.kind == AlertKind.DEPENDENCY,
            Alert.identity.in_(some),
        )
        found |= {row[0]: (row[1], row[2]) for row in work.session.execute(query)}
    return found


def _dependency(row: Any, found: Sequence[Found], uncovered: _Uncovered) -> Dependency:
    knowledge = Knowledge.NONE_KNOWN
    if any(each.vulnerability.is_certain for each in found):
        knowledge = Knowledge.VULNERABLE
    elif found or uncovered.of(row.ecosystem):
        knowledge = Knowledge.UNKNOWN
    return Dependency(
        ecosystem=row.ecosystem,
        name=row.name,
        version=row.version,
        purl=_purl(row),
        manifest=row.path,
        line=row.line,
        ref=row.ref,
        scope=row.scope,
        is_direct=row.is_direct,
        parents=tuple(row.parents),
        wanted=row.wanted,
        licence=row.licence,
        knowledge=knowledge,
        found=tuple(found),
    )


def _purl(row: Any) -> str:
    return package_url(row.ecosystem, row.name, row.version)


def _itself(row: Any) -> Any:
    return row
