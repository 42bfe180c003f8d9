"""Access tokens and SSH keys: add, list, revoke. A secret is shown once and kept as a hash."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_credentials
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import AccessToken, LastUse, TokenRepository
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import address_lists, events
from appliance.domain.credentials import lifetime_days
from appliance.domain.identity import Method
from appliance.domain.ids import new_id
from appliance.domain.names import check_title
from appliance.domain.permissions import Permission, Scope, permissions_of_scopes
from appliance.errors import (
    ConflictError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
    sentence,
)
from appliance.security import tokens
from appliance.services import token_approvals, token_life
from appliance.services.token_approvals import TokenStanding

if TYPE_CHECKING:
    from appliance.wiring import SignInTools

MOST_REPOSITORIES = 100
ORDERS = {"created": (AccessToken.id,), "name": (AccessToken.name, AccessToken.id)}
NARROWER = sentence("A token cannot make one that may do more, or lasts longer, than itself.")


@dataclass(frozen=True)
class NewToken:
    """A token just made. The secret is shown once and kept nowhere."""

    token: AccessToken
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ListedToken:
    """A token as its user sees it in a list."""

    token: AccessToken
    repositories: tuple[str, ...]
    """Paths of the repositories it was made for; empty if it is for all."""
    used_at: datetime | None
    used_from: str
    organisations: tuple[TokenStanding, ...] = ()
    """What it is to the organisations that have a rule and that it reaches."""


@dataclass(frozen=True)
class ShortToken:
    """A JWT of minutes, in place of the access token it was given for."""

    text: str = field(repr=False)
    expires_at: datetime


def create_token(
    work: UnitOfWork,
    *,
    name: str,
    scopes: Iterable[str],
    repositories: Sequence[str] | None = None,
    expires_at: datetime | None,
    networks: Sequence[str] = (),
    reason: str = "",
    user: str | None = None,
    tools: SignInTools,
    now: datetime,
) -> NewToken:
    """Make a token for oneself, or, as an administrator, for a user.

    `repositories` are paths the token is limited to (None: all). A token that makes another can
    only hand on what it holds. `reason` is for owners of organisations that want to approve it.

    Errors:
        InvalidError: a scope is unknown, or the life is longer than the instance allows.
        RefusedError: the token in use may do less than the new one would.
    """
    holder = fetch.account(work, user, sensitive=True)
    if not holder.is_active:
        raise ConflictError(
            sentence("%(name)s is suspended. Reinstate them first.", name=holder.name)
        )
    wanted = _scopes(scopes)
    chosen = _chosen_repositories(work, repositories)
    token_life.insist(work, expires_at, now)
    _insist_on_narrowing(work, wanted, chosen, expires_at)
    secret = tokens.mint()
    token = AccessToken(
        id=new_id(),
        user_id=holder.id,
        name=check_title("name", name),
        secret_hash=tokens.fingerprint(secret, key=tools.fingerprint_key),
        shown_prefix=tokens.shown_part(secret),
        scopes=[str(scope) for scope in wanted],
        all_repositories=chosen is None,
        networks=_networks(work, networks),
        created_at=now,
        expires_at=expires_at,
        lifetime_days=lifetime_days(now, expires_at),
    )
    work.session.add(token)
    work.session.flush()  # What it is limited to refers to its row.
    for repository_id in chosen or ():
        work.session.add(TokenRepository(token_id=token.id, repository_id=repository_id))
    work.record(_created(token, holder, len(chosen or ())))
    token_approvals.ask_for_new(work, token, chosen or (), reason, now)
    return NewToken(token, secret)


def list_tokens(
    work: UnitOfWork,
    *,
    user: str | None = None,
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[ListedToken]:
    """One's own tokens, or those of a user, that were not revoked; newest first as a rule.

    `search` is a part of a name.
    """
    holder = fetch.account(work, user)
    keys, is_descending = in_order(ORDERS, order)
    query = (
        sa.select(AccessToken, LastUse.used_at, LastUse.address)
        .outerjoin(LastUse, LastUse.credential_id == AccessToken.id)
        .where(AccessToken.user_id == holder.id, AccessToken.revoked_at.is_(None))
    )
    if search:
        query = query.where(AccessToken.name.icontains(search, autoescape=True))
    found = page(
        work.session,
        query,
        *keys,
        make=lambda row: ListedToken(row[0], (), row[1], row[2] or ""),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )
    paths = _paths_of(work, [each.token.id for each in found.items])
    reached = token_approvals.standings(work, [each.token for each in found.items], holder)
    items = [
        dataclasses.replace(
            each,
            repositories=tuple(paths.get(each.token.id, ())),
            organisations=tuple(reached.get(each.token.id, ())),
        )
        for each in found.items
    ]
    return Page(items, found.next)


def revoke_token(work: UnitOfWork, token_id: UUID, *, now: datetime) -> None:
    """Stop a token: one's own, or anybody's as an administrator.

    Errors:
        ConflictError: it was revoked already.
    """
    token = fetch_credentials.token(work, token_id)
    if token.revoked_at is not None:
        raise ConflictError("This token was revoked already.")
    stop_token(work, token, now=now)


@open_to_everyone(because="whoever stops a token was asked")
def stop_token(work: UnitOfWork, token: AccessToken, *, now: datetime) -> None:
    """Let a token open nothing any more."""
    token.revoked_at = now
    holder = work.session.get_one(User, token.user_id)
    work.record(
        events.TokenRevoked(
            about=token.id,
            organisation_id=holder.owner_organisation_id,
            user_id=str(token.user_id),
        )
    )


@open_to_everyone(because="whoever holds a token may hold it in a shorter form")
def issue_jwt(work: UnitOfWork, *, tools: SignInTools, now: datetime) -> ShortToken:
    """A JWT of minutes for the access token in use; it ends with that token at the latest.

    Errors:
        UnauthenticatedError: nobody has signed in.
        RefusedError: they did not come by an access token.
    """
    origin = work.actor.origin
    if not work.actor.is_signed_in:
        raise UnauthenticatedError("Send an access token.")
    if origin.method is not Method.TOKEN or origin.credential_id is None:
        raise RefusedError("Only an access token is exchanged for a short one.")
    token = work.session.get_one(AccessToken, origin.credential_id)
    seconds = work.rules.access.jwt_seconds
    if token.expires_at is not None:
        seconds = min(seconds, int((token.expires_at - now).total_seconds()))
    text = tools.bearer.issue(str(token.id), lifetime_seconds=seconds, now=now)
    stated = tools.bearer.read(text, now=now)
    work.record(events.JwtIssued(about=token.id, user_id=str(token.user_id), jwt_id=stated.id))
    return ShortToken(text, stated.expires_at)


def _created(token: AccessToken, holder: User, repositories: int) -> events.TokenCreated:
    return events.TokenCreated(
        about=token.id,
        organisation_id=holder.owner_organisation_id,
        person=holder.pseudonym,
        user_id=str(holder.id),
        scopes=token.scopes,
        repositories=repositories,
        expires_at=token.expires_at.isoformat() if token.expires_at else None,
        name=token.name,
    )


def _scopes(names: Iterable[str]) -> list[Scope]:
    wanted = set(names)
    known = [scope for scope in Scope if scope in wanted]
    unknown = sorted(wanted - set(known))
    if unknown:
        raise InvalidError.of(
            "scopes", sentence("There is no scope %(unknown)s.", unknown=unknown[0])
        )
    if not known:
        raise InvalidError.of("scopes", "Choose at least one scope.")
    return known


def _chosen_repositories(work: UnitOfWork, paths: Sequence[str] | None) -> frozenset[UUID] | None:
    if paths is None:
        return None
    if not 1 <= len(paths) <= MOST_REPOSITORIES:
        raise InvalidError.of(
            "repositories",
            sentence(
                "Choose 1 to %(most_repositories)s repositories, or all.",
                most_repositories=MOST_REPOSITORIES,
            ),
        )
    return frozenset(fetch.repository(work, path, Permission.REPOSITORY_READ).id for path in paths)


def _networks(work: UnitOfWork, wanted: Sequence[str]) -> list[str]:
    """From where a new token may be used: never from further than the token that makes it."""
    chosen = address_lists.networks(wanted)
    used = work.session.get(AccessToken, work.actor.origin.credential_id or new_id())
    if used is None or not used.networks:
        return chosen
    if not all(address_lists.covers(used.networks, each) for each in chosen):
        raise RefusedError(NARROWER)
    return chosen or used.networks


def _insist_on_narrowing(
    work: UnitOfWork,
    scopes: list[Scope],
    repositories: frozenset[UUID] | None,
    expires_at: datetime | None,
) -> None:
    actor = work.actor
    if actor.ceiling is None:
        return
    if not permissions_of_scopes(frozenset(scopes)) <= actor.ceiling:
        raise RefusedError(NARROWER)
    mine = actor.only_repositories
    if mine is not None and (repositories is None or not repositories <= mine):
        raise RefusedError(NARROWER)
    used = work.session.get(AccessToken, actor.origin.credential_id or new_id())
    end = used.expires_at if used else None
    if end is not None and (expires_at is None or expires_at > end):
        raise RefusedError(NARROWER)


def _paths_of(work: UnitOfWork, token_ids: list[UUID]) -> dict[UUID, list[str]]:
    rows = work.session.execute(
        sa.select(TokenRepository.token_id, Repository)
        .join(Repository, Repository.id == TokenRepository.repository_id)
        .where(TokenRepository.token_id.in_(token_ids))
        .order_by(Repository.owner_name, Repository.name)
    )
    paths: dict[UUID, list[str]] = {}
    for token_id, repository in rows:
        paths.setdefault(token_id, []).append(repository.path)
    return paths
