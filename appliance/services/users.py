"""Users: create, show, change, suspend, delete. At least one administrator always remains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch, gate, grants, visible
from appliance.db import email_addresses, owner_names
from appliance.db.organisations import Organisation
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, Owner, OwnerKind, User, UserState
from appliance.domain import events
from appliance.domain.names import check_display_name, check_email, check_owner, fold
from appliance.domain.permissions import InstanceRole, Permission
from appliance.domain.profiles import LONGEST, check_profile
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services import departures, entry
from appliance.services.passwords import ChosenPassword
from appliance.services.second_person import guarded

__all__ = ["UserState"]  # For the doors, which do not know the database.

THEMES = ("auto", "light", "dark")
LONGEST_LOCALE = 16
ORDERS = {"name": (Owner.name_key,), "since": (User.created_at, User.id)}


@dataclass(frozen=True)
class Profile:
    """A user as others see them; the e-mail address is empty for who may not see it."""

    user: User
    email: str = ""


class UserChanges(TypedDict, total=False):
    """What may be changed of a user; what is not named stays."""

    display_name: str
    about: str
    location: str
    website: str
    email: str
    theme: str
    locale: str


@guarded(Act.USER_CREATE, states.user, covers=states.is_about_privilege)
def create(
    work: UnitOfWork,
    *,
    name: str,
    email: str = "",
    display_name: str = "",
    password: ChosenPassword | None = None,
    instance_role: InstanceRole = InstanceRole.USER,
    must_change_password: bool = True,
    now: datetime,
) -> User:
    """Create a user. Without a password they enter by a link (`passwords.issue_reset_link`).

    Errors:
        InvalidError: a name or address is not one.
        ConflictError: somebody has the name or the address.
    """
    gate.require(work, Permission.USERS_MANAGE)
    owner = owner_names.take(work.session, OwnerKind.USER, check_owner(name))
    user = User(
        id=owner.id,
        name=owner.name,
        display_name=check_display_name(display_name),
        instance_role=instance_role,
        password_hash=password.hash if password else None,
        must_change_password=must_change_password and password is not None,
        created_at=now,
    )
    work.session.add(user)
    work.session.flush()  # The address refers to the user, and the event to the pseudonym.
    if email:
        email_addresses.set_primary(work.session, user.id, check_email(email), is_verified=True)
    _record_creation(work, user, email)
    return user


def ensure_first_administrator(
    work: UnitOfWork,
    *,
    password_hash: str,
    name: str = "admin",
    must_change_password: bool = True,
    now: datetime,
) -> bool:
    """Create the first administrator, if there is no administrator yet; says whether it did.

    The name is not checked: `admin` is reserved so that nobody else can have it.
    """
    gate.require(work, Permission.USERS_MANAGE)
    if work.session.scalar(sa.select(_administrators().exists())):
        return False
    owner = owner_names.take(work.session, OwnerKind.USER, name)
    user = User(
        id=owner.id,
        name=name,
        instance_role=InstanceRole.ADMINISTRATOR,
        password_hash=password_hash,
        must_change_password=must_change_password,
        created_at=now,
    )
    work.session.add(user)
    work.session.flush()  # The event refers to the pseudonym.
    _record_creation(work, user, "")
    return True


def show(work: UnitOfWork, name: str) -> Profile:
    """A user by name."""
    user = fetch.user(work, name, Permission.USERS_READ)
    return Profile(
        user, email_addresses.primary(work.session, user.id) if _sees_email(work, user.id) else ""
    )


def show_self(work: UnitOfWork) -> Profile:
    """Oneself."""
    user = fetch.account(work, None)
    return Profile(user, email_addresses.primary(work.session, user.id))


def show_owner(work: UnitOfWork, name: str) -> User | Organisation:
    """The user or the organisation of that name: whoever stands in front of a slash."""
    return fetch.owner(work, name)


def list_users(
    work: UnitOfWork,
    *,
    search: str = "",
    state: UserState | None = None,
    order: str = "name",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Profile]:
    """The users whom the actor may see, by name or in another of `ORDERS`.

    `search` is a part of a name.
    """
    query = (
        visible.users(work)
        .join(Owner, Owner.id == User.id)
        .outerjoin(
            EmailAddress,
            sa.and_(EmailAddress.user_id == User.id, EmailAddress.is_primary.is_(True)),
        )
        .add_columns(EmailAddress.address)
    )
    if state is not None:
        query = query.where(User.state == state)
    if search:
        query = query.where(
            sa.or_(
                Owner.name_key.contains(fold(search), autoescape=True),
                sa.func.lower(User.display_name).contains(fold(search), autoescape=True),
            )
        )
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: Profile(row[0], (row[1] or "") if _sees_email(work, row[0].id) else ""),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def change(work: UnitOfWork, name: str | None, changes: UserChanges) -> User:
    """Change what is known of oneself (`None`) or, as an administrator, of a user.

    Errors:
        InvalidError: a value is not as it should be.
        ConflictError: another user has the address.
    """
    user = fetch.account(work, name, sensitive="email" in changes)
    if not changes:
        return user
    if "email" in changes:
        entry.insist_on_person(user)
    told = []
    if "display_name" in changes:
        user.display_name = check_display_name(changes["display_name"])
        told.append(f"display_name: {user.display_name}")
    told += _describe(user, changes)
    if "theme" in changes:
        user.theme = _theme(changes["theme"])
        told.append(f"theme: {user.theme}")
    if "locale" in changes:
        user.locale = changes["locale"][:LONGEST_LOCALE]
        told.append(f"locale: {user.locale}")
    if "email" in changes:
        is_vouched = user.id != work.actor.id  # By an administrator; nobody vouches for themself.
        address = check_email(changes["email"])
        email_addresses.set_primary(work.session, user.id, address, is_verified=is_vouched)
        told.append(f"email: {changes['email']}")
    work.record(
        events.UserChanged(
            about=user.id, person=user.pseudonym, changed=sorted(changes), values="; ".join(told)
        )
    )
    return user


def _describe(user: User, changes: UserChanges) -> list[str]:
    """Write down what somebody says of themselves; gives it as the log has it."""
    told = []
    for field in LONGEST:
        if field in changes:
            said = check_profile(field, str(changes.get(field, "")))
            setattr(user, field, said)
            told.append(f"{field}: {said}")
    return told


@guarded(Act.USER_ROLE, states.user, covers=states.is_about_privilege)
def change_role(work: UnitOfWork, name: str, role: InstanceRole) -> User:
    """Give a user another role on the instance.

    Errors:
        ConflictError: nobody else would be administrator, or an identity provider gave the role.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    before = user.instance_role
    if role is before:
        return user
    _insist_on_another_administrator(work, user)
    if user.owner_organisation_id is not None:
        raise ConflictError(
            sentence(
                "%(name)s belongs to an organisation, whose owners hold its tokens: it is nothing "
                "to the appliance.",
                name=user.name,
            )
        )
    if user.role_provider_id is not None:
        raise ConflictError(
            sentence("A group of an identity provider gives them this role. Change it there.")
        )
    user.instance_role = role
    work.record(events.UserRoleChanged(about=user.id, before=before, after=role))
    return user


def rename(work: UnitOfWork, name: str, new_name: str) -> User:
    """Give a user another name; the old one redirects until somebody takes it.

    Errors:
        InvalidError: it is not a name.
        ConflictError: somebody has it.
    """
    user = fetch.account(work, name, sensitive=True)
    before, after = user.name, check_owner(new_name)
    owner_names.change(work.session, work.session.get_one(Owner, user.id), after)
    user.name = after
    work.record(
        events.UserRenamed(about=user.id, person=user.pseudonym, before=before, after=after)
    )
    return user


def suspend(work: UnitOfWork, name: str, *, reason: str = "", now: datetime) -> User:
    """Keep a user out: sessions end, tokens and keys stop until they are reinstated.

    Errors:
        ConflictError: they are suspended, are oneself, or are the only administrator. Whom an
            sign-in system or its owner keeps out can be suspended: then that lets them in no more.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    is_final = user.suspended_by_administrator or not user.is_machine
    if user.state is UserState.SUSPENDED and user.suspended_by_id is None and is_final:
        raise ConflictError(sentence("%(name)s is already suspended.", name=user.name))
    _insist_on_another_administrator(work, user)
    entry.keep_out(work, user, reason=reason, by_administrator=True, now=now)
    return user


def reinstate(work: UnitOfWork, name: str) -> User:
    """Let a suspended user in again.

    Errors:
        ConflictError: they are not suspended.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    if user.state is not UserState.SUSPENDED:
        raise ConflictError(sentence("%(name)s is not suspended.", name=user.name))
    entry.let_in(work, user)
    return user


@guarded(Act.USER_DELETE, states.user, covers=states.is_about_privilege)
def delete(work: UnitOfWork, name: str, *, now: datetime) -> None:
    """Delete a user for good: what proves who they are goes, and the name becomes free.

    Errors:
        ConflictError: they own repositories, or an organisation alone, are oneself, or are the
            only administrator.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    _insist_on_another_administrator(work, user)
    departures.insist_on_owning_nothing(work, user)
    departures.remove(work, user, now=now)


def _record_creation(work: UnitOfWork, user: User, email: str) -> None:
    work.record(
        events.UserCreated(
            about=user.id,
            person=user.pseudonym,
            instance_role=user.instance_role,
            name=user.name,
            email=email or None,
        )
    )


def _theme(theme: str) -> str:
    if theme not in THEMES:
        raise InvalidError.of(
            "theme", sentence("A theme is one of %(themes)s.", themes=", ".join(THEMES))
        )
    return theme


def _sees_email(work: UnitOfWork, user_id: UUID) -> bool:
    allowed = grants.on_instance(work.actor)
    is_self = user_id == work.actor.id and Permission.OWN_ACCOUNT in allowed
    return is_self or Permission.USERS_MANAGE in allowed


def _administrators() -> sa.Select[User]:
    return sa.select(User).where(
        User.instance_role == InstanceRole.ADMINISTRATOR,
        User.state == UserState.ACTIVE,
        User.is_machine.is_(False),
    )


def _insist_on_another_administrator(work: UnitOfWork, user: User) -> None:
    if user.id == work.actor.id:
        raise ConflictError("Ask another administrator to do that to you.")
    if entry.is_last_administrator(work, user):
        raise ConflictError(
            sentence(
                "%(name)s is the only administrator. Make somebody else one first.", name=user.name
            )
        )
