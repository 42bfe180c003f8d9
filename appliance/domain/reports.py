"""A report: what was asked, of what, how it was looked for, and what came out.

Everything in it follows from the request and from the audit log up to a checkpoint: made again from
the same two, it is the same to the byte. So it has no time of its own making.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.domain.controls import Control, Framework

Cell = str | int | bool | None
"""What a table holds. Times are RFC 3339 in UTC, spans are whole seconds, sizes are bytes."""


class ReportError(ValueError):
    """A report contradicts itself; the message says where."""


class State(StrEnum):
    """What became of a control. What could not be looked at is not evaluated, never satisfied."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    NOT_APPLICABLE = "not-applicable"
    NOT_EVALUATED = "not-evaluated"


@dataclass(frozen=True)
class Checkpoint:
    """A signed state of the audit log: its entries, its root (64 hex digits), its signed text."""

    size: int
    root_hex: str
    signed: str


@dataclass(frozen=True)
class Period:
    """From a moment to a moment in UTC, the second not included, between two checkpoints."""

    from_at: datetime
    until_at: datetime
    start: Checkpoint | None
    end: Checkpoint


@dataclass(frozen=True)
class Request:
    """Who asked for what, when, and about what."""

    id: str
    type: str
    asked_by: str
    asked_at: datetime
    organisations: tuple[str, ...]
    repositories: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """What is not looked at, with why."""


@dataclass(frozen=True)
class Table:
    """A population or what was found in it. `name` is that of its file."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    entries: tuple[int | None, ...] = ()
    """Of each row the index of its entry in the audit log; empty when they have none."""


@dataclass(frozen=True)
class Query:
    """How it was looked for, so that somebody else can look again."""

    text: str
    parameters: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Count:
    """How many there are, and how many another source has: Git beside the log, for example."""

    population: int
    source: str
    second: int | None = None
    second_source: str | None = None
    differences: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether both sources say the same. One that was not asked agrees with nothing."""
        return self.second == self.population and not self.differences


@dataclass(frozen=True)
class Sample:
    """Which of a population were looked at. Seeds and how they are used: `reports/sampling.py`."""

    seed_hex: str
    indices: tuple[int, ...]


@dataclass(frozen=True)
class Exempted:
    """Something that was accepted: what, by whom, until when, and what stands in for it."""

    what: str
    accepted_by: str
    until: datetime | None
    instead: str


@dataclass(frozen=True)
class Result:
    """One control, looked at. `tables` names the tables that it rests on."""

    control: Control
    state: State
    why: str
    procedure: str
    query: Query | None = None
    count: Count | None = None
    sample: Sample | None = None
    exempted: tuple[Exempted, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All of it. `limits` says what the appliance cannot see."""

    request: Request
    title: str
    generator: str
    period: Period
    framework: Framework | None = None
    results: tuple[Result, ...] = ()
    tables: tuple[Table, ...] = ()
    limits: tuple[str, ...] = ()

    def insist_on_sense(self) -> None:
        """Insist that it does not contradict itself.

        Errors:
            ReportError: it does; the message says where.
        """
        if self.period.from_at >= self.period.until_at:
            raise ReportError("The period ends before it begins.")
        start, end = self.period.start, self.period.end
        if start is not None and start.size > end.size:
            raise ReportError("The log was longer at the start of the period than at its end.")
        names = [table.name for table in self.tables]
        _insist_on_each_once("table", names)
        _insist_on_each_once("control", [result.control.token for result in self.results])
        for table in self.tables:
            _insist_on_shape(table)
        for result in self.results:
            _insist_on_result(result, names)


def _insist_on_each_once(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ReportError(f"The {what} {twice[0]} is there twice.")


def _insist_on_shape(table: Table) -> None:
    if any(len(row) != len(table.columns) for row in table.rows):
        raise ReportError(f"A row of {table.name} has not as many cells as there are columns.")
    if table.entries and len(table.entries) != len(table.rows):
        raise ReportError(f"{table.name} has not as many entries as it has rows.")


def _insist_on_result(result: Result, names: list[str]) -> None:
    where = result.control.token
    missing = [name for name in result.tables if name not in names]
    if missing:
        raise ReportError(f"{where} rests on {missing[0]}, which is not there.")
    if not result.why.strip() or not result.procedure.strip():
        raise ReportError(f"{where} does not say why, or how it was looked for.")
    if result.state is not State.SATISFIED:
        return
    if result.count is not None and result.count.second_source and not result.count.agrees:
        raise ReportError(f"{where} cannot be satisfied while its sources differ.")
    if result.query is None and not result.tables:
        raise ReportError(f"{where} cannot be satisfied by nothing.")
