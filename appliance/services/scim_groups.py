"""Groups as a SCIM client tells of them, and who is in them. RFC 7644, section 3.

What a group gives is said by group rules, which name it by its `displayName`. So no two groups of a
provider may have the same.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from appliance.domain.events.parts import in_parts
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.scim import ScimError, ScimType
from appliance.errors import sentence
from appliance.federation import scim_members, scim_messages
from appliance.federation.scim_members import Change
from appliance.federation.scim_messages import Body
from appliance.federation.scim_models import Group
from appliance.services import scim_members as shown_members
from appliance.services import scim_memberships, scim_search, scim_users
from appliance.services.scim_answers import Answered, Found, insist_on_version, page_of

SETTLED_AT_ONCE = 200
"""More people than this get and lose what a group gives in a job, a moment later."""


def create(
    work: UnitOfWork, sent: Body, *, given: Mapping[str, Any], base: str, now: datetime
) -> Answered:
    """Let a group be known, with its members.

    Errors:
        ScimError: it is not as it should be, or the name is taken.
    """
    provider = fetch_scim.provider(work)
    group = scim_messages.read(Group, sent, is_new=True)
    asked = scim_messages.question(Group, given)
    _insist_on_free_name(work, provider, group)
    row = ScimGroup(id=new_id(), provider_id=provider.id, created_at=now, changed_at=now)
    _write(row, group)
    work.session.add(row)
    work.record(events.ScimGroupCreated(about=row.id, provider_id=str(provider.id), group=row.name))
    work.session.flush()  # Its members refer to it.
    wanted = [Change("set", scim_members.ids(group))]
    _change(work, provider, row, scim_memberships.changed(work, row, wanted), [], now)
    return _answered(work, row, asked, base)


def show(work: UnitOfWork, identifier: str, *, given: Mapping[str, Any], base: str) -> Answered:
    """A group that this client told of."""
    row = fetch_scim.group(work, fetch_scim.provider(work), identifier)
    return _answered(work, row, scim_messages.question(Group, given), base)


def search(work: UnitOfWork, given: Mapping[str, Any], *, base: str) -> Found:
    """The groups that this client told of, filtered, ordered, a page of them.

    Errors:
        ScimError: it cannot be asked so.
    """
    provider = fetch_scim.provider(work)
    asked = scim_messages.question(Group, given)
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
    query = sa.select(ScimGroup).where(ScimGroup.provider_id == provider.id)
    total, rows = scim_search.found(
        work, query, ScimGroup, Group, asked, skipped=skipped, count=count
    )
    items = [scim_messages.shown(_resource(work, each, asked, base), asked) for each in rows]
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
    """Let a group be what was sent, with exactly these members (PUT).

    Errors:
        ScimError: it is not as it should be, or the name is taken.
        PreconditionError: it is another version than the client knows.
    """
    provider = fetch_scim.provider(work)
    row = fetch_scim.group(work, provider, identifier, is_locked=True)
    asked = scim_messages.question(Group, given)
    insist_on_version(_etag(row), if_match)
    after = scim_messages.read(Group, sent, is_new=False)
    wanted = [Change("set", scim_members.ids(after))]
    changed = _rename(work, provider, row, after)
    _change(work, provider, row, scim_memberships.changed(work, row, wanted), changed, now)
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
) -> Answered | None:
    """Change a group's name, or some of its members. Answers nothing unless attributes were asked
    for: a client that adds one member need not read all of them.

    Errors:
        ScimError: a change cannot be made, and none is; or the name is taken.
        PreconditionError: it is another version than the client knows.
    """
    provider = fetch_scim.provider(work)
    row = fetch_scim.group(work, provider, identifier, is_locked=True)
    asked = scim_messages.question(Group, given)
    insist_on_version(_etag(row), if_match)
    wanted, rest = scim_members.split(sent)
    changed: list[str] = []
    if rest is not None:
        plain = Group(id=str(row.id), display_name=row.name, external_id=row.external_id)
        changed = _rename(work, provider, row, scim_messages.patched(plain, rest))
    _change(work, provider, row, scim_memberships.changed(work, row, wanted), changed, now)
    return _answered(work, row, asked, base) if asked.attributes else None


def delete(work: UnitOfWork, identifier: str, *, if_match: str, now: datetime) -> None:
    """Forget a group; what it gave goes.

    Errors:
        PreconditionError: it is another version than the client knows.
    """
    provider = fetch_scim.provider(work)
    row = fetch_scim.group(work, provider, identifier, is_locked=True)
    insist_on_version(_etag(row), if_match)
    members = scim_memberships.present(work, row)
    work.session.execute(sa.delete(ScimMember).where(ScimMember.group_id == row.id))
    work.session.delete(row)
    work.record(events.ScimGroupDeleted(about=row.id, provider_id=str(provider.id), group=row.name))
    work.session.flush()  # Who is in which group is asked of the rows.
    _settle(work, provider, members, now)


def _rename(
    work: UnitOfWork, provider: IdentityProvider, row: ScimGroup, after: Group
) -> list[str]:
    """Write what is said of the group itself; gives what of it changed."""
    changed = []
    if after.display_name != row.name:
        changed.append("displayName")
        if scim_messages.key(after.display_name or "") != row.name_key:
            _insist_on_free_name(work, provider, after)
    if after.external_id != row.external_id:
        changed.append("externalId")
    _write(row, after)
    return changed


def _change(
    work: UnitOfWork,
    provider: IdentityProvider,
    row: ScimGroup,
    members: tuple[set[UUID], set[UUID]],
    changed: list[str],
    now: datetime,
) -> None:
    added, removed = members
    if not (added or removed or changed):
        return
    row.version += 1
    row.changed_at = now
    for some in scim_memberships.in_turn(removed):
        gone = sa.delete(ScimMember).where(
            ScimMember.group_id == row.id, ScimMember.user_id.in_(some)
        )
        work.session.execute(gone)
    work.session.add_all(ScimMember(group_id=row.id, user_id=each) for each in sorted(added))
    work.session.flush()  # Who is in which group is asked of the rows.
    _record(work, provider, row, added, removed, changed)
    touched = added | removed
    everyone = scim_memberships.present(work, row) if changed else set()
    _settle(work, provider, everyone | touched, now)


def _record(
    work: UnitOfWork,
    provider: IdentityProvider,
    row: ScimGroup,
    added: set[UUID],
    removed: set[UUID],
    changed: list[str],
) -> None:
    """Say who came and went, in as many events as that takes."""
    users = _users_of(work, added | removed)
    told = [("+", users[each]) for each in sorted(added)]
    told += [("-", users[each]) for each in sorted(removed)]
    for part in in_parts(told):
        work.record(
            events.ScimGroupChanged(
                about=row.id,
                provider_id=str(provider.id),
                group=row.name,
                changed=changed,
                added=[user for sign, user in part.items if sign == "+"],
                removed=[user for sign, user in part.items if sign == "-"],
                part=part.number,
                parts=part.of,
            )
        )


def _settle(
    work: UnitOfWork, provider: IdentityProvider, members: set[UUID], now: datetime
) -> None:
    """Let people have what their groups give now: here, or of many a moment later."""
    if len(members) > SETTLED_AT_ONCE:
        _note_groups(work, members)
        work.later(Job.SETTLE_PROVIDED_RIGHTS, about=provider.id, provider_id=str(provider.id))
        return
    query = sa.select(ScimUser).where(ScimUser.id.in_(members)).order_by(ScimUser.identity_id)
    rows = work.session.scalars(query).all()
    # In this order by everybody, so that two changes never wait for each other.
    locked = sa.select(Identity).where(Identity.id.in_([each.identity_id for each in rows]))
    work.session.scalars(locked.order_by(Identity.id).with_for_update()).all()
    scim_users.follow_groups(work, provider, rows, now=now)


def _note_groups(work: UnitOfWork, members: set[UUID]) -> None:
    for some in scim_memberships.in_turn(members):
        query = (
            sa.select(Identity, ScimUser.id)
            .join(ScimUser, ScimUser.identity_id == Identity.id)
            .where(ScimUser.id.in_(some))
            .order_by(Identity.id)
            .with_for_update(of=Identity)
        )
        rows = work.session.execute(query).all()
        names = work.session.execute(
            sa.select(ScimMember.user_id, ScimGroup.name)
            .join(ScimGroup, ScimGroup.id == ScimMember.group_id)
            .where(ScimMember.user_id.in_(some))
        )
        groups: dict[UUID, list[str]] = {}
        for user_id, name in names:
            groups.setdefault(user_id, []).append(name)
        for identity, user_id in rows:
            identity.groups = sorted(groups.get(user_id, ()))


def _users_of(work: UnitOfWork, members: set[UUID]) -> dict[UUID, str]:
    """The users of the appliance that these are."""
    found: dict[UUID, str] = {}
    for some in scim_memberships.in_turn(members):
        query = (
            sa.select(ScimUser.id, Identity.user_id)
            .join(Identity, Identity.id == ScimUser.identity_id)
            .where(ScimUser.id.in_(some))
        )
        found |= {row.id: str(row.user_id) for row in work.session.execute(query)}
    return found


def _insist_on_free_name(work: UnitOfWork, provider: IdentityProvider, group: Group) -> None:
    taken = sa.select(ScimGroup.id).where(
        ScimGroup.provider_id == provider.id,
        ScimGroup.name_key == scim_messages.key(group.display_name or ""),
    )
    if work.session.scalar(taken) is not None:
        said = sentence("Another group has this displayName.")
        raise ScimError(said, ScimType.UNIQUE, status=409)


def _write(row: ScimGroup, group: Group) -> None:
    row.name = group.display_name or ""
    row.name_key = scim_messages.key(row.name)
    row.external_id = group.external_id
    compared = scim_messages.compared(scim_messages.content(group), str(row.id))
    if compared != row.compared:
        row.compared = compared


def _etag(row: ScimGroup) -> str:
    return f'W/"{row.version}"'


def _resource(work: UnitOfWork, row: ScimGroup, asked: Any, base: str) -> Group:
    """A group with what we say of it ourselves; members are asked for only if they are shown."""
    group = Group(
        id=str(row.id),
        external_id=row.external_id,
        display_name=row.name,
        meta=Meta(
            resource_type="Group",
            created=row.created_at,
            last_modified=row.changed_at,
            location=f"{base}/Groups/{row.id}",
            version=_etag(row),
        ),
    )
    if scim_members.are_shown(asked):
        group.members = shown_members.shown(work, row, base) or None
    return group


def _answered(work: UnitOfWork, row: ScimGroup, asked: Any, base: str) -> Answered:
    group = _resource(work, row, asked, base)
    where = f"{base}/Groups/{row.id}"
    return Answered(str(row.id), where, _etag(row), scim_messages.shown(group, asked))
