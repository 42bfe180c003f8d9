"""Is every part alive, and what wants a person's attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from appliance.access import gate
from appliance.db import paging
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository, RepositoryHealth
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.feeds import FeedState
from appliance.domain.jobs import JobState
from appliance.domain.permissions import Permission
from appliance.domain.provider_syncs import SyncState
from appliance.errors import ApplianceError, sentence, together
from appliance.services import feeds, observations, provider_syncs
from appliance.services.audit_log import stream_reports, witnesses
from appliance.services.maintenance import DRIFT
from appliance.services.observations import Memory, Observed

Probe = Callable[[], str]

CURES = {
    "database": sentence(
        "Check that the database server is running and its disk is not full. After an "
        "upgrade, run “codara migrate” once."
    ),
    "queue": sentence(
        "Restart the queue server. Until it answers, nothing is lost: what was promised waits in "
        "the database."
    ),
    "storage": sentence(
        "Free disk space in the home folder, or let the system account write to it again."
    ),
    "git": sentence("Reinstall Git, or check why this system account may not run it."),
    "worker": sentence(
        "Start a worker with “codara worker”. Imports, checks and other jobs wait until then."
    ),
    "scheduler": sentence(
        "Start the scheduler with “codara scheduler”. Until then no job is handed to a worker."
    ),
    "audit log": sentence(
        "Check that the scheduler is running. If the log refuses new entries, restore the"
        " newer database or the right key; if there is none, start a successor with "
        "“codara audit recover”. Nothing is lost until then: events wait in the database."
    ),
    "ssh": sentence(
        "Check whether another program uses the port, and restart the appliance. HTTPS works."
    ),
    "repositories": sentence(
        "See Administration, Repositories, Damaged. Restore each from a backup or a "
        "clone, and press “Check now” there."
    ),
    "refs": sentence(
        "Search the events for git.ref_drifted: each names a ref, where it should be and where it "
        "is. Find out who changed the files of the repository, and push the ref where it belongs."
    ),
    "witnesses": sentence(
        "Run “codara witness list”: it shows the answer of each witness. If one has a "
        "different history, keep its evidence and find out who changed the log; do not "
        "remove the witness."
    ),
    "directories": sentence(
        "See the last report of the directory, on its page or by “codara provider "
        "reports”. Nobody has lost access. Correct the directory, or confirm the report."
    ),
    "advisories": sentence(
        "Import a newer feed of advisories: “codara scan feed import”. Until then vulnerabilities "
        "are unknown, and rules that ask for them fail."
    ),
    "jobs": sentence("See Administration, Jobs, for their errors. Retry or discard them."),
    "streams": sentence(
        "Check the answers of the receivers: “codara audit stream list” and “show”. "
        "Nothing is lost: the log keeps what was not delivered. Decide about parked "
        "events with “codara audit stream parked”."
    ),
}
"""What to do when a part is not well."""


class Condition(StrEnum):
    """How a part is."""

    WELL = "well"
    ATTENTION = "attention"
    FAILED = "failed"


class Known(StrEnum):
    """How it is known since when a part is as it is."""

    RECORDED = "recorded"
    """The records of the appliance say so."""
    SEEN = "seen"
    """The change was seen, at most a minute after it happened."""
    FIRST_ASKED = "first_asked"
    """It was so when it was first asked, or asked again after a pause: perhaps longer."""
    UNKNOWN = "unknown"
    """The memory of earlier looks does not answer."""


@dataclass(frozen=True)
class Part:
    """One part of the appliance, how it is, and a few words about it."""

    name: str
    condition: Condition
    detail: str
    since: datetime | None = None
    known: Known = Known.UNKNOWN

    @property
    def cure(self) -> str:
        """What to do about it; empty while it is well."""
        return "" if self.condition is Condition.WELL else CURES.get(self.name, "")


@dataclass(frozen=True)
class RepositoryReport:
    """A repository with what maintenance found out about it."""

    repository: Repository
    health: RepositoryHealth


def parts(
    work: UnitOfWork, *, probes: Mapping[str, Probe], memory: Memory, now: datetime
) -> list[Part]:
    """Every part, asked now, and since when it is so; what was seen is remembered."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    found = [
        *asked(probes),
        *(_repositories(work), _refs(work), _jobs(work)),
        *(_streams(work), _witnesses(work, now), _directories(work)),
        _advisories(work, now),
    ]
    observed = observations.note(memory, {part.name: part.condition for part in found}, now=now)
    return [_dated(part, observed) for part in found]


def last_seen(work: UnitOfWork, *, memory: Memory) -> dict[str, Observed]:
    """How each part was at the last look, without asking any; empty where nobody knows."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    return memory.recall() or {}


def asked(probes: Mapping[str, Probe]) -> list[Part]:
    """What these parts answer. Says nothing that a stranger could not find out by trying."""
    return [_ask(name, probe) for name, probe in probes.items()]


def repositories(
    work: UnitOfWork,
    *,
    only_damaged: bool = False,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[RepositoryReport]:
    """The last check of each repository that had one, by id."""
    gate.require(work, Permission.INSTANCE_HEALTH)
    query = sa.select(Repository, RepositoryHealth).join(
        RepositoryHealth, RepositoryHealth.id == Repository.id
    )
    query = query.where(Repository.deleted_at.is_(None))
    if only_damaged:
        query = query.where(RepositoryHealth.damaged_since.is_not(None))
    return paging.page(
        work.session,
        query,
        Repository.id,
        make=lambda row: RepositoryReport(row[0], row[1]),
        after=after,
        limit=limit,
    )


def _ask(name: str, probe: Probe) -> Part:
    try:
        return Part(name, Condition.WELL, probe())
    except ApplianceError as error:
        return Part(name, Condition.FAILED, error.message)


def _dated(part: Part, observed: Mapping[str, Observed] | None) -> Part:
    """The part with the time since when it is so, unless the records said that already."""
    if part.since is not None:
        return replace(part, known=Known.RECORDED)
    if observed is None:
        return part
    seen = observed[part.name]
    known = Known.SEEN if seen.change_was_seen else Known.FIRST_ASKED
    return replace(part, since=seen.since, known=known)


def _repositories(work: UnitOfWork) -> Part:
    damaged_since = RepositoryHealth.damaged_since
    number, since = _number_since(work, damaged_since, damaged_since.is_not(None), _is_there())
    if number:
        said = sentence("%(number)s damaged", number=number)
        return Part("repositories", Condition.FAILED, said, since)
    return Part("repositories", Condition.WELL, sentence("none known to be damaged"))


def _refs(work: UnitOfWork) -> Part:
    has_drifted = RepositoryHealth.problem.startswith(DRIFT)
    number, since = _number_since(work, RepositoryHealth.checked_at, has_drifted, _is_there())
    if number:
        said = sentence(
            "Repositories with refs that moved outside the appliance: %(number)s", number=number
        )
        return Part("refs", Condition.ATTENTION, said, since)
    return Part("refs", Condition.WELL, sentence("none moved outside the appliance"))


def _jobs(work: UnitOfWork) -> Part:
    is_dead = JobRecord.state == JobState.DEAD
    number, since = _number_since(work, JobRecord.finished_at, is_dead)
    if number:
        said = sentence("%(number)s failed after all retries", number=number)
        return Part("jobs", Condition.ATTENTION, said, since)
    return Part("jobs", Condition.WELL, sentence("none failed"))


def _streams(work: UnitOfWork) -> Part:
    found = stream_reports.troubles(work)
    problems = [
        (found.stopped, sentence("%(number)s stopped", number=found.stopped)),
        (found.failing, sentence("%(number)s not delivered", number=found.failing)),
        (found.parked, sentence("events parked: %(number)s", number=found.parked)),
    ]
    said = [words for number, words in problems if number]
    if said:
        return Part("streams", Condition.ATTENTION, together(said))
    return Part("streams", Condition.WELL, sentence("none in trouble"))


def _witnesses(work: UnitOfWork, now: datetime) -> Part:
    hours = work.rules.witnesses.overdue_hours
    found = witnesses.condition(work, overdue_hours=hours, now=now)
    if found.contradicting:
        said = sentence("%(number)s have a different history of a log", number=found.contradicting)
        return Part("witnesses", Condition.FAILED, said)
    if found.waiting:
        said = sentence(
            "%(number)s logs have waited for signatures for %(hours)s hours or longer",
            number=found.waiting,
            hours=f"{hours:g}",
        )
        return Part("witnesses", Condition.ATTENTION, said)
    if not found.witnesses:
        return Part("witnesses", Condition.WELL, sentence("none configured"))
    said = sentence("%(number)s sign the logs", number=found.witnesses)
    return Part("witnesses", Condition.WELL, said)


def _directories(work: UnitOfWork) -> Part:
    found = provider_syncs.standing(work)
    held = [each.label for each in found if each.state is SyncState.HELD]
    failed = [each.label for each in found if each.state is SyncState.FAILED]
    problems = [
        (failed, sentence("not synchronised: %(names)s", names=", ".join(failed))),
        (held, sentence("a report waits to be confirmed: %(names)s", names=", ".join(held))),
    ]
    said = [words for labels, words in problems if labels]
    if said:
        return Part("directories", Condition.ATTENTION, together(said))
    return Part("directories", Condition.WELL, sentence("none in trouble"))


_FEEDS = {
    FeedState.FRESH: sentence("the feed is fresh"),
    FeedState.STALE: sentence("the feed is old"),
    FeedState.EXPIRED: sentence("the feed has expired"),
    FeedState.SAMPLE: sentence("a sample feed, which says nothing of real dependencies"),
}


def _advisories(work: UnitOfWork, now: datetime) -> Part:
    """An appliance to which nobody has ever brought a feed does without one; that is no trouble."""
    found = feeds.standing(work, now=now)
    if found.feed is None:
        return Part("advisories", Condition.WELL, sentence("no feed: vulnerabilities are unknown"))
    is_well = found.state in {FeedState.FRESH, FeedState.SAMPLE}
    said = _FEEDS.get(found.state, sentence("the feed is empty"))
    return Part("advisories", Condition.WELL if is_well else Condition.ATTENTION, said)


def _is_there() -> sa.ColumnElement[bool]:
    """Whether a report is about a repository that is not in the bin."""
    there = sa.select(Repository.id).where(Repository.deleted_at.is_(None))
    return RepositoryHealth.id.in_(there)


def _number_since(
    work: UnitOfWork,
    moment: InstrumentedAttribute[datetime | None],
    *conditions: sa.ColumnElement[bool],
) -> tuple[int, datetime | None]:
    """How many rows are so, and the earliest moment that one of them names."""
    query = sa.select(sa.func.count(), sa.func.min(moment)).where(*conditions)
    number, since = work.session.execute(query).one()
    return number, since
