"""SSH keys of users, and deploy keys of single repositories: add, list, remove, find."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_credentials
from appliance.access.gate import open_to_everyone
from appliance.db.credential_rules import KeyKeptOut
from appliance.db.credentials import AccessToken, LastUse, SshKey
from appliance.db.organisations import Organisation
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission
from appliance.domain.signatures import MAY_ENTER, KeyUse
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError, sentence
from appliance.security import ssh_keys

ORDERS = {"created": (SshKey.id,), "name": (SshKey.title, SshKey.id)}


@dataclass(frozen=True)
class ListedKey:
    """A key in a list, and when it was used last."""

    key: SshKey
    used_at: datetime | None
    used_from: str
    kept_out: tuple[str, ...] = ()
    """The organisations that do not let it in."""


def add(
    work: UnitOfWork,
    *,
    text: str,
    title: str = "",
    usage: KeyUse = KeyUse.BOTH,
    expires_at: datetime | None = None,
    user: str | None = None,
    now: datetime,
) -> SshKey:
    """Add a public key for oneself, or, as an administrator, for a user.

    Errors:
        InvalidError: it is no public key, or a weak one; the sentence says what to do.
        ConflictError: it is in use here already, wherever that is.
        RefusedError: the token in use is for some repositories or from some networks only, or an
            organisation keeps it out.
    """
    holder = fetch.account(work, user, sensitive=True)
    if usage in MAY_ENTER:
        _insist_on_whole_token(work)
    key = _new_key(work, text, title, expires_at, now)
    key.user_id, key.usage = holder.id, usage
    work.session.add(key)
    work.record(
        events.SshKeyAdded(
            about=key.id,
            organisation_id=holder.owner_organisation_id,
            user_id=str(holder.id),
            fingerprint=key.fingerprint,
            key_type=key.key_type,
            usage=usage,
        )
    )
    return key


def list_keys(
    work: UnitOfWork,
    *,
    user: str | None = None,
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[ListedKey]:
    """One's own keys, or those of a user; newest first as a rule. `search` is a part of a name."""
    holder = fetch.account(work, user)
    whose = SshKey.user_id == holder.id
    if search:
        whose = sa.and_(whose, SshKey.title.icontains(search, autoescape=True))
    return _page(work, whose, after, limit, order)


def remove(work: UnitOfWork, key_id: UUID) -> None:
    """Stop a user's key: one's own, or anybody's as an administrator."""
    drop(work, fetch_credentials.ssh_key(work, key_id))


def add_deploy_key(
    work: UnitOfWork,
    path: str,
    *,
    text: str,
    title: str = "",
    may_write: bool = False,
    expires_at: datetime | None = None,
    now: datetime,
) -> SshKey:
    """Add a key that opens one repository and nothing else.

    Errors:
        InvalidError: it is no public key, or a weak one; the sentence says what to do.
        ConflictError: it is in use here already, wherever that is.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_KEYS)
    key = _new_key(work, text, title, expires_at, now)
    key.repository_id, key.may_write = repository.id, may_write
    work.session.add(key)
    work.record(
        events.DeployKeyAdded(
            about=key.id,
            organisation_id=repository.organisation_id,
            repository_id=str(repository.id),
            fingerprint=key.fingerprint,
            may_write=may_write,
        )
    )
    return key


def list_deploy_keys(
    work: UnitOfWork, path: str, *, after: str | None = None, limit: int = USUAL_LIMIT
) -> Page[ListedKey]:
    """The deploy keys of a repository, newest first."""
    repository = fetch.repository(work, path, Permission.REPOSITORY_KEYS)
    return _page(work, SshKey.repository_id == repository.id, after, limit)


def remove_deploy_key(work: UnitOfWork, path: str, key_id: UUID) -> None:
    """Stop a deploy key.

    Errors:
        NotFoundError: the repository has no such key.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_KEYS)
    key = work.session.get(SshKey, key_id)
    if key is None or key.repository_id != repository.id:
        raise HiddenError(sentence("%(path)s has no such key.", path=repository.path))
    drop(work, key)


@open_to_everyone(because="whoever stops a key was asked, or nobody had used it for too long")
def drop(work: UnitOfWork, key: SshKey, *, why: str | None = None) -> None:
    """Stop a key, of a user or of a repository.

    A key that signs work too, and that nobody used to come in, goes on vouching for what it signed.
    """
    if why is not None and key.usage is KeyUse.BOTH and key.repository_id is None:
        key.usage = KeyUse.SIGNING
    else:
        work.session.delete(key)
    work.record(_removed(work, key, why))


@open_to_everyone(because="the SSH server asks whose key it was shown before anybody is known")
def find(work: UnitOfWork, fingerprint: str, *, now: datetime) -> SshKey | None:
    """The key of that fingerprint, if it opens anything now: None is the only other answer."""
    return work.session.scalar(
        sa.select(SshKey)
        .outerjoin(User, User.id == SshKey.user_id)
        .outerjoin(Repository, Repository.id == SshKey.repository_id)
        .where(
            SshKey.fingerprint == fingerprint,
            SshKey.usage.in_(MAY_ENTER),
            sa.or_(SshKey.expires_at.is_(None), SshKey.expires_at > now),
            sa.or_(
                User.state == UserState.ACTIVE,
                sa.and_(Repository.id.is_not(None), Repository.deleted_at.is_(None)),
            ),
        )
    )


def _removed(work: UnitOfWork, key: SshKey, why: str | None) -> events.Event:
    if key.repository_id is not None:
        repository = work.session.get_one(Repository, key.repository_id)
        return events.DeployKeyRemoved(
            about=key.id,
            organisation_id=repository.organisation_id,
            repository_id=str(repository.id),
            fingerprint=key.fingerprint,
            why=why,
        )
    holder = work.session.get_one(User, key.user_id)
    return events.SshKeyRemoved(
        about=key.id,
        organisation_id=holder.owner_organisation_id,
        user_id=str(holder.id),
        fingerprint=key.fingerprint,
        why=why,
    )


def _insist_on_whole_token(work: UnitOfWork) -> None:
    """Go on only if what is in use is narrowed to nothing: a key opens everything of its user."""
    actor = work.actor
    used = work.session.get(AccessToken, actor.origin.credential_id or new_id())
    if actor.only_repositories is not None or (used is not None and used.networks):
        raise RefusedError(
            sentence("A token for some repositories or networks adds no key: that would open more.")
        )
    if actor.withheld_organisations:
        raise RefusedError(
            sentence("An organisation keeps this token out, so it adds no key: that would open it.")
        )


def _new_key(
    work: UnitOfWork, text: str, title: str, expires_at: datetime | None, now: datetime
) -> SshKey:
    parsed = ssh_keys.parse(text)
    if expires_at is not None and expires_at <= now:
        raise InvalidError.of("expires_at", "That is in the past.")
    taken = sa.select(SshKey.id).where(SshKey.fingerprint == parsed.fingerprint)
    if work.session.scalar(sa.select(taken.exists())):
        # Whose it is would tell which keys a stranger holds.
        raise ConflictError("This key is already in use. Create another key pair.")
    return SshKey(
        id=new_id(),
        may_write=True,
        usage=KeyUse.AUTHENTICATION,
        title=check_title("title", title or parsed.comment or parsed.fingerprint),
        key_type=parsed.type,
        public_key=parsed.blob,
        fingerprint=parsed.fingerprint,
        created_at=now,
        expires_at=expires_at,
    )


def _page(
    work: UnitOfWork,
    whose: sa.ColumnElement[bool],
    after: str | None,
    limit: int,
    order: str = "-created",
) -> Page[ListedKey]:
    keys, is_descending = in_order(ORDERS, order)
    query = (
        sa.select(SshKey, LastUse.used_at, LastUse.address)
        .outerjoin(LastUse, LastUse.credential_id == SshKey.id)
        .where(whose)
    )
    found = page(
        work.session,
        query,
        *keys,
        make=lambda row: ListedKey(row[0], row[1], row[2] or ""),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )
    kept = _kept_out(work, [each.key.id for each in found.items])
    items = [dataclasses.replace(each, kept_out=kept.get(each.key.id, ())) for each in found.items]
    return Page(items, found.next)


def _kept_out(work: UnitOfWork, key_ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = work.session.execute(
        sa.select(SshKey.id, Organisation.name)
        .join(KeyKeptOut, KeyKeptOut.fingerprint == SshKey.fingerprint)
        .join(Organisation, Organisation.id == KeyKeptOut.organisation_id)
        .where(SshKey.id.in_(key_ids))
        .order_by(Organisation.name)
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for key_id, name in rows:
        found[key_id] = (*found.get(key_id, ()), name)
    return found
