"""What came of an accepted push: told by git's post-receive hook, or found on disk after a crash.

Every push is settled once, with `git.pushed` in the name of who pushed, and the ledger follows
it. When a hook reports refs after a push was settled without them, as can happen on a machine
that slept, what they did is recorded then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import pull_rows, ref_ledger
from appliance.db.outbox import JobRecord
from appliance.db.pushes import Push, PushedRef, PushState
from appliance.db.repositories import Origin as Content
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.events.parts import in_parts
from appliance.domain.identity import Actor, ActorKind, Method, Origin
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.errors import UnauthenticatedError
from appliance.git import refs
from appliance.git.ref_names import BRANCHES
from appliance.services import (
    code_scans,
    delegation,
    file_comparisons,
    impersonated,
    manifest_promises,
    merge_queue_entries,
    pull_completion,
    suppressions,
)
from appliance.services.push_names import is_reserved, show
from appliance.services.pushes import NOT_A_PUSH

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.wiring import GitTools

BY_HOOK = "hook"
BY_APPLIANCE = "appliance"
BY_DISK = "reconciled"
LATE = "late"
MEASURED_AFTER = timedelta(seconds=3)
OUTCOMES = {True: "moved", False: "not moved"}
# Built once: every push asks these.
ROWS = (
    sa.select(PushedRef).where(PushedRef.push_id == sa.bindparam("push_id")).order_by(PushedRef.id)
)
QUEUED = (
    sa.select(JobRecord.id)
    .where(
        JobRecord.about == sa.bindparam("repository_id"),
        JobRecord.job == sa.bindparam("job"),
        JobRecord.state == JobState.QUEUED,
    )
    .limit(1)
)


@open_to_everyone(because="the capability was issued for this very push")
def confirm(
    work: UnitOfWork,
    capability: str,
    moved: Sequence[RefUpdate],
    *,
    tools: GitTools,
    now: datetime,
) -> None:
    """Record which refs of a push have moved. Safe to repeat.

    Errors:
        UnauthenticatedError: the capability is none of ours, or its push was never accepted.
    """
    facts = tools.pushes.check(capability, now=now)
    push = work.session.get(Push, delegation.identifier(facts, "push"), with_for_update=True)
    if push is None:
        raise UnauthenticatedError(NOT_A_PUSH)
    named = {each.ref for each in moved}
    rows = _rows(work, push)
    if push.state is PushState.SETTLED:
        late = [row for row in rows if row.ref in named and not row.moved]
        if late:
            _settle(work, push, late, moved=named, by=LATE, now=now)
        return
    _settle(work, push, rows, moved=named, by=BY_HOOK, now=now)


@open_to_everyone(because="only who was accepted a moment ago knows the push's id")
def settle_own(work: UnitOfWork, push_id: UUID, *, moved: bool, now: datetime) -> None:
    """Record whether the refs moved that the appliance itself changed for somebody."""
    push = work.session.get(Push, push_id, with_for_update=True)
    if push is None or push.state is PushState.SETTLED:
        return
    rows = _rows(work, push)
    named = {row.ref for row in rows} if moved else set()
    _settle(work, push, rows, moved=named, by=BY_APPLIANCE, now=now)


def unsettled(
    work: UnitOfWork, *, now: datetime, grace_seconds: float, repository_id: UUID | None = None
) -> list[UUID]:
    """The pushes that were accepted so long ago that their hook will hardly report any more.

    The latest come first: that a push has moved on from where an earlier one left a ref shows that
    the earlier one moved it.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = sa.select(Push.id).where(
        Push.state == PushState.ACCEPTED,
        Push.accepted_at <= now - timedelta(seconds=grace_seconds),
    )
    if repository_id is not None:
        query = query.where(Push.repository_id == repository_id)
    return list(work.session.scalars(query.order_by(Push.accepted_at.desc())))


@open_to_everyone(because="it says nothing about the push but whether it is over")
def is_settled(work: UnitOfWork, push_id: UUID) -> bool:
    """Whether nothing is left to settle: it was settled, or never accepted."""
    state = work.session.scalar(sa.select(Push.state).where(Push.id == push_id))
    return state is not PushState.ACCEPTED


def reconcile(work: UnitOfWork, push_id: UUID, *, tools: GitTools, now: datetime) -> bool:
    """Settle a push by what is on disk; whether there was anything to settle.

    Errors:
        RefusedError: only the appliance and administrators may.
        DamagedError: the repository cannot be read.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    push = work.session.get(Push, push_id, with_for_update=True)
    if push is None or push.state is PushState.SETTLED:
        return False
    rows = _rows(work, push)
    present = _present(tools.repositories.folder(push.repository_id))
    moved = {row.ref for row in rows if _has_moved(work, push, row, present)}
    _settle(work, push, rows, moved=moved, by=BY_DISK, now=now)
    return True


def drift(work: UnitOfWork, repository_id: UUID, *, tools: GitTools, now: datetime) -> int:
    """Compare the refs on disk with the ledger; records every difference, and gives how many.

    Nothing is compared while a push is under way or content is being brought in.

    Errors:
        HiddenError: there is no such repository.
        DamagedError: it cannot be read.
    """
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    if repository.content is not Content.READY or _is_under_way(work, repository_id):
        return 0
    expected = ref_ledger.expected(work.session, repository_id)
    found = _present(tools.repositories.folder(repository_id))
    different = {
        ref: found.get(ref, NO_OBJECT)
        for ref in sorted(expected.keys() | found.keys())
        if expected.get(ref) != found.get(ref)
    }
    if different and _has_moved_on(work, repository_id, expected):
        return 0  # By a push that came between our two looks; the next check looks again.
    for ref, oid in different.items():
        work.record(
            events.RefDrifted(
                about=repository_id,
                organisation_id=repository.organisation_id,
                ref=show(ref),
                expected=expected.get(ref, NO_OBJECT),
                found=oid,
            )
        )
    ref_ledger.note(work.session, repository_id, different, now=now)
    return len(different)


def _settle(
    work: UnitOfWork,
    push: Push,
    rows: Iterable[PushedRef],
    *,
    moved: set[bytes],
    by: str,
    now: datetime,
) -> None:
    asking, work.actor = work.actor, pusher(work, push)
    repository = work.session.get_one(Repository, push.repository_id)
    listed = []
    for row in rows:
        row.moved = row.ref in moved
        listed.append([show(row.ref), row.old_oid, row.new_oid, OUTCOMES[row.moved]])
    after = {row.ref: row.new_oid for row in rows if row.moved}
    push.state, push.settled_at = PushState.SETTLED, now
    if after:
        repository.pushed_at = now
    _record(work, push, repository, listed, by=by)
    default = BRANCHES + repository.default_branch.encode()
    beside = after.get(default) or ref_ledger.place(work.session, repository.id, default)
    ref_ledger.note(work.session, repository.id, after, now=now, default_oid=beside)
    if after:
        _promise_measuring(work, repository.id, now=now)
    if repository.wiki_of_id is not None:
        _tell_of_wiki(work, push, repository, rows)
    else:
        manifest_promises.promise(work, repository, after, pushed_by=push.actor_id)
        code_scans.promise(work, repository, after, pushed_by=push.actor_id)
        file_comparisons.promise(work, repository, after)
        suppressions.promise(work, repository, after)
    _promise_following(work, push, repository, after)
    pull_completion.settle(work, push, moved=bool(after), now=now)
    _promise_pulls(work, repository.id, after)
    work.actor = asking


def _record(
    work: UnitOfWork, push: Push, repository: Repository, listed: list[list[str]], *, by: str
) -> None:
    for part in in_parts(listed):
        work.record(
            events.Pushed(
                about=repository.id,
                organisation_id=repository.organisation_id,
                push_id=str(push.id),
                protocol=push.protocol,
                refs=part.items,
                settled_by=by,
                part=part.number,
                parts=part.of,
                signature=push.certificate_finding,
                signed_with=push.certificate_key,
                signer_id=str(push.certificate_owner_id) if push.certificate_owner_id else None,
                certificate_digest=push.certificate_digest,
                operation=push.operation,
                sources=push.operation_sources.split() if push.operation_sources else None,
            )
        )


def _tell_of_wiki(
    work: UnitOfWork, push: Push, wiki: Repository, rows: Iterable[PushedRef]
) -> None:
    """Tell the repository's own listeners and webhooks: of its wiki, nobody else is told."""
    shown = BRANCHES + wiki.default_branch.encode()
    row = next((each for each in rows if each.moved and each.ref == shown), None)
    if row is not None:
        work.record(
            events.WikiChanged(
                about=wiki.wiki_of_id,
                organisation_id=wiki.organisation_id,
                push_id=str(push.id),
                before=row.old_oid,
                after=row.new_oid,
            )
        )


def _promise_measuring(work: UnitOfWork, repository_id: UUID, *, now: datetime) -> None:
    """Let the repository be measured a little later, unless that is promised already.

    So pushes in quick succession are measured once, and none waits while the last one is.
    """
    queued = {"repository_id": repository_id, "job": Job.MEASURE_REPOSITORY}
    if work.rows(QUEUED, queued).first() is None:
        work.later(
            Job.MEASURE_REPOSITORY,
            about=repository_id,
            not_before=now + MEASURED_AFTER,
            repository_id=str(repository_id),
        )


def _promise_following(
    work: UnitOfWork, push: Push, repository: Repository, after: dict[bytes, str]
) -> None:
    """Let be done what the new commits on the default branch say of issues, if there are any."""
    head = after.get(BRANCHES + repository.default_branch.encode(), NO_OBJECT)
    if repository.conversations_numbered and head != NO_OBJECT:
        work.later(Job.FOLLOW_COMMITS, about=repository.id, push_id=str(push.id))


def _promise_pulls(work: UnitOfWork, repository_id: UUID, after: dict[bytes, str]) -> None:
    """Let pull requests follow their branches, where there are any and it is not promised already.

    A job that waits will see what is so when it begins.
    """
    branches = {ref.removeprefix(BRANCHES) for ref in after if ref.startswith(BRANCHES)}
    if not branches or not pull_rows.note_moved(work.session, repository_id, branches):
        return
    merge_queue_entries.promise(work, repository_id)
    queued = {"repository_id": repository_id, "job": Job.FOLLOW_PULLS}
    if work.rows(QUEUED, queued).first() is None:
        work.later(Job.FOLLOW_PULLS, about=repository_id, repository_id=str(repository_id))


def _rows(work: UnitOfWork, push: Push) -> list[PushedRef]:
    return list(work.session.scalars(ROWS, {"push_id": push.id}))


@open_to_everyone(because="it says in whose name something is done, and does nothing")
def pusher(work: UnitOfWork, push: Push) -> Actor:
    """Who pushed, as they were then."""
    origin = Origin(
        address=push.address,
        request_id=push.request_id,
        method=Method(push.method),
        credential_id=push.credential_id,
    )
    actor = Actor(
        kind=ActorKind(push.actor_kind),
        label=push.actor_label,
        pseudonym=push.actor_ref,
        id=push.actor_id,
        origin=origin,
    )
    if push.impersonation_id is None:
        return actor
    return impersonated.as_then(work, actor, push.impersonation_id)


def _has_moved(work: UnitOfWork, push: Push, row: PushedRef, present: dict[bytes, str]) -> bool:
    """Whether the ref is where the push wanted it, or a later push found it there."""
    if present.get(row.ref, NO_OBJECT) == row.new_oid:
        return True
    later = (
        sa.select(PushedRef.id)
        .join(Push, Push.id == PushedRef.push_id)
        .where(
            Push.repository_id == push.repository_id,
            Push.accepted_at >= push.accepted_at,
            Push.id != push.id,
            PushedRef.ref == row.ref,
            PushedRef.old_oid == row.new_oid,
            PushedRef.moved.is_(True),
        )
    )
    return work.session.scalar(later.limit(1)) is not None


def _present(folder: Path) -> dict[bytes, str]:
    return {ref: oid for ref, oid in refs.names(folder, b"refs/") if not is_reserved(ref)}


def _has_moved_on(work: UnitOfWork, repository_id: UUID, expected: dict[bytes, str]) -> bool:
    if _is_under_way(work, repository_id):
        return True
    return ref_ledger.expected(work.session, repository_id) != expected


def _is_under_way(work: UnitOfWork, repository_id: UUID) -> bool:
    query = sa.select(Push.id).where(
        Push.repository_id == repository_id, Push.state == PushState.ACCEPTED
    )
    return work.session.scalar(query.limit(1)) is not None
