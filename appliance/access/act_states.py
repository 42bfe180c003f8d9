"""What each act that needs two people is about, in words: before it, and after it.

They say all that the act may change, and nothing that is secret: a secret stands as a mark that
changes with it. Under the empty name stands what it is about. They are asked before the verb has
asked who may, so they never raise, and what they find is shown to administrators alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from appliance.db import lookups
from appliance.db.address_lists import INSTANCE, AddressList
from appliance.db.audit_log import AuditLog
from appliance.db.audit_streams import AuditStream
from appliance.db.audit_witnesses import Witness, WitnessQuorum
from appliance.db.identity_providers import GroupRule, IdentityProvider
from appliance.db.organisations import Organisation, Team
from appliance.db.proposals import SecondPersonRule
from appliance.db.repositories import Repository
from appliance.db.second_factors import FactorRule
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import UserState
from appliance.domain.permissions import InstanceRole
from appliance.domain.second_person import State

Arguments = Mapping[str, Any]
DAY = 24 * 3600
PLAIN = InstanceRole.USER


def user(work: UnitOfWork, asked: Arguments) -> State:
    """A user's role on the appliance."""
    name = str(asked["name"])
    found = lookups.user(work.session, name)
    if found is None or found.state is UserState.DELETED:
        return {"": name, "user": ""}
    return {"": found.name, "user": found.name, "role": str(found.instance_role)}


def is_about_privilege(before: State, after: State) -> bool:
    """Whether somebody comes to be, or is no longer, more than a user."""
    return before.get("role", PLAIN) != after.get("role", PLAIN)


def provider(work: UnitOfWork, asked: Arguments) -> State:
    """An identity provider: what it is told, and its policy; of secrets a mark."""
    name = str(asked["name"] if "name" in asked else asked["wanted"].name)
    query = sa.select(IdentityProvider).where(IdentityProvider.name == name)
    row = work.session.scalar(query)
    if row is None:
        return {"": name, "provider": ""}
    told = {f"settings.{key}": _text(value) for key, value in sorted(row.settings.items())}
    rules = {f"policy.{key}": _text(value) for key, value in sorted(row.policy.items())}
    return {
        "": name,
        "provider": f"{row.name} ({row.kind})",
        "label": row.label,
        "enabled": _yes(row.is_enabled),
        "domains": _listed(row.domains),
        **told,
        **rules,
        "secrets": _mark(row.secrets),
        "group rules": _listed(_rules(work, row)),
    }


def group_rules(work: UnitOfWork, asked: Arguments) -> State:
    """What the groups of an identity provider give."""
    name = str(asked["provider_name"])
    row = work.session.scalar(sa.select(IdentityProvider).where(IdentityProvider.name == name))
    rules = _rules(work, row) if row is not None else []
    return {"": name, **dict.fromkeys(rules, "given")}


def factor_rules(work: UnitOfWork, asked: Arguments) -> State:
    """Who must have a second factor, and how many days they may go on without."""
    del asked
    rows = work.session.execute(
        sa.select(FactorRule, Organisation.name).outerjoin(
            Organisation, Organisation.id == FactorRule.organisation_id
        )
    )
    found = {
        f"{name or 'appliance'}: {rule.role or 'everybody'}": str(rule.grace_seconds // DAY)
        for rule, name in rows
    }
    return {"": "second factors", **dict(sorted(found.items()))}


def is_lowered(before: State, after: State) -> bool:
    """Whether a rule went, or gives more time than before."""
    return any(
        name and (name not in after or int(after[name]) > int(days))
        for name, days in before.items()
    )


def address_list(work: UnitOfWork, asked: Arguments) -> State:
    """From where people may come to the appliance; that of an organisation is its owners'."""
    if asked.get("organisation"):
        return {}
    query = sa.select(AddressList.networks).where(AddressList.scope == INSTANCE)
    networks = work.session.scalar(query) or []
    return {"": "addresses", "networks": _listed(networks) or "anywhere"}


def stream(work: UnitOfWork, asked: Arguments) -> State:
    """A stream of the audit log."""
    row = work.session.get(AuditStream, asked["stream_id"])
    if row is None:
        return {"": str(asked["stream_id"]), "stream": ""}
    if row.organisation_id is not None:
        return {}  # That of an organisation is its owners' own.
    return {
        "": row.name,
        "stream": f"{row.name}, {row.receiver}",
        "address": row.address,
        "paused": _yes(row.paused_at is not None),
    }


def pruning(work: UnitOfWork, asked: Arguments) -> State:
    """How far back a log reaches."""
    planned = asked["planned"]
    row = work.session.get(AuditLog, planned.log_id)
    name = f"{planned.log}: {planned.what}"
    waits = f"{planned.goes} before entry {planned.end} go" if work.recorded else ""
    kept = "" if row is None else f"entries from {row.minimum}, bodies from {row.minimum_bodies}"
    return {"": name, "kept": kept, "removal": waits}


def witnesses(work: UnitOfWork, asked: Arguments) -> State:
    """Whose signatures count, and how many are wanted."""
    del asked
    rows = work.session.scalars(sa.select(Witness).order_by(Witness.name))
    found = {f"witness {row.name}": f"{row.operator}, {row.vkey}, {row.url}" for row in rows}
    needed = work.session.scalar(sa.select(WitnessQuorum.needed)) or 0
    return {"": "witnesses", **found, "quorum": str(needed or "majority")}


def ssh_authorities(work: UnitOfWork, asked: Arguments) -> State:
    """Whose SSH certificates let people in, and what they stand for no more."""
    del asked
    rows = work.session.scalars(sa.select(SshAuthority).order_by(SshAuthority.fingerprint))
    found = {
        row.fingerprint: f"{row.title}{row.suffix and f' ({row.suffix})'}, revoked: "
        f"{len(row.revocations.splitlines())} lines {_mark(row.revocations.encode())}".strip()
        for row in rows
    }
    return {"": "SSH authorities", **found}


def repository(work: UnitOfWork, asked: Arguments) -> State:
    """A repository in the bin."""
    row = work.session.get(Repository, asked["repository_id"])
    if row is None:
        return {"": str(asked["repository_id"]), "repository": ""}
    return {"": row.path, "repository": f"{row.path}, {row.size_bytes} bytes"}


def rule(work: UnitOfWork, asked: Arguments) -> State:
    """Whether the rule itself is in force."""
    del asked
    is_on = work.session.scalar(sa.select(SecondPersonRule.id)) is not None
    return {"": "two people", "two people": _yes(is_on)}


def _rules(work: UnitOfWork, provider: IdentityProvider) -> list[str]:
    rows = work.session.execute(
        sa.select(GroupRule, Organisation.name, Team.name)
        .outerjoin(Organisation, Organisation.id == GroupRule.organisation_id)
        .outerjoin(Team, Team.id == GroupRule.team_id)
        .where(GroupRule.provider_id == provider.id)
    )
    return sorted(
        f"{row.group} → {'/'.join(filter(None, (organisation, team))) or 'appliance'}"
        f"{row.role and f': {row.role}'}"
        for row, organisation, team in rows
    )


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _yes(value)
    return _listed(value) if isinstance(value, list) else str(value)


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))


def _mark(secret: bytes | None) -> str:
    """By what one sees that it was changed, and nothing else."""
    return hashlib.sha256(secret).hexdigest()[:12] if secret else ""
