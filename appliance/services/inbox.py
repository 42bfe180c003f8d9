"""What waits for a person, computed from what is there: nothing is stored, nothing can be stale.

Everybody finds what is their own: a password to choose, tokens and keys that end soon, work of
theirs that failed. Owners of organisations find room that runs out; administrators find what fails
in the appliance. An entry goes away when its cause does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants, visible
from appliance.db.credential_notices import CredentialNotice
from appliance.db.credential_rules import TokenApproval
from appliance.db.credentials import AccessToken, SshKey
from appliance.db.impersonations import Impersonation
from appliance.db.organisations import Membership, Organisation
from appliance.db.outbox import JobRecord
from appliance.db.proposals import Proposal
from appliance.db.repositories import Repository, RepositoryHealth
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.credentials import ApprovalState
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole, Permission
from appliance.domain.second_person import ProposalState
from appliance.services import health, inbox_access, inbox_activity, inbox_signs
from appliance.services.health import Condition
from appliance.services.impersonation import SHOWN
from appliance.services.inbox_entries import MOST_OF_A_KIND, Entry, Topic
from appliance.services.inbox_signs import SOON, TOLD_FOR, Sign
from appliance.services.observations import LONGEST_GAP, Memory

LATELY = timedelta(days=3)
NEARLY_FULL_PERCENT = 90
Ending = sa.Select[str, datetime | None, UUID]
BROUGHT_IN = (Job.IMPORT_REPOSITORY, Job.FORK_REPOSITORY)


def waiting(work: UnitOfWork, *, memory: Memory, now: datetime) -> list[Entry]:
    """What the actor should do something about, the most pressing first."""
    gate.require_sight_of_own(work)
    signs = inbox_signs.seen(work, now=now)
    found = [*_password(work)] if Sign.PASSWORD in signs else []
    if Permission.INSTANCE_HEALTH in grants.on_instance(work.actor):
        found += _parts(work, memory, now)
        found += _damaged(work)
    for sign, entries in _BY_SIGN.items():
        if sign in signs:
            found += entries(work, now)
    return found


def news(work: UnitOfWork, *, now: datetime) -> list[Entry]:
    """What came to a good end lately and needs nothing more, latest first."""
    gate.require_sight_of_own(work)
    rows = work.session.execute(
        visible.repositories(work)
        .join(JobRecord, JobRecord.about == Repository.id)
        .where(
            JobRecord.promised_by == work.actor.id,
            JobRecord.job.in_(BROUGHT_IN),
            JobRecord.state == JobState.DONE,
            JobRecord.finished_at > now - LATELY,
        )
        .add_columns(JobRecord.finished_at, JobRecord.id, JobRecord.job)
        .order_by(JobRecord.finished_at.desc())
        .limit(MOST_OF_A_KIND)
    )
    arrived = [Entry(Topic.ARRIVED, row[0].path, row[1], detail=row[3], id=row[2]) for row in rows]
    answered = inbox_access.answered(work, since=now - LATELY)
    found = sorted([*arrived, *answered], key=lambda each: each.at or now, reverse=True)
    return [*_acted_as(work, now), *_answers(work, now), *found]


def _proposed(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    """What another administrator proposed, and this one may decide."""
    if Permission.USERS_MANAGE not in grants.on_instance(work.actor):
        return
    query = (
        sa.select(User.name, Proposal.subject, Proposal.expires_at, Proposal.id)
        .join(User, User.id == Proposal.proposer_id)
        .where(
            Proposal.state == ProposalState.WAITING,
            Proposal.expires_at > now,
            Proposal.proposer_id != work.actor.id,
        )
        .order_by(Proposal.expires_at)
        .limit(MOST_OF_A_KIND)
    )
    for name, subject, expires_at, row_id in work.session.execute(query):
        yield Entry(Topic.PROPOSED, name, expires_at, detail=subject, id=row_id)


def _acted_as(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    """Who acted as them, from the moment on that they began."""
    query = (
        sa.select(User.name, Impersonation.reason, Impersonation.began_at, Impersonation.id)
        .join(User, User.id == Impersonation.administrator_id)
        .where(Impersonation.user_id == work.actor.id, Impersonation.began_at > now - SHOWN)
        .order_by(Impersonation.began_at.desc())
        .limit(MOST_OF_A_KIND)
    )
    for name, reason, began_at, row_id in work.session.execute(query):
        yield Entry(Topic.ACTED_AS, name, began_at, detail=reason, id=row_id)


def _password(work: UnitOfWork) -> Iterator[Entry]:
    query = sa.select(User.name).where(User.id == work.actor.id, User.must_change_password)
    for name in work.session.scalars(query):
        yield Entry(Topic.PASSWORD_GIVEN, name)


def _parts(work: UnitOfWork, memory: Memory, now: datetime) -> Iterator[Entry]:
    """What failed at the last look; damage and dead jobs have entries of their own."""
    for name, seen in health.last_seen(work, memory=memory).items():
        is_fresh = now - seen.looked_at <= LONGEST_GAP
        if is_fresh and seen.condition == Condition.FAILED and name != "repositories":
            yield Entry(Topic.PART_FAILS, name, seen.since)


def _damaged(work: UnitOfWork) -> Iterator[Entry]:
    query = (
        visible.repositories(work)
        .join(RepositoryHealth, RepositoryHealth.id == Repository.id)
        .where(RepositoryHealth.damaged_since.is_not(None))
        .add_columns(RepositoryHealth.damaged_since)
        .order_by(RepositoryHealth.damaged_since)
        .limit(MOST_OF_A_KIND)
    )
    for repository, since in work.session.execute(query):
        yield Entry(Topic.REPOSITORY_DAMAGED, repository.path, since, id=repository.id)


def _failed_jobs(work: UnitOfWork, _now: datetime) -> Iterator[Entry]:
    query = (
        visible.jobs(work)
        .where(JobRecord.state == JobState.DEAD)
        .order_by(JobRecord.finished_at.desc())
        .limit(MOST_OF_A_KIND)
    )
    for job in work.session.scalars(query):
        yield Entry(Topic.JOB_FAILED, job.job, job.finished_at, detail=job.error, id=job.id)


def _rooms(work: UnitOfWork, _now: datetime) -> Iterator[Entry]:
    usual = work.rules.limits.organisation_quota_bytes
    room = sa.func.coalesce(sa.func.nullif(Organisation.quota_bytes, 0), usual)
    used = sa.func.sum(Repository.size_bytes + Repository.lfs_bytes)
    query = (
        sa.select(Organisation.name, room, used)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .join(Repository, Repository.organisation_id == Organisation.id)
        .where(
            Membership.user_id == work.actor.id,
            Membership.role == OrganisationRole.OWNER,
            Organisation.deleted_at.is_(None),
            room > 0,
        )
        .group_by(Organisation.id)
        .having(used * 100 >= room * NEARLY_FULL_PERCENT)
        .order_by(Organisation.name)
        .limit(MOST_OF_A_KIND)
    )
    for name, given, taken in work.session.execute(query):
        yield Entry(Topic.ROOM_RUNS_OUT, name, percent=int(taken * 100 / given))


def _tokens(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    query = sa.select(AccessToken.name, AccessToken.expires_at, AccessToken.id).where(
        AccessToken.user_id == work.actor.id, AccessToken.revoked_at.is_(None)
    )
    for name, ends_at, token_id in _ending(work, query, AccessToken.expires_at, now):
        topic = Topic.TOKEN_EXPIRED if ends_at <= now else Topic.TOKEN_EXPIRES
        yield Entry(topic, name, ends_at, id=token_id)


def _keys(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    query = sa.select(SshKey.title, SshKey.expires_at, SshKey.id).where(
        SshKey.user_id == work.actor.id
    )
    for title, ends_at, key_id in _ending(work, query, SshKey.expires_at, now):
        topic = Topic.KEY_EXPIRED if ends_at <= now else Topic.KEY_EXPIRES
        yield Entry(topic, title, ends_at, id=key_id)


def _notices(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    """What happened to credentials of the actor, and of what they own or administer."""
    owned = sa.select(Membership.organisation_id).where(
        Membership.user_id == work.actor.id, Membership.role == OrganisationRole.OWNER
    )
    theirs = [
        CredentialNotice.user_id == work.actor.id,
        CredentialNotice.organisation_id.in_(owned),
    ]
    if Permission.USERS_MANAGE in grants.on_instance(work.actor):
        nobodys = CredentialNotice.user_id.is_(None) & CredentialNotice.organisation_id.is_(None)
        theirs.append(nobodys)
    rows = work.session.execute(
        sa.select(CredentialNotice, Organisation.name)
        .outerjoin(Organisation, Organisation.id == CredentialNotice.organisation_id)
        .where(sa.or_(*theirs), CredentialNotice.at > now - TOLD_FOR)
        .order_by(CredentialNotice.at.desc())
        .limit(MOST_OF_A_KIND)
    )
    for notice, owner in rows:
        topic = Topic(f"credential_{notice.topic}")
        yield Entry(
            *(topic, notice.name, notice.at),
            detail=notice.place,
            id=notice.credential_id,
            kind=notice.kind,
            owner=owner or "",
        )


def _asking(work: UnitOfWork, _now: datetime) -> Iterator[Entry]:
    """Tokens that want to be let into an organisation that the actor owns."""
    owned = sa.select(Membership.organisation_id).where(
        Membership.user_id == work.actor.id, Membership.role == OrganisationRole.OWNER
    )
    rows = work.session.execute(
        sa.select(TokenApproval, AccessToken.name, User.name, Organisation.name)
        .join(AccessToken, AccessToken.id == TokenApproval.token_id)
        .join(User, User.id == AccessToken.user_id)
        .join(Organisation, Organisation.id == TokenApproval.organisation_id)
        .where(
            TokenApproval.organisation_id.in_(owned),
            TokenApproval.state == ApprovalState.PENDING,
            AccessToken.revoked_at.is_(None),
        )
        .order_by(TokenApproval.asked_at)
        .limit(MOST_OF_A_KIND)
    )
    for said, token, user, owner in rows:
        yield Entry(*(Topic.TOKEN_ASKS, token, said.asked_at), detail=user, id=said.id, owner=owner)


def _answers(work: UnitOfWork, now: datetime) -> list[Entry]:
    """What owners of organisations said lately to tokens of the actor."""
    rows = work.session.execute(
        sa.select(TokenApproval, AccessToken.name, Organisation.name)
        .join(AccessToken, AccessToken.id == TokenApproval.token_id)
        .join(Organisation, Organisation.id == TokenApproval.organisation_id)
        .where(
            AccessToken.user_id == work.actor.id,
            AccessToken.revoked_at.is_(None),
            TokenApproval.decided_at > now - TOLD_FOR,
        )
        .order_by(TokenApproval.decided_at.desc())
        .limit(MOST_OF_A_KIND)
    )
    return [
        Entry(
            *(Topic.TOKEN_ANSWERED, token, said.decided_at),
            detail=said.state,
            id=said.id,
            owner=owner,
        )
        for said, token, owner in rows
    ]


def _ending(
    work: UnitOfWork, query: Ending, ends_at: Any, now: datetime
) -> Sequence[sa.Row[str, datetime, UUID]]:
    found = work.session.execute(
        query.where(ends_at.is_not(None), ends_at < now + SOON)
        .order_by(ends_at)
        .limit(MOST_OF_A_KIND)
    )
    return cast("Sequence[sa.Row[str, datetime, UUID]]", found.all())


_BY_SIGN: dict[Sign, Callable[[UnitOfWork, datetime], Iterable[Entry]]] = {
    Sign.PROPOSED: _proposed,
    Sign.ACCESS: inbox_access.waiting,
    Sign.JOBS: _failed_jobs,
    Sign.ROOMS: _rooms,
    Sign.NOTICES: _notices,
    Sign.ASKING: _asking,
    Sign.TOKENS: _tokens,
    Sign.KEYS: _keys,
    Sign.ENDING: inbox_access.ending,
    Sign.ACTIVITY: inbox_activity.waiting,
}
"""What waits, in its order, once there is a sign of it."""
