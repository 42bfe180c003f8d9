"""Writing a feed's content beside the current one, so that it can become the current one at once.

It is written in many short transactions, and nothing that is current changes: a row holds from the
feed `since`, and one that the feed no longer has ends with it. What a crash leaves behind is
removed before the next feed is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import bulk
from appliance.db.advisories import AdvisoryRow, AffectedPackage, EpssScore, KnownExploit, holds
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.feeds import MOST_SHOWN
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError
from appliance.scanning import aliases, exploits
from appliance.scanning.feeds import contents
from appliance.scanning.feeds.contents import Budget
from appliance.scanning.feeds.manifest import FeedFile, FileKind
from appliance.services import feed_records
from appliance.services.feed_records import ADVISORY_COLUMNS, PACKAGE_COLUMNS, Record

AT_ONCE = 4000
READ_ALONG = 500
Item = TypeVar("Item")
Begin = Callable[[], AbstractContextManager[UnitOfWork]]


class Report(Protocol):
    """Says how far it is; raises when it is to stop."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done, and how much of how much."""


@dataclass(frozen=True)
class Plan:
    """A feed that is to be written beside the current one."""

    number: int
    current: int
    """The number of the current one; 0 where there is none."""
    folder: Path
    """Where its files lie."""
    files: Sequence[FeedFile]
    most_bytes: int
    """That may come out of them."""


@dataclass
class Change:
    """One part of a difference. Its state is what was counted so far."""

    number: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one, and keep its name while there are few."""
        self.number += 1
        if len(self.names) < MOST_SHOWN:
            self.names.append(name)


@dataclass
class Staged:
    """What was written. Its state is what was counted so far."""

    new: Change = field(default_factory=Change)
    changed: Change = field(default_factory=Change)
    withdrawn: Change = field(default_factory=Change)
    advisories: int = 0
    packages: int = 0
    unreadable: int = 0
    scores: int = 0
    exploited: int = 0
    ecosystems: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, Any]:
        """As they are shown."""
        names = ("advisories", "packages", "unreadable", "scores", "exploited", "ecosystems")
        return {each: getattr(self, each) for each in names}

    @property
    def difference(self) -> dict[str, Any]:
        """From the feed that is current."""
        parts = {"new": self.new, "changed": self.changed, "withdrawn": self.withdrawn}
        return {name: {"number": each.number, "names": each.names} for name, each in parts.items()}


@dataclass(slots=True)
class _Known:
    """A row of the current feed, as far as the next one is compared with it."""

    key: int
    digest: bytes
    is_withdrawn: bool
    aliases: str
    canonical: str


def stage(plan: Plan, begin: Begin, report: Report) -> Staged:
    """Write a feed. May be said again after a crash.

    Errors:
        RefusedError: only the appliance and administrators may.
        FeedError: a file is not what its kind says, or more comes out of it than may.
    """
    with begin() as work:
        gate.require(work, Permission.INSTANCE_MAINTAIN)
        clear(work, plan.current)
        known = _known(work, plan.current)
        first_key = (work.session.scalar(sa.select(sa.func.max(AdvisoryRow.key))) or 0) + 1
    writing = _Writing(plan, begin, report, known, first_key)
    for file in plan.files:
        if file.kind is FileKind.OSV:
            writing.take(file)
    writing.end_what_is_gone()
    writing.tie()
    for file in plan.files:
        if file.kind is FileKind.EPSS:
            writing.take_scores(file)
        elif file.kind is FileKind.KEV:
            writing.take_exploits(file)
    return writing.staged


def clear(work: UnitOfWork, current: int) -> None:
    """Remove what was written for a feed after the current one.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    session = work.session
    later = sa.select(AdvisoryRow.key).where(AdvisoryRow.since > current)
    session.execute(
        sa.delete(AffectedPackage).where(AffectedPackage.advisory_key.in_(later)), options()
    )
    session.execute(sa.delete(AdvisoryRow).where(AdvisoryRow.since > current), options())
    ended = sa.update(AdvisoryRow).where(AdvisoryRow.until > current).values(until=None)
    session.execute(ended, options())
    for table in (EpssScore, KnownExploit):
        session.execute(sa.delete(table).where(table.feed > current), options())


def options() -> Any:
    """For statements about rows that no session holds."""
    return {"synchronize_session": False}


def _known(work: UnitOfWork, current: int) -> dict[str, _Known]:
    columns = (AdvisoryRow.name, AdvisoryRow.key, AdvisoryRow.digest, AdvisoryRow.is_withdrawn)
    query = sa.select(*columns, AdvisoryRow.aliases, AdvisoryRow.canonical).where(holds(current))
    return {row[0]: _Known(*row[1:]) for row in work.session.execute(query)}


class _Writing:
    """One feed on its way into the database. Its state is what is there of it."""

    def __init__(
        self, plan: Plan, begin: Begin, report: Report, known: dict[str, _Known], key: int
    ) -> None:
        self.staged = Staged()
        self._plan, self._begin, self._report, self._known = plan, begin, report, known
        self._next_key = key
        self._budget = Budget(plan.most_bytes)
        self._seen: set[str] = set()
        self._links: dict[str, str] = {}
        """Of all that hold in the new feed, and were not withdrawn: name and aliases."""
        self._fresh: dict[str, int] = {}
        """Name and key of rows that this feed has written."""

    def take(self, file: FeedFile) -> None:
        """All records of a zip."""
        before = self.staged.advisories
        records = contents.records(self._plan.folder / file.path, self._budget)
        while batch := list(islice(records, AT_ONCE)):
            self._report(file.path, self.staged.advisories)
            self._write([found for data in batch if (found := self._judged(data)) is not None])
        ecosystem = Path(file.path).stem
        self.staged.ecosystems[ecosystem] = self.staged.advisories - before

    def _judged(self, data: bytes) -> Record | None:
        """The record, if it is to be written."""
        try:
            record = feed_records.read(data)
        except InvalidError:
            self.staged.unreadable += 1
            return None
        advisory = record.advisory
        if advisory.id in self._seen:
            return None
        self._seen.add(advisory.id)
        self.staged.advisories += 1
        self.staged.packages += len(advisory.affected)
        if advisory.aliases and not advisory.is_withdrawn:
            self._links[advisory.id] = " ".join(advisory.aliases)
        known = self._known.get(advisory.id)
        if known is not None and known.digest == record.digest:
            return None
        if known is None:
            self.staged.new.add(advisory.id)
        elif advisory.is_withdrawn and not known.is_withdrawn:
            self.staged.withdrawn.add(advisory.id)
        else:
            self.staged.changed.add(advisory.id)
        return record

    def _write(self, records: Sequence[Record]) -> None:
        if not records:
            return
        rows, packages, ended = [], [], []
        for record in records:
            key, name = self._next_key, record.advisory.id
            self._next_key += 1
            self._fresh[name] = key
            rows.append(feed_records.advisory_row(key, self._plan.number, record))
            packages += feed_records.package_rows(key, record.advisory.affected)
            if name in self._known:
                ended.append(self._known[name].key)
        with self._begin() as work:
            connection = work.session.connection()
            bulk.insert(connection, AdvisoryRow, ADVISORY_COLUMNS, rows)
            bulk.insert(connection, AffectedPackage, PACKAGE_COLUMNS, packages)
            self._end(work, ended)

    def end_what_is_gone(self) -> None:
        """What the feed no longer has holds until it."""
        gone = [name for name in self._known if name not in self._seen]
        for name in gone:
            self.staged.withdrawn.add(name)
        for some in parts(gone, AT_ONCE):
            with self._begin() as work:
                self._end(work, [self._known[name].key for name in some])

    def _end(self, work: UnitOfWork, keys: Sequence[int]) -> None:
        if keys:
            wanted = sa.update(AdvisoryRow).where(AdvisoryRow.key == sa.bindparam("of_key"))
            work.session.connection().execute(
                wanted.values(until=self._plan.number), [{"of_key": key} for key in keys]
            )

    def tie(self) -> None:
        """Give each its canonical name. A row of before that gets another is written anew."""
        settled = {each.canonical for each in self._known.values()}
        links = ((name, each.split(" ")) for name, each in self._links.items())
        canonical = aliases.canonical(links, settled=settled)
        renamed = [
            {"of_key": key, "to": canonical[name]}
            for name, key in self._fresh.items()
            if canonical.get(name, name) != name
        ]
        self._report("Tying names together", 0, len(renamed))
        for some in parts(renamed, AT_ONCE):
            with self._begin() as work:
                wanted = sa.update(AdvisoryRow).where(AdvisoryRow.key == sa.bindparam("of_key"))
                wanted = wanted.values(canonical=sa.bindparam("to"))
                work.session.connection().execute(wanted, some)
        moved = [
            (each.key, canonical[name])
            for name, each in self._known.items()
            if name in self._seen
            and name not in self._fresh
            and canonical.get(name, each.canonical) != each.canonical
        ]
        for few in parts(moved, READ_ALONG):
            with self._begin() as work:
                self._rewrite(work, dict(few))

    def _rewrite(self, work: UnitOfWork, names: dict[int, str]) -> None:
        """Rows as they are, under another canonical name."""
        connection = work.session.connection()
        keys = {old: self._next_key + at for at, old in enumerate(names)}
        self._next_key += len(names)
        columns = [getattr(AdvisoryRow, each) for each in ADVISORY_COLUMNS]
        rows = connection.execute(sa.select(*columns).where(AdvisoryRow.key.in_(names))).all()
        bulk.insert(
            connection,
            AdvisoryRow,
            ADVISORY_COLUMNS,
            [
                (keys[row[0]], row[1], self._plan.number, *row[3:6], names[row[0]], *row[7:])
                for row in rows
            ],
        )
        columns = [getattr(AffectedPackage, each) for each in PACKAGE_COLUMNS]
        query = sa.select(*columns).where(AffectedPackage.advisory_key.in_(names))
        packages = [(keys[row[0]], *row[1:]) for row in connection.execute(query)]
        bulk.insert(connection, AffectedPackage, PACKAGE_COLUMNS, packages)
        self._end(work, list(names))

    def take_scores(self, file: FeedFile) -> None:
        """EPSS."""
        data = contents.table(self._plan.folder / file.path)
        try:
            found = exploits.scores(data.decode()).of
        except (UnicodeDecodeError, InvalidError) as error:
            raise contents.damaged(file.path) from error
        self.staged.scores = len(found)
        rows = (
            (self._plan.number, cve, each.score, each.percentile) for cve, each in found.items()
        )
        self._fill(EpssScore, ("feed", "cve", "score", "percentile"), rows)

    def take_exploits(self, file: FeedFile) -> None:
        """KEV."""
        try:
            found = exploits.catalogue(contents.table(self._plan.folder / file.path))
        except InvalidError as error:
            raise contents.damaged(file.path) from error
        self.staged.exploited = len(found)
        rows = (
            (self._plan.number, cve, each.added, each.due, each.in_ransomware)
            for cve, each in found.items()
        )
        self._fill(KnownExploit, ("feed", "cve", "added", "due", "in_ransomware"), rows)

    def _fill(self, table: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        left = iter(rows)
        while batch := list(islice(left, AT_ONCE)):
            with self._begin() as work:
                bulk.insert(work.session.connection(), table, columns, batch)


def parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """As many as one transaction takes."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
