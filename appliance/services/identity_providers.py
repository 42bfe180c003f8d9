"""Identity providers of the customer: add, show, change, order, switch on and off, delete."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import act_states, fetch_provider, gate
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import GroupRule, Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.identity_providers import (
    BY_SCIM,
    WAY_OF,
    Policy,
    ProviderKind,
    Way,
    check_label,
    check_name,
    domains,
    policy,
)
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.federation import provider_settings
from appliance.federation.kinds import SETTINGS_OF
from appliance.federation.provider_settings import ProviderSettings, Value
from appliance.security.sealing import Place, Sealer
from appliance.services import provided_rights
from appliance.services.second_person import guarded

NEEDED = Permission.PROVIDERS_MANAGE
MOST = 50
SETTLED_AT_ONCE = 200


@dataclass(frozen=True)
class NewProvider:
    """A provider as an administrator wants it. It begins switched off."""

    name: str
    kind: ProviderKind
    label: str
    settings: Mapping[str, Value]
    """Secrets among them."""
    domains: Sequence[str] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What is to be different; None stays, and so do settings and policies that are not named."""

    label: str | None = None
    settings: Mapping[str, Value] | None = None
    """A secret that is left out, or empty, stays."""
    domains: Sequence[str] | None = None
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Shown:
    """A provider as administrators see it: of its secrets only which there are."""

    provider: IdentityProvider
    policy: Policy
    settings: Mapping[str, Value]
    secrets: tuple[str, ...]
    """The names of the secrets that were given."""
    identities: int
    rules: int
    sessions: int

    @property
    def way(self) -> Way:
        """How somebody signs in by it."""
        return WAY_OF[self.provider.kind]


@dataclass(frozen=True)
class Consequences:
    """What deleting a provider would mean."""

    identities: int
    rules: int
    sessions: int
    left_without_a_way_in: int
    """Users who have no password and no other identity."""


def list_providers(work: UnitOfWork) -> list[Shown]:
    """All of them, in the order in which they are offered."""
    gate.require(work, NEEDED)
    query = sa.select(IdentityProvider).order_by(IdentityProvider.position, IdentityProvider.name)
    return [_shown(work, each) for each in work.session.scalars(query).all()]


def show(work: UnitOfWork, name: str) -> Shown:
    """A provider, its secrets masked."""
    return _shown(work, fetch_provider.provider(work, name, NEEDED))


@guarded(Act.PROVIDER_ADD, act_states.provider)
def add(work: UnitOfWork, wanted: NewProvider, *, sealer: Sealer, now: datetime) -> Shown:
    """Add a provider, switched off until it was tried.

    Errors:
        InvalidError: a setting, the policy or a name is not as it should be.
        ConflictError: the name is taken, or there are too many.
    """
    gate.require(work, NEEDED)
    names = set(work.session.scalars(sa.select(IdentityProvider.name)))
    if check_name(wanted.name) in names or len(names) >= MOST:
        raise ConflictError(
            sentence("The identity provider %(name)s already exists.", name=wanted.name)
            if wanted.name in names
            else sentence("There are at most %(most)s identity providers.", most=MOST)
        )
    settings = provider_settings.read(SETTINGS_OF[wanted.kind], wanted.settings, {})
    provider = IdentityProvider(
        id=new_id(),
        name=wanted.name,
        kind=wanted.kind,
        label=check_label(wanted.label),
        position=len(names),
        domains=list(_free_domains(work, wanted.domains)),
        settings=provider_settings.plain(settings),
        policy=_policy(work, policy(wanted.policy)).as_json(),
        state={},
        created_at=now,
    )
    provider.secrets = _sealed(provider.id, settings, sealer)
    work.session.add(provider)
    work.session.flush()  # What is shown is counted by its id.
    work.record(
        events.ProviderCreated(
            about=provider.id, name=provider.name, protocol=provider.kind, issuer=settings.issuer
        )
    )
    return _shown(work, provider)


@guarded(Act.PROVIDER_CHANGE, act_states.provider)
def change(work: UnitOfWork, name: str, changes: Changes, *, sealer: Sealer) -> Shown:
    """Change a provider. Sessions that it opened stay; what it vouches for from now on is judged
    by the new policy.

    Errors:
        InvalidError: a setting, the policy, the label or a domain is not as it should be.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    changed: list[str] = []
    if changes.settings is not None:
        changed += _change_settings(provider, changes.settings, sealer)
    if changes.label is not None and check_label(changes.label) != provider.label:
        provider.label = check_label(changes.label)
        changed.append("label")
    if changes.domains is not None:
        wanted = list(_free_domains(work, changes.domains, but=provider.id))
        if wanted != provider.domains:
            provider.domains = wanted
            changed.append("domains")
    if changes.policy is not None:
        rules = policy(changes.policy, before=policy(provider.policy))
        after = _policy(work, rules).as_json()
        changed += [f"policy.{key}" for key in after if after[key] != provider.policy.get(key)]
        provider.policy = after
    _note(work, provider, changed)
    return _shown(work, provider)


@guarded(Act.PROVIDER_SWITCH, act_states.provider)
def switch(work: UnitOfWork, name: str, *, is_enabled: bool, now: datetime) -> Shown:
    """Let people sign in by a provider, or nobody: then sessions that it opened end. Rights that
    its groups give stay until it says otherwise, or is deleted.

    Errors:
        ConflictError: it is so already.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    if provider.is_enabled is is_enabled:
        text = (
            sentence("%(label)s is already enabled.", label=provider.label)
            if is_enabled
            else sentence("%(label)s is already disabled.", label=provider.label)
        )
        raise ConflictError(text)
    provider.is_enabled = is_enabled
    if not is_enabled:
        _end_sessions(work, provider, now)
    _note(work, provider, ["is_enabled"])
    return _shown(work, provider)


def put_in_order(work: UnitOfWork, names: Sequence[str]) -> None:
    """Offer the providers in this order; those that are not named come after.

    Errors:
        NotFoundError: there is none of one of the names.
    """
    gate.require(work, NEEDED)
    query = sa.select(IdentityProvider).order_by(IdentityProvider.position, IdentityProvider.name)
    present = {each.name: each for each in work.session.scalars(query).all()}
    unknown = next((each for each in names if each not in present), None)
    if unknown is not None:
        raise NotFoundError(sentence("There is no identity provider %(name)s.", name=unknown))
    for position, name in enumerate(dict.fromkeys([*names, *present])):
        if present[name].position != position:
            present[name].position = position
            _note(work, present[name], ["position"])


def consequences(work: UnitOfWork, name: str) -> Consequences:
    """What deleting a provider would mean."""
    provider = fetch_provider.provider(work, name, NEEDED)
    other = orm.aliased(Identity)
    left = (
        sa.select(sa.func.count(sa.distinct(User.id)))
        .join(Identity, Identity.user_id == User.id)
        .outerjoin(other, sa.and_(other.user_id == User.id, other.provider_id != provider.id))
        .where(
            Identity.provider_id == provider.id, User.password_hash.is_(None), other.id.is_(None)
        )
    )
    return Consequences(
        identities=_count(work, Identity, provider.id),
        rules=_count(work, GroupRule, provider.id),
        sessions=_count(work, BrowserSession, provider.id),
        left_without_a_way_in=work.session.scalar(left) or 0,
    )


@guarded(Act.PROVIDER_DELETE, act_states.provider)
def delete(work: UnitOfWork, name: str, *, now: datetime) -> None:
    """Delete a provider: its identities, its rules and all rights that came from them. The users
    stay; those whom it kept out may be reinstated by an administrator.

    Errors:
        ConflictError: it is switched on, or it knows too many people to forget them at once.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    if provider.is_enabled:
        raise ConflictError(sentence("Disable %(label)s first.", label=provider.label))
    _end_sessions(work, provider, now)
    work.session.execute(sa.delete(GroupRule).where(GroupRule.provider_id == provider.id))
    after: UUID | None = None
    while True:
        after = provided_rights.settle_some(
            work, provider.id, after=after, limit=SETTLED_AT_ONCE, now=now
        )
        if after is None:
            break
    work.session.execute(
        sa.update(User).where(User.suspended_by_id == provider.id).values(suspended_by_id=None)
    )
    work.session.execute(sa.delete(Identity).where(Identity.provider_id == provider.id))
    work.record(events.ProviderDeleted(about=provider.id, name=provider.name))
    work.session.delete(provider)


@open_to_everyone(because="`add` and `change` asked; a protocol needs them to speak at all")
def settings_of(
    work: UnitOfWork, provider_id: UUID, kind: type[provider_settings.Settings], *, sealer: Sealer
) -> provider_settings.Settings:
    """The settings of a provider with its secrets, for its protocol; no door shows them.

    Errors:
        NotFoundError: there is no such provider of this kind.
        InvalidError: they were stored by another release, and have to be given anew.
    """
    provider = work.session.get(IdentityProvider, provider_id)
    if provider is None or SETTINGS_OF[provider.kind] is not kind:
        raise NotFoundError(sentence("There is no such identity provider."))
    secrets = _unsealed(provider, sealer)
    return provider_settings.read(kind, provider.settings, secrets)


def _shown(work: UnitOfWork, provider: IdentityProvider) -> Shown:
    return Shown(
        provider=provider,
        policy=policy(provider.policy),
        settings=provider.settings,
        secrets=tuple(sorted(provider_settings.secret_names(SETTINGS_OF[provider.kind])))
        if provider.secrets
        else (),
        identities=_count(work, Identity, provider.id),
        rules=_count(work, GroupRule, provider.id),
        sessions=_count(work, BrowserSession, provider.id),
    )


def _count(
    work: UnitOfWork, table: type[Identity | GroupRule | BrowserSession], provider_id: UUID
) -> int:
    query = sa.select(sa.func.count()).where(table.provider_id == provider_id)
    if table is BrowserSession:
        query = query.where(
            BrowserSession.revoked_at.is_(None), BrowserSession.ends_at > work.begun_at
        )
    return work.session.scalar(query) or 0


def _change_settings(
    provider: IdentityProvider, given: Mapping[str, Value], sealer: Sealer
) -> list[str]:
    kind = SETTINGS_OF[provider.kind]
    before = _unsealed(provider, sealer)
    hidden = provider_settings.secret_names(kind)
    typed = {name: str(value) for name, value in given.items() if name in hidden and value}
    plain = {name: value for name, value in given.items() if name not in hidden}
    settings = provider_settings.read(kind, {**provider.settings, **plain}, {**before, **typed})
    after = provider_settings.plain(settings)
    changed = [name for name in after if after[name] != provider.settings.get(name)]
    provider.settings = after
    if typed:
        provider.secrets = _sealed(provider.id, settings, sealer)
    return [f"settings.{name}" for name in (*changed, *typed)]


def _note(work: UnitOfWork, provider: IdentityProvider, changed: list[str]) -> None:
    if not changed:
        return
    provider.version += 1
    work.record(
        events.ProviderChanged(about=provider.id, name=provider.name, changed=sorted(changed))
    )


def _free_domains(
    work: UnitOfWork, given: Sequence[str], *, but: UUID | None = None
) -> tuple[str, ...]:
    wanted = domains(given)
    rows = work.session.execute(sa.select(IdentityProvider.id, IdentityProvider.domains)).all()
    taken = {each for row in rows if row.id != but for each in row.domains}
    both = next((each for each in wanted if each in taken), None)
    if both is not None:
        raise InvalidError.of(
            "domains",
            sentence("%(domain)s already belongs to another identity provider.", domain=both),
        )
    return wanted


def _policy(work: UnitOfWork, wanted: Policy) -> Policy:
    """The policy, if the SCIM provider that it asks is there."""
    if wanted.link_by in BY_SCIM:
        query = sa.select(IdentityProvider.id).where(
            IdentityProvider.name == wanted.link_provider,
            IdentityProvider.kind == ProviderKind.SCIM,
        )
        if work.session.scalar(query) is None:
            said = sentence("There is no SCIM provider %(name)s.", name=wanted.link_provider)
            raise InvalidError.of("policy.link_provider", said)
    return wanted


def _end_sessions(work: UnitOfWork, provider: IdentityProvider, now: datetime) -> None:
    work.session.execute(
        sa.update(BrowserSession)
        .where(BrowserSession.provider_id == provider.id, BrowserSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _place(provider_id: UUID) -> Place:
    return Place("identity_providers", "secrets", str(provider_id))


def _sealed(provider_id: UUID, settings: ProviderSettings, sealer: Sealer) -> bytes | None:
    secrets = provider_settings.secrets_of(settings)
    if not secrets:
        return None
    return sealer.seal(json.dumps(secrets).encode(), _place(provider_id))


def _unsealed(provider: IdentityProvider, sealer: Sealer) -> dict[str, str]:
    if provider.secrets is None:
        return {}
    found: dict[str, str] = json.loads(sealer.unseal(provider.secrets, _place(provider.id)))
    return found
