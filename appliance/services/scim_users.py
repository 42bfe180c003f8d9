"""People as a SCIM client tells of them: created, changed, deleted. RFC 7644, section 3.

A provisioned person is an identity of the client's provider. What the client says is done as what
any provider says: `identities` lets in or keeps out, and gives what groups give.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from scim2_models import Meta

from appliance.access import fetch_scim
from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.scim import ScimGroup, ScimMember, ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.ids import new_id
from appliance.domain.scim import PersonRefusedError, ScimError, ScimType
from appliance.errors import UnauthenticatedError, sentence
from appliance.federation import scim_messages
from appliance.federation.scim_messages import Body
from appliance.federation.scim_models import Membership, Person
from appliance.services import identities, scim_search
from appliance.services.scim_answers import Answered, Found, insist_on_version, page_of

TAKEN = sentence("Another user has this userName.")


def create(
    work: UnitOfWork, sent: Body, *, given: Mapping[str, Any], base: str, now: datetime
) -> Answered:
    """Let somebody be known: an identity of who is meant by the provider's policy, or of somebody
    new. Who was deleted comes back as who they were, if they have the same `externalId`.

    Errors:
        ScimError: it is not as it should be, or the name is taken.
        PersonRefusedError: the policy does not allow it.
    """
    provider = fetch_scim.provider(work)
    person = scim_messages.read(Person, sent, is_new=True)
    asked = scim_messages.question(Person, given)
    _insist_on_free_name(work, provider, person)
    row = ScimUser(id=new_id(), provider_id=provider.id, created_at=now, changed_at=now)
    identity = _known_before(work, provider, person)
    claims = _claims(provider, person, str(row.id), frozenset())
    if identity is not None:
        identities.follow(work, identity.id, claims, now=now)
    else:
        identity = _provisioned(work, provider, claims, now)
    row.identity_id = identity.id
    _write(row, person)
    work.session.add(row)
    work.record(
        events.ScimUserCreated(
            about=identity.user_id,
            provider_id=str(provider.id),
            resource_id=str(row.id),
            is_active=person.active is not False,
            user_name=person.user_name or "",
        )
    )
    work.session.flush()  # Of two at once the database lets one in, and this says so here.
    return _answered(work, row, asked, base)


def show(work: UnitOfWork, identifier: str, *, given: Mapping[str, Any], base: str) -> Answered:
    """Somebody whom this client told of."""
    row = fetch_scim.user(work, fetch_scim.provider(work), identifier)
    return _answered(work, row, scim_messages.question(Person, given), base)


def search(work: UnitOfWork, given: Mapping[str, Any], *, base: str) -> Found:
    """Those whom this client told of, filtered, ordered, a page of them.

    Errors:
        ScimError: it cannot be asked so.
    """
    provider = fetch_scim.provider(work)
    asked = scim_messages.question(Person, given)
    start, count = page_of(asked)
    total, items = some(work, provider, asked, skipped=start - 1, count=count, base=base)
    return Found(total, start, items)


@open_to_everyone(because="the caller has fetched the provider of its client")
def some(
    work: UnitOfWork,
    provider: IdentityProvider,
    asked: Any,
    *,
    skipped: int,
    count: int,
    base: str,
) -> tuple[int, list[dict[str, Any]]]:
    """How many are found, and some of them."""
    query = sa.select(ScimUser).where(
        ScimUser.provider_id == provider.id, ScimUser.deleted_at.is_(None)
    )
    total, rows = scim_search.found(
        work, query, ScimUser, Person, asked, skipped=skipped, count=count
    )
    groups = _groups(work, [each.id for each in rows])
    items = [
        scim_messages.shown(_resource(each, groups.get(each.id, ()), base)[0], asked)
        for each in rows
    ]
    return total, items


def replace(
    work: UnitOfWork,
    identifier: str,
    sent: Body,
    *,
    given: Mapping[str, Any],
    if_match: str,
    base: str,
    now: datetime,
) -> Answered:
    """Let a person be what was sent, and nothing else (PUT).

    Errors:
        ScimError: it is not as it should be, or the name is taken.
        PreconditionError: it is another version than the client knows.
    """
    provider = fetch_scim.provider(work)
    row = fetch_scim.user(work, provider, identifier, is_locked=True)
    asked = scim_messages.question(Person, given)
    before, etag = _present(work, row, base)
    insist_on_version(etag, if_match)
    after = scim_messages.read(Person, sent, is_new=False)
    _change(work, provider, row, before, after, now)
    return _answered(work, row, asked, base)


def patch(
    work: UnitOfWork,
    identifier: str,
    sent: Body,
    *,
    given: Mapping[str, Any],
    if_match: str,
    base: str,
    now: datetime,
) -> Answered:
    """Change some of what is said of a person.

    Errors:
        ScimError: a change cannot be made, and none is; or the name is taken.
        PreconditionError: it is another version than the client knows.
    """
    provider = fetch_scim.provider(work)
    row = fetch_scim.user(work, provider, identifier, is_locked=True)
    asked = scim_messages.question(Person, given)
    before, etag = _present(work, row, base)
    insist_on_version(etag, if_match)
    after = scim_messages.patched(before, sent)
    _change(work, provider, row, before, after, now)
    return _answered(work, row, asked, base)


def delete(work: UnitOfWork, identifier: str, *, if_match: str, now: datetime) -> None:
    """Forget a person: they may not enter any more. Their user stays, suspended.

    Errors:
        PreconditionError: it is another version than the client knows.
    """
    provider = fetch_scim.provider(work)
    row = fetch_scim.user(work, provider, identifier, is_locked=True)
    insist_on_version(_present(work, row, "")[1], if_match)
    identity = work.session.get_one(Identity, row.identity_id)
    row.deleted_at = row.changed_at = now
    row.name_key, row.content, row.compared = None, {}, {}
    row.version += 1
    work.session.execute(sa.delete(ScimMember).where(ScimMember.user_id == row.id))
    identity.groups = []
    work.session.flush()  # What groups give is asked of the rows.
    identities.gone(work, identity.id, now=now)
    work.record(
        events.ScimUserDeleted(
            about=identity.user_id, provider_id=str(provider.id), resource_id=str(row.id)
        )
    )


@open_to_everyone(because="the caller has fetched them for its client")
def follow_groups(
    work: UnitOfWork, provider: IdentityProvider, rows: Sequence[ScimUser], *, now: datetime
) -> None:
    """Bring people up to date with the groups that they are in now."""
    groups = _groups(work, [each.id for each in rows])
    for row in rows:
        names = frozenset(each.name for each in groups.get(row.id, ()))
        person = Person.model_validate(row.content)
        identity = work.session.get_one(Identity, row.identity_id)
        claims = _claims(provider, person, identity.subject, names)
        identities.follow(work, identity.id, claims, now=now)


def _change(
    work: UnitOfWork,
    provider: IdentityProvider,
    row: ScimUser,
    before: Person,
    after: Person,
    now: datetime,
) -> None:
    if scim_messages.key(after.user_name or "") != row.name_key:
        _insist_on_free_name(work, provider, after)
    earlier = scim_messages.content(before)
    _write(row, after)
    changed = sorted(
        name
        for name in earlier.keys() | row.content.keys()
        if earlier.get(name) != row.content.get(name)
    )
    identity = work.session.get_one(Identity, row.identity_id, with_for_update=True)
    if changed:
        row.version += 1
        row.changed_at = now
        work.record(
            events.ScimUserChanged(
                about=identity.user_id,
                provider_id=str(provider.id),
                resource_id=str(row.id),
                is_active=after.active is not False,
                changed=changed,
            )
        )
        work.session.flush()  # Of two at once the database lets one in, and this says so here.
    groups = frozenset(each.name for each in _groups(work, [row.id]).get(row.id, ()))
    claims = _claims(provider, after, identity.subject, groups)
    identities.follow(work, identity.id, claims, now=now)


def _write(row: ScimUser, person: Person) -> None:
    content = scim_messages.content(person)
    row.name_key = scim_messages.key(person.user_name or "")
    row.external_id = person.external_id
    if content != row.content:
        row.content = content
        row.compared = scim_messages.compared(content, str(row.id))


def _insist_on_free_name(work: UnitOfWork, provider: IdentityProvider, person: Person) -> None:
    taken = sa.select(ScimUser.id).where(
        ScimUser.provider_id == provider.id,
        ScimUser.name_key == scim_messages.key(person.user_name or ""),
    )
    if work.session.scalar(taken) is not None:
        raise ScimError(TAKEN, ScimType.UNIQUE, status=409)


def _known_before(work: UnitOfWork, provider: IdentityProvider, person: Person) -> Identity | None:
    """Who was deleted and had the same `externalId`: a name alone may have gone to another."""
    if not person.external_id:
        return None
    query = (
        sa.select(Identity)
        .join(ScimUser, ScimUser.identity_id == Identity.id)
        .where(
            ScimUser.provider_id == provider.id,
            ScimUser.external_id == person.external_id,
            ScimUser.deleted_at.is_not(None),
        )
        .order_by(ScimUser.deleted_at.desc())
        .limit(1)
    )
    found = work.session.scalar(query)
    if found is None:
        return None
    again = sa.select(ScimUser.id).where(
        ScimUser.identity_id == found.id, ScimUser.deleted_at.is_(None)
    )
    return found if work.session.scalar(again) is None else None


def _provisioned(
    work: UnitOfWork, provider: IdentityProvider, claims: Any, now: datetime
) -> Identity:
    try:
        return identities.provision(work, provider.id, claims, now=now)
    except UnauthenticatedError as error:
        reason = getattr(error.event, "reason", "")
        is_taken = reason in {"account_protected", "account_taken"}
        raise PersonRefusedError(error, is_taken=is_taken) from error


def _claims(
    provider: IdentityProvider, person: Person, subject: str, groups: frozenset[str]
) -> Any:
    is_vouched = bool(provider.settings.get("vouches_for_email", True))
    return scim_messages.claims(person, subject, groups, is_vouched=is_vouched)


def _groups(work: UnitOfWork, user_ids: list[UUID]) -> dict[UUID, list[ScimGroup]]:
    """The groups of some users, by their ids."""
    if not user_ids:
        return {}
    rows = work.session.execute(
        sa.select(ScimMember.user_id, ScimGroup)
        .join(ScimGroup, ScimGroup.id == ScimMember.group_id)
        .where(ScimMember.user_id.in_(user_ids))
        .order_by(ScimGroup.id)
    )
    found: dict[UUID, list[ScimGroup]] = {}
    for user_id, group in rows:
        found.setdefault(user_id, []).append(group)
    return found


def _present(work: UnitOfWork, row: ScimUser, base: str) -> tuple[Person, str]:
    return _resource(row, _groups(work, [row.id]).get(row.id, ()), base)


def _resource(row: ScimUser, groups: Sequence[ScimGroup], base: str) -> tuple[Person, str]:
    """A user with what we say of them ourselves, and the tag of this version."""
    person = Person.model_validate(row.content)
    person.id = str(row.id)
    person.groups = [
        Membership(value=str(each.id), ref=f"{base}/Groups/{each.id}", display=each.name)
        for each in groups
    ] or None
    said = json.dumps([row.version, [(str(each.id), each.name) for each in groups]])
    etag = f'W/"{hashlib.sha256(said.encode()).hexdigest()[:24]}"'
    person.meta = Meta(
        resource_type="User",
        created=row.created_at,
        last_modified=row.changed_at,
        location=f"{base}/Users/{row.id}",
        version=etag,
    )
    return person, etag


def _answered(work: UnitOfWork, row: ScimUser, asked: Any, base: str) -> Answered:
    person, etag = _present(work, row, base)
    where = f"{base}/Users/{row.id}"
    return Answered(str(row.id), where, etag, scim_messages.shown(person, asked))
