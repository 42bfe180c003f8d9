"""Who could do what at a moment, answered from the log alone, each line with its events.

The answer is for whoever may read the log of what it is about: the repository's owner's, the
organisation's, or for a person those of the organisations that they share with the asker. What the
log no longer tells is said, and not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from appliance.access import visible_logs
from appliance.access.log_reach import WHOLE, Reach
from appliance.access.visible_logs import VisibleLogs
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.access_history import rights_on
from appliance.domain.access_state import Fact, History, Right
from appliance.domain.audit_terms import Field, period
from appliance.errors import HiddenError, InvalidError, NotFoundError, RefusedError, sentence
from appliance.services.audit_log import known_names, names
from appliance.services.audit_log.access_facts import Facts

ONE_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Asked:
    """About what, and when: a day stands for its end."""

    on: str
    repository: str = ""
    user: str = ""
    organisation: str = ""
    log: str = ""
    """Only what this log tells of, for whoever looks at one organisation; empty: all they may."""


@dataclass(frozen=True)
class Evidence:
    """An event that a line rests on; who has its log can have its place proved."""

    event_id: UUID
    log: str
    log_name: str
    index: int
    at: datetime
    action: str


@dataclass(frozen=True)
class Line:
    """One right that somebody had."""

    user_id: str
    user: str
    on: str
    """`repository`, `organisation`, `team` or `instance`."""
    on_id: str
    on_name: str
    role: str
    source: str
    through: str
    rests_on: tuple[Evidence, ...]
    elsewhere: int = 0
    """Of the events that it rests on, how many stand where the asker may not look."""


@dataclass(frozen=True)
class Answer:
    """What the log says; `gaps` are sentences about what it no longer says."""

    asked: Asked
    at: datetime
    subject: str
    subject_kind: str
    subject_id: str
    lines: list[Line]
    gaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Why there is nothing, where something else than rights decided."""
    open_to: str = ""
    """Of a repository: `internal` or `public`, where all who could enter, or all, could read it."""
    organisation_id: UUID | None = None
    """In whose log it is told that this was asked; none: the instance's."""


def answer(work: UnitOfWork, asked: Asked, *, now: datetime) -> Answer:
    """Who could do what then.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: it is not in a log that is the actor's.
        InvalidError: not just one thing is asked about, or the moment is none.
        NotFoundError: the logs know nothing of that name.
    """
    logs = visible_logs.visible_logs(work, asked.log)
    until = _until(asked.on, now)
    _insist_on_one(asked)
    asking = _Asking(work, asked, logs, until)
    if asked.repository:
        return asking.of_repository(asked.repository)
    return asking.of_user(asked.user) if asked.user else asking.of_organisation(asked.organisation)


def note(work: UnitOfWork, found: Answer) -> None:
    """Record that somebody looked, before they are shown what they find.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: the actor may not.
    """
    visible_logs.visible_logs(work, found.asked.log)
    work.record(
        events.AccessLookedUp(
            about=UUID(found.subject_id),
            organisation_id=found.organisation_id,
            subject_type=found.subject_kind,
            moment=found.at.isoformat(),
            lines=len(found.lines),
        )
    )


class _Asking:
    """One question: what may be looked at, and what was found."""

    def __init__(self, work: UnitOfWork, asked: Asked, logs: VisibleLogs, until: datetime) -> None:
        self._work, self._asked, self._logs, self._until = work, asked, logs, until
        self._facts = Facts(work, until)

    def of_repository(self, name: str) -> Answer:
        repository = self._resolved(Field.REPOSITORY, name)
        self._facts.of_repository(repository)
        history = self._facts.history()
        home = history.organisation.get(repository, INSTANCE_LOG)
        self._insist_on(home, name)
        rights = [each for each in rights_on(history, repository) if each.source != "visibility"]
        gaps = self._gaps(history)
        if repository not in history.owner:
            gaps.insert(0, sentence("The log does not tell how this repository came to be."))
        elif home == INSTANCE_LOG and history.owner[repository].value is None:
            gaps.insert(0, sentence("The log does not tell to whom this repository belonged."))
        seen = history.visibility.get(repository)
        width = seen.value if seen is not None and repository not in history.binned else ""
        lines = [self._line(right, repository, history) for right in rights]
        found = self._made("repository", repository, lines, gaps, home)
        if repository in history.binned:
            found.notes.append(sentence("It was in the bin then, or gone: nobody could reach it."))
        return replace(found, open_to=width if width in {"internal", "public"} else "")

    def of_organisation(self, name: str) -> Answer:
        organisation = self._resolved(Field.ORGANISATION, name)
        self._insist_on(organisation, name)
        self._facts.of_organisation(organisation)
        history = self._facts.history()
        lines = list(self._belonging(history, {organisation}, None))
        return self._made("organisation", organisation, lines, self._gaps(history), organisation)

    def of_user(self, name: str) -> Answer:
        user = self._resolved(Field.USER, name)
        known = None if self._logs.names is None else self._logs.names - {INSTANCE_LOG}
        self._facts.of_user(user, known)
        history = self._facts.history()
        gaps = self._gaps(history)
        notes: list[str] = []
        if user in history.out:
            notes.append(sentence("They were suspended or deleted then: they could do nothing."))
            history = History()
        homes = {where for where, who in history.members if who == user}
        seen = homes if known is None else homes & known
        lines = list(self._belonging(history, seen, user))
        rights = [
            (repository, right)
            for repository in sorted(history.owner)
            if self._is_theirs_to_see(history, repository, known)
            for right in rights_on(history, repository)
            if right.user_id == user and right.source not in {"instance", "visibility"}
        ]
        lines += [self._line(right, repository, history) for repository, right in rights]
        if known is None:
            lines += self._on_instance(history, user)
        home = self._asked.log or INSTANCE_LOG
        found = self._made("user", user, lines, gaps, home if known is None else _one(known))
        return replace(found, notes=notes)

    def _is_theirs_to_see(
        self, history: History, repository: str, known: frozenset[str] | None
    ) -> bool:
        return known is None or history.organisation.get(repository) in known

    def _on_instance(self, history: History, user: str) -> Iterator[Line]:
        held = history.instance.get(user)
        if held is not None and held.value != "user":
            right = _Named(user, held.value or "", "instance", "", held.facts)
            yield self._plain(right, "instance", "", "")

    def _belonging(
        self, history: History, organisations: set[str], user: str | None
    ) -> Iterator[Line]:
        """Roles in organisations and places in teams, of one user or of all."""
        for (where, who), held in sorted(history.members.items()):
            if where in organisations and user in {None, who} and who not in history.out:
                right = _Named(who, held.value or "", "organisation", where, held.facts)
                yield self._plain(right, "organisation", where, "")
        for (team, who), held in sorted(history.in_team.items()):
            home = history.team_of.get(team)
            if home in organisations and user in {None, who} and who not in history.out:
                right = _Named(who, "member", "team", team, held.facts)
                yield self._plain(right, "team", team, history.team_names.get(team, ""))

    def _made(
        self, kind: str, subject: str, lines: list[Line], gaps: list[str], home: str
    ) -> Answer:
        named = known_names.of_things(self._work, _ids(subject, lines))
        return Answer(
            asked=self._asked,
            at=self._until - ONE_MOMENT,
            subject=named.get(subject, subject),
            subject_kind=kind,
            subject_id=subject,
            lines=[_with_names(line, named) for line in lines],
            gaps=gaps,
            organisation_id=None if home in {"", INSTANCE_LOG} else UUID(home),
        )

    def _line(self, right: Right, repository: str, history: History) -> Line:
        named = _Named(right.user_id, str(right.role), right.source, right.through, right.facts)
        return self._plain(named, "repository", repository, history.path.get(repository, ""))

    def _plain(self, right: _Named, kind: str, thing: str, name: str) -> Line:
        mine = [fact for fact in right.facts if self._reaches(fact)]
        return Line(
            user_id=right.user_id,
            user=right.user_id,
            on=kind,
            on_id=thing,
            on_name=name,
            role=right.role,
            source=right.source,
            through=right.through,
            rests_on=tuple(map(_evidence, mine)),
            elsewhere=len(right.facts) - len(mine),
        )

    def _reaches(self, fact: Fact) -> bool:
        if self._logs.names is not None and fact.log not in self._logs.names:
            return False
        return dict(self._logs.parts).get(fact.log, WHOLE).holds(fact.at)

    def _insist_on(self, log: str, name: str) -> None:
        """Go on only if the log that tells of it is the actor's to read, at that moment."""
        reach: Reach | None = dict(self._logs.parts).get(log, WHOLE)
        if self._logs.names is not None and log not in self._logs.names:
            raise HiddenError(sentence("The logs do not mention %(name)s.", name=name))
        if reach is not None and not reach.holds(self._until - ONE_MOMENT):
            raise RefusedError(sentence("You were given another period of this log."))

    def _resolved(self, kind: Field, name: str) -> str:
        found = names.resolver(self._work, self._logs)(kind, name)
        if len(found) != 1:
            raise NotFoundError(sentence("The logs do not mention %(name)s.", name=name))
        return next(iter(found))

    def _gaps(self, history: History) -> list[str]:
        said: list[str] = []
        for lost in self._facts.lost():
            log = self._log_name(lost.log)
            if lost.first_kept:
                said.append(
                    sentence(
                        "Log of %(log)s: its entries up to number %(count)s are gone. What they "
                        "gave or took is not known.",
                        log=log,
                        count=lost.first_kept,
                    )
                )
            if lost.without_details:
                said.append(
                    sentence(
                        "Log of %(log)s: details of events about rights are gone: %(count)s. "
                        "What they gave or took is not known.",
                        log=log,
                        count=lost.without_details,
                    )
                )
            if lost.waiting:
                said.append(
                    sentence(
                        "Log of %(log)s: newest entries that cannot be searched yet: %(count)s.",
                        log=log,
                        count=lost.waiting,
                    )
                )
        untold = [fact for fact in history.gaps if self._reaches(fact)]
        said += [
            sentence(
                "Event %(index)s of the log of %(log)s (%(action)s) has lost its details.",
                index=fact.index,
                log=self._log_name(fact.log),
                action=fact.action,
            )
            for fact in untold
        ]
        return said

    def _log_name(self, log: str) -> str:
        return (
            log if log == INSTANCE_LOG else known_names.of_things(self._work, [log]).get(log, log)
        )


@dataclass(frozen=True)
class _Named:
    """A right of any kind, before it has names."""

    user_id: str
    role: str
    source: str
    through: str
    facts: tuple[Fact, ...]


def _until(on: str, now: datetime) -> datetime:
    """The moment up to which events count: the end of a day, or just after a time."""
    found = period(on.strip(), now=now)
    is_moment = found.since is not None and found.until is not None and ".." not in on
    if not is_moment or found.until is None or found.since is None:
        raise InvalidError.of(
            "on", sentence("Enter a day or a time, as in 2026-10-31 or 2026-10-31T09:30Z.")
        )
    if found.since > now:
        raise InvalidError.of("on", sentence("That is in the future."))
    return min(found.until, now.astimezone(UTC) + ONE_MOMENT)


def _insist_on_one(asked: Asked) -> None:
    if sum(map(bool, (asked.repository, asked.user, asked.organisation))) != 1:
        raise InvalidError.of(
            "repo", sentence("Ask about one thing: a repository, a user or an organisation.")
        )


def _one(known: frozenset[str]) -> str:
    return next(iter(known)) if len(known) == 1 else INSTANCE_LOG


def _evidence(fact: Fact) -> Evidence:
    return Evidence(fact.event_id, fact.log, fact.log, fact.index, fact.at, fact.action)


def _ids(subject: str, lines: Iterable[Line]) -> set[str]:
    found = {subject}
    for line in lines:
        found |= {line.user_id, line.on_id, line.through}
        found |= {each.log for each in line.rests_on}
    return found


def _with_names(line: Line, named: dict[str, str]) -> Line:
    return replace(
        line,
        user=named.get(line.user_id, line.user_id),
        on_name=line.on_name or named.get(line.on_id, line.on_id),
        through=named.get(line.through, line.through),
        rests_on=tuple(
            replace(each, log_name=named.get(each.log, each.log)) for each in line.rests_on
        ),
    )
