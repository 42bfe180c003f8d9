"""Check runs: the course and the report of a check of one commit, which its reporter writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_checks, gate, grants
from appliance.db import paging
from appliance.db.checks import CheckAnnotation, CheckRun
from appliance.db.conversation_rows import user_names
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import checks, events
from appliance.domain.checks import (
    LONGEST_NAME,
    MOST_ANNOTATIONS,
    MOST_RUNS,
    OF_SCANS,
    AnnotationLevel,
    Conclusion,
    RunState,
)
from appliance.domain.conversations import check_text
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, RefusedError, sentence
from appliance.services import merge_queue_entries
from appliance.services.checks import Ran

__all__ = ["AnnotationLevel", "Conclusion", "RunState"]


@dataclass(frozen=True)
class NewAnnotation:
    """What is said of lines."""

    path: str
    start_line: int
    end_line: int
    level: AnnotationLevel
    message: str
    title: str = ""
    raw_details: str = ""
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True)
class Changes:
    """What is reported of a run. None stays as it is; annotations come to those there are."""

    name: str | None = None
    state: RunState | None = None
    conclusion: Conclusion | None = None
    details_url: str | None = None
    external_id: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    artefacts: Sequence[dict[str, Any]] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    annotations: Sequence[NewAnnotation] = field(default=())


def create(work: UnitOfWork, path: str, commit: str, said: Changes, *, now: datetime) -> Ran:
    """Announce a check of a commit, or report one that has begun or ended already.

    Errors:
        HiddenError, RefusedError: the actor may not write to the repository.
        InvalidError: what is said does not go together.
        ConflictError: it is archived, or the commit has too many.
    """
    repository = fetch_checks.to_report(work, path)
    checks.insist_on_free_name(said.name or "")
    _insist_on_room(work, repository, commit)
    return _made(work, repository, commit, said, now=now)


def create_own(
    work: UnitOfWork, repository: Repository, commit: str, said: Changes, *, now: datetime
) -> None:
    """Report what the appliance itself has found, in nobody's name. Safe to repeat.

    Under one name there may be several, which `external_id` tells apart.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    known = sa.select(CheckRun.id).where(
        CheckRun.repository_id == repository.id,
        CheckRun.commit == commit,
        CheckRun.name == said.name,
        CheckRun.external_id == (said.external_id or ""),
        CheckRun.reporter_id.is_(None),
    )
    if work.session.scalar(known.limit(1)) is None:
        _made(work, repository, commit, said, now=now)


def _made(
    work: UnitOfWork, repository: Repository, commit: str, said: Changes, *, now: datetime
) -> Ran:
    state = said.state or (RunState.COMPLETED if said.conclusion else RunState.QUEUED)
    run = CheckRun(
        repository_id=repository.id,
        commit=commit,
        name=checks.check_name(said.name or ""),
        state=state,
        conclusion=None,
        annotation_count=0,
        reporter_id=work.actor.id,
        created_at=now,
        updated_at=now,
    )
    _say(run, said)
    _set_course(run, state, said, now)
    work.session.add(run)
    work.session.flush()  # Annotations and the event name its id.
    _annotate(work, run, said.annotations)
    work.record(
        events.CheckRunCreated(
            **_about(repository, run),
            conclusion=_told(run),
        )
    )
    merge_queue_entries.note_report(work, repository.id, run.commit)
    return _ran(work, [run])[0]


def _told(run: CheckRun) -> str | None:
    """What listeners hear of how it ended: what a scan found is for those who may read alerts."""
    if run.conclusion is None or run.name.startswith(OF_SCANS):
        return None
    return str(run.conclusion)


def change(work: UnitOfWork, path: str, run_id: UUID, said: Changes, *, now: datetime) -> Ran:
    """Report how a check goes on: for who reported it, and for maintainers.

    Errors:
        HiddenError: there is none. RefusedError: it is another's.
        InvalidError: what is said does not go together.
        ConflictError: the repository is archived.
    """
    repository = fetch_checks.to_report(work, path)
    checks.insist_on_free_name(said.name or "")
    run = fetch_checks.of_repository(work, repository, run_id)
    maintains = Permission.REPOSITORY_MAINTAIN in grants.on_repository(work, repository)
    if run.reporter_id != work.actor.id and not maintains:
        raise RefusedError(sentence("Only the reporter of a check and maintainers can change it."))
    changed = _say(run, said)
    state = said.state or (RunState.COMPLETED if said.conclusion else run.state)
    if (state, said.conclusion or run.conclusion) != (run.state, run.conclusion):
        changed.append("state")
    _set_course(run, state, said, now)
    run.updated_at = now
    _annotate(work, run, said.annotations)
    work.record(
        events.CheckRunChanged(
            **_about(repository, run),
            conclusion=_told(run),
            changed=sorted(changed),
            annotations=run.annotation_count,
        )
    )
    merge_queue_entries.note_report(work, repository.id, run.commit)
    return _ran(work, [run])[0]


def show(work: UnitOfWork, path: str, run_id: UUID) -> Ran:
    """One check run.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    return _ran(work, [fetch_checks.run(work, path, run_id)])[0]


def listed(
    work: UnitOfWork,
    path: str,
    commit: str,
    *,
    name: str = "",
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Ran]:
    """The check runs of a commit, the newest first; of one name if it is said.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(CheckRun).where(
        CheckRun.repository_id == repository.id, CheckRun.commit == commit
    )
    if name:
        query = query.where(CheckRun.name == name)
    if not fetch_checks.may_read(work, repository, OF_SCANS):
        query = query.where(~CheckRun.name.startswith(OF_SCANS, autoescape=True))
    found = paging.page(
        *(work.session, query, CheckRun.id),
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return paging.Page(_ran(work, found.items), found.next)


def annotated(
    work: UnitOfWork,
    path: str,
    run_id: UUID,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[CheckAnnotation]:
    """What a check run says of lines, in the order in which it was said.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    run = fetch_checks.run(work, path, run_id)
    query = sa.select(CheckAnnotation).where(CheckAnnotation.run_id == run.id)
    return paging.page(
        *(work.session, query, CheckAnnotation.id), make=paging.only, after=after, limit=limit
    )


def _ran(work: UnitOfWork, runs: Sequence[CheckRun]) -> list[Ran]:
    names = user_names(work.session, (each.reporter_id for each in runs))
    return [Ran(each, names.get(each.reporter_id, "")) for each in runs]


def _about(repository: Repository, run: CheckRun) -> dict[str, Any]:
    return {
        "about": repository.id,
        "organisation_id": repository.organisation_id,
        "commit": run.commit,
        "run_id": str(run.id),
        "name": run.name,
        "state": str(run.state),
    }


def _say(run: CheckRun, said: Changes) -> list[str]:
    """Set what was said of a run beside its course; gives the names of what is different."""
    wanted = {
        "name": None if said.name is None else checks.check_name(said.name),
        "details_url": _address(said.details_url),
        "external_id": _short(said.external_id, "external_id"),
        "title": _short(said.title, "title"),
        "summary": None if said.summary is None else check_text(said.summary, field="summary"),
        "text": None if said.text is None else check_text(said.text, field="text"),
        "artefacts": None if said.artefacts is None else [_artefact(a) for a in said.artefacts],
    }
    changed = []
    for key, value in wanted.items():
        if value is not None and value != getattr(run, key):
            setattr(run, key, value)
            changed.append(key)
    return changed


def _set_course(run: CheckRun, state: RunState, said: Changes, now: datetime) -> None:
    conclusion = said.conclusion
    if conclusion is None and state is RunState.COMPLETED and run.state is state:
        conclusion = run.conclusion
    checks.check_conclusion(state, conclusion)
    run.state, run.conclusion = state, conclusion
    begun = None if state is RunState.QUEUED else run.started_at or now
    run.started_at = said.started_at or begun
    ended = said.completed_at or run.completed_at or now
    run.completed_at = ended if state is RunState.COMPLETED else None


def _annotate(work: UnitOfWork, run: CheckRun, said: Sequence[NewAnnotation]) -> None:
    if run.annotation_count + len(said) > MOST_ANNOTATIONS:
        raise InvalidError.of(
            "annotations",
            sentence("A check run has at most %(most)s annotations.", most=MOST_ANNOTATIONS),
        )
    for each in said:
        if each.end_line < each.start_line:
            raise InvalidError.of("annotations", sentence("An annotation ends before it begins."))
        work.session.add(
            CheckAnnotation(
                run_id=run.id,
                path=_plain(each.path, "path"),
                start_line=each.start_line,
                end_line=each.end_line,
                start_column=each.start_column,
                end_column=each.end_column,
                level=each.level,
                title=_short(each.title, "title"),
                message=check_text(each.message, field="message", is_needed=True),
                raw_details=check_text(each.raw_details, field="raw_details"),
            )
        )
    run.annotation_count += len(said)


def _artefact(said: dict[str, Any]) -> dict[str, Any]:
    found = {
        "name": checks.check_name(str(said["name"])),
        "url": checks.check_address(str(said["url"]), field="url"),
    }
    if not found["url"]:
        raise InvalidError.of("url", sentence("Give an address that begins with https://."))
    return found | {key: said[key] for key in ("size_bytes", "sha256") if said.get(key)}


def _address(address: str | None) -> str | None:
    return None if address is None else checks.check_address(address, field="details_url")


def _short(text: str | None, field_name: str) -> str | None:
    if text is None:
        return None
    found = " ".join(text.split())
    if len(found) > LONGEST_NAME or not found.isprintable():
        raise InvalidError.of(
            field_name, sentence("At most %(most)s characters.", most=LONGEST_NAME)
        )
    return found


def _plain(text: str, field_name: str) -> str:
    return check_text(text, field=field_name, is_needed=True)


def _insist_on_room(work: UnitOfWork, repository: Repository, commit: str) -> None:
    count = sa.select(sa.func.count()).where(
        CheckRun.repository_id == repository.id, CheckRun.commit == commit
    )
    if (work.session.scalar(count) or 0) >= MOST_RUNS:
        raise ConflictError(sentence("A commit has at most %(most)s check runs.", most=MOST_RUNS))
