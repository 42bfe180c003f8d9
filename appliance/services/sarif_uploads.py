"""Reports of other tools become alerts of code, and alerts become reports.

expect  who may hand a report in, and where the repository's files are
look    what the report says, by our own identities; no transaction is open meanwhile
keep    makes alerts of it, and ends those of its category that it does not name any more
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.access.gate import open_to_everyone
from appliance.db.alerts import Scan
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity, events
from appliance.domain.alerts import AlertKind, ScanCause, Severity, Sighting
from appliance.domain.identity import ActorKind
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, InvalidError, NotFoundError, sentence
from appliance.git import blobs, refs
from appliance.scanning import sarif
from appliance.scanning.secrets import hiding
from appliance.services import files, sightings
from appliance.services.sightings import NewScan

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

MOST_KEPT = 5000
"""Alerts of one run, the worst first."""
MOST_PLACES = 100
"""Of one alert."""
LARGEST_REPORT_BYTES = sarif.MOST_BYTES
LARGEST_PACKED_BYTES = sarif.MOST_PACKED_BYTES
LARGEST_FILE_BYTES = 1024 * 1024
MOST_LINES = 50
"""Of a file, that say what an alert is; what is longer goes on the same way."""
_SEVERITIES = list(Severity)


@dataclass(frozen=True)
class UploadPlan:
    """Of which commit a report speaks."""

    folder: Path
    commit: str
    ref: str
    is_protected: bool
    is_default: bool
    owner_id: UUID


@dataclass(frozen=True)
class Analysis:
    """One run of a report, ready to be kept."""

    tool: str
    version: str
    category: str
    sightings: tuple[Sighting, ...]
    skipped: tuple[dict[str, str], ...]
    is_whole: bool
    """Whether all of its results are kept: only then is something gone that it does not name."""
    kind: AlertKind = AlertKind.CODE


@dataclass(frozen=True)
class KeptAnalysis:
    """What became of a run."""

    scan: Scan
    new: int = 0
    reopened: int = 0
    fixed: int = 0


def expect(
    work: UnitOfWork, path: str, ref: str, commit: str, *, repositories: RepositoryStore
) -> UploadPlan:
    """Where the files are that a report speaks of, for who may hand one in.

    Errors:
        HiddenError, MovedError, RefusedError: there is no such repository, or they may not.
        InvalidError: there is no such branch or commit.
    """
    home = fetch_alerts.home(work, path, Permission.ALERT_REPORT)
    repository = files.opened(work, path, repositories=repositories)
    default = f"refs/heads/{home.default_branch}"
    ref = ref or default
    try:
        at = refs.resolve(repository.folder, (commit or ref).encode("utf-8", "surrogatepass"))
    except (NotFoundError, InvalidError) as error:
        raise InvalidError.of(
            "commit" if commit else "ref", sentence("There is no such commit here.")
        ) from error
    is_default = ref == default
    guarded = is_default or repository.is_protected(ref.encode("utf-8", "surrogatepass"))
    owner_id = home.organisation_id or home.owner_id
    return UploadPlan(repository.folder, at.commit, ref, guarded, is_default, owner_id)


@open_to_everyone(because="`expect` has asked who may")
def look(plan: UploadPlan, data: bytes | str) -> tuple[Analysis, ...]:
    """What a report says; as text it is base64.

    Errors:
        InvalidError: it is no report, over a limit, or two runs have the same tool and category.
    """
    runs = sarif.read(sarif.from_base64(data) if isinstance(data, str) else data)
    changes = hiding.changes(_texts(runs))
    twice = [
        each for each, count in Counter((r.tool, r.category) for r in runs).items() if count > 1
    ]
    if twice:
        raise InvalidError.of(
            "sarif",
            sentence("Runs of one tool need an `automationDetails.id` each, as their category."),
        )
    return tuple(_analysis(plan, each, changes) for each in runs)


def keep(
    work: UnitOfWork,
    path: str,
    plan: UploadPlan,
    found: Iterable[Analysis],
    *,
    digest: str,
    now: datetime,
) -> list[KeptAnalysis]:
    """Make alerts of a report; gives a scan for each of its runs.

    Errors:
        HiddenError, MovedError, RefusedError: as for `expect`.
    """
    repository = fetch_alerts.home(work, path, Permission.ALERT_REPORT)
    return [_keep(work, repository, plan, each, digest, now) for each in found]


def show(work: UnitOfWork, path: str, upload_id: UUID) -> list[Scan]:
    """The scans of an upload, by the id of its first one.

    Errors:
        HiddenError, MovedError: there is no such upload, or none for this actor.
    """
    repository = fetch_alerts.home(work, path)
    query = sa.select(Scan).where(
        Scan.repository_id == repository.id, Scan.cause == ScanCause.UPLOAD
    )
    first = work.session.scalar(query.where(Scan.id == upload_id))
    if first is None:
        raise HiddenError(sentence("There is no such upload."))
    same = query.where(Scan.ruleset == first.ruleset, Scan.started_at == first.started_at)
    return list(work.session.scalars(same.order_by(Scan.id)))


def digest_of(data: bytes | str) -> str:
    """What tells a report from others."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def _keep(
    work: UnitOfWork,
    repository: Repository,
    plan: UploadPlan,
    found: Analysis,
    digest: str,
    now: datetime,
) -> KeptAnalysis:
    new = NewScan(
        found.kind,
        ScanCause.UPLOAD,
        tool=found.tool,
        category=found.category,
        ref=plan.ref,
        to_commit=plan.commit,
        ruleset=digest,
    )
    scan = sightings.begin_scan(work, repository, new, now=now)
    taken = sightings.take_in(
        *(work, repository, found.sightings),
        scan=scan,
        ref_is_protected=plan.is_protected,
        now=now,
        pushed_by=work.actor.id if work.actor.kind is ActorKind.USER else None,
    )
    fixed: Sequence[int] = ()
    if plan.is_default and found.is_whole:
        fixed = sightings.gone(
            *(work, repository, found.kind),
            seen=taken.all,
            looked_at=None,
            now=now,
            category=_key(found.tool, found.category),
        )
    sightings.end_scan(
        *(work, repository, scan),
        size_bytes=0,
        objects=len({each.path for each in found.sightings}),
        skipped=found.skipped,
        now=now,
    )
    work.record(
        events.AlertReportUploaded(
            about=repository.id,
            organisation_id=repository.organisation_id,
            scan_id=str(scan.id),
            tool=scan.tool,
            found=scan.found,
            opened=scan.opened,
            fixed=len(fixed),
            skipped=scan.skipped_count,
        )
    )
    return KeptAnalysis(scan, len(taken.new), len(taken.reopened), len(fixed))


def _texts(runs: Iterable[sarif.Run]) -> Iterator[str]:
    """All that would be kept of a report as the tool wrote it."""
    for run in runs:
        yield from (run.tool, run.version, run.category)
        yield from (text for each in run.skipped for text in each.values())
        for rule in {each.rule for each in run.results}:
            yield from (rule.id, rule.title, rule.cure, rule.url, *rule.tags)
        for place in {place for each in run.results for place in each.places}:
            yield _shown(place)


def _shown(place: sarif.Place) -> str:
    return place.path.decode("utf-8", "surrogateescape")


def _changed(run: sarif.Run, changes: Mapping[str, str]) -> sarif.Run:
    """The run with other words; the paths stay, since files are looked up by them."""

    def kept(text: str) -> str:
        return changes.get(text, text)

    rules = {
        each: replace(
            each,
            id=kept(each.id),
            title=kept(each.title),
            cure=kept(each.cure),
            url=kept(each.url),
            tags=tuple(map(kept, each.tags)),
        )
        for each in {result.rule for result in run.results}
    }
    return replace(
        run,
        tool=kept(run.tool),
        version=kept(run.version),
        category=kept(run.category),
        results=tuple(replace(each, rule=rules[each.rule]) for each in run.results),
        skipped=tuple({key: kept(text) for key, text in each.items()} for each in run.skipped),
    )


def _analysis(plan: UploadPlan, run: sarif.Run, changes: Mapping[str, str]) -> Analysis:
    """What is kept of a run; of texts that hold a secret `changes` says how they are written."""
    run = _changed(run, changes) if changes else run
    key = _key(run.tool, run.category)
    reader = _Files(plan)
    ordered = sorted(run.results, key=lambda each: (each.places[0].path, each.places[0].line or 0))
    counts: Counter[tuple[bytes, str, bytes]] = Counter()
    groups: list[list[Sighting]] = []
    for each in ordered:
        first = each.places[0]
        matched = reader.text(first) or first.snippet or each.message
        at = (first.path, each.rule.id, alert_identity.normalised(matched))
        name = f"{key}\0{each.rule.id}"
        identity = alert_identity.of_code(first.path, name, matched, counts[at])
        counts[at] += 1
        places = each.places[:MOST_PLACES]
        groups.append([_sighting(plan, run, each, at, identity, reader, changes) for at in places])
    groups.sort(key=lambda each: _SEVERITIES.index(each[0].severity))
    over = [{"path": "", "why": "over-limit", "rule": each[0].rule} for each in groups[MOST_KEPT:]]
    kept = [each for group in groups[:MOST_KEPT] for each in group]
    return Analysis(
        run.tool, run.version, run.category, tuple(kept), (*run.skipped, *over), not over
    )


def _sighting(
    plan: UploadPlan,
    run: sarif.Run,
    result: sarif.Result,
    place: sarif.Place,
    identity: str,
    reader: _Files,
    changes: Mapping[str, str],
) -> Sighting:
    rule, shown = result.rule, _shown(place)
    return Sighting(
        kind=AlertKind.CODE,
        rule=rule.id,
        title=rule.title or rule.id,
        identity=identity,
        severity=result.severity,
        confidence=rule.confidence,
        cure=rule.cure,
        object_id=reader.object_id(place.path),
        path=changes.get(shown, shown).encode("utf-8", "surrogateescape"),
        line=place.line,
        end_line=place.end_line,
        first_commit=plan.commit,
        detail={
            "tool": run.tool[:255],
            "tool_version": run.version[:255],
            "category": _key(run.tool, run.category),
            "tags": list(rule.tags),
            "url": rule.url[:2000] if rule.url.startswith("https://") else "",
        },
    )


def _key(tool: str, category: str) -> str:
    """What a tool calls a category is its own."""
    return f"{tool[:100]}:{category[:150]}"


class _Files:
    """Files of the commit: the one that was asked for last is kept, since results are sorted."""

    def __init__(self, plan: UploadPlan) -> None:
        self._plan = plan
        self._path: bytes | None = None
        self._lines: list[bytes] = []
        self._ids: dict[bytes, str] = {}

    def text(self, place: sarif.Place) -> str:
        """The lines of a place; empty where they cannot be read."""
        if place.line is None:
            return ""
        self._open(place.path)
        end = min(place.end_line or place.line, place.line + MOST_LINES - 1)
        return b"\n".join(self._lines[place.line - 1 : end]).decode("utf-8", "backslashreplace")

    def object_id(self, path: bytes) -> str:
        """The id of a file; empty where the commit has none."""
        if path not in self._ids:
            self._open(path)
        return self._ids[path]

    def _open(self, path: bytes) -> None:
        if path == self._path:
            return
        self._path, self._lines = path, []
        try:
            file = blobs.file(
                self._plan.folder, self._plan.commit, path, most_bytes=LARGEST_FILE_BYTES
            )
        except (NotFoundError, InvalidError):
            self._ids[path] = ""
            return
        self._ids[path] = file.entry.oid
        if file.content is not None and not file.is_binary:
            self._lines = file.content.split(b"\n")
