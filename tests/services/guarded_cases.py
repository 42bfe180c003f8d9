"""Every act that needs two people, ready to be done, and by what one sees that it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from appliance.db.address_lists import AddressList
from appliance.db.audit_removals import AuditPruning
from appliance.db.audit_streams import AuditStream
from appliance.db.audit_witnesses import Witness, WitnessQuorum
from appliance.db.identity_providers import GroupRule, IdentityProvider
from appliance.db.proposals import SecondPersonRule
from appliance.db.repositories import Repository
from appliance.db.second_factors import FactorRule
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.users import User, UserState
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.domain.identity import Method
from appliance.domain.identity_providers import Gives, ProviderKind
from appliance.domain.identity_providers import GroupRule as NewRule
from appliance.domain.permissions import InstanceRole
from appliance.domain.second_person import Act
from appliance.services import (
    address_lists,
    factor_rules,
    group_rules,
    identity_providers,
    passwords,
    proposals,
    repository_bin,
    ssh_authorities,
    users,
)
from appliance.services.audit_log import pruning, streams, witnesses
from appliance.services.audit_log.pruning import Asked
from appliance.services.audit_log.streams import NewStream
from appliance.services.audit_log.witnesses import Wanted
from appliance.services.identity_providers import Changes, NewProvider
from tests.auditor import act as fill
from tests.services.test_second_person import KEYS, OIDC
from tests.world import NOON
from witness.keys import Cosigner

DAY = 24 * 3600
CREW = NewRule("crew", Gives.INSTANCE, "", "administrator")


@dataclass(frozen=True)
class Case:
    """An act, and by what one sees that it was done."""

    act: Act
    verb: Callable[[Any], object]
    seen: sa.Select[Any]
    done: object


def prepared(world, verb):
    """What an act needs to be there, done by somebody alone at the console."""
    alone = world.actor("first", method=Method.CONSOLE, alone="set up")
    with world.begin(alone) as work:
        return verb(work)


def count(table):
    return sa.select(sa.func.count()).select_from(table)


def user_create(world):
    chosen = passwords.ChosenPassword("not a hash")
    return Case(
        Act.USER_CREATE,
        lambda work: users.create(
            work,
            name="newcomer",
            password=chosen,
            instance_role=InstanceRole.AUDITOR,
            now=NOON,
        ),
        sa.select(User.instance_role).where(User.name == "newcomer"),
        InstanceRole.AUDITOR,
    )


def role(before, after):
    """A change of somebody's role on the appliance: given, and taken away."""

    def case(world):
        world.user("person", instance=before)
        return Case(
            Act.USER_ROLE,
            lambda work: users.change_role(work, "person", after),
            sa.select(User.instance_role).where(User.name == "person"),
            after,
        )

    return case


def user_delete(world):
    overseer = world.user("overseer", instance=InstanceRole.AUDITOR)
    return Case(
        Act.USER_DELETE,
        lambda work: users.delete(work, "overseer", now=NOON),
        sa.select(User.state).where(User.id == overseer.id),
        UserState.DELETED,
    )


def add_provider(world):
    sealer = world.wiring.sealer
    wanted = NewProvider("corp", ProviderKind.OIDC, "Corp", OIDC)
    return lambda work: identity_providers.add(work, wanted, sealer=sealer, now=NOON)


def provider_add(world):
    return Case(Act.PROVIDER_ADD, add_provider(world), sa.select(IdentityProvider.name), "corp")


def provider_change(world):
    prepared(world, add_provider(world))
    sealer = world.wiring.sealer
    return Case(
        Act.PROVIDER_CHANGE,
        lambda work: identity_providers.change(work, "corp", Changes(label="Other"), sealer=sealer),
        sa.select(IdentityProvider.label),
        "Other",
    )


def provider_switch(world):
    prepared(world, add_provider(world))
    return Case(
        Act.PROVIDER_SWITCH,
        lambda work: identity_providers.switch(work, "corp", is_enabled=True, now=NOON),
        sa.select(IdentityProvider.is_enabled),
        done=True,
    )


def provider_delete(world):
    prepared(world, add_provider(world))
    return Case(
        Act.PROVIDER_DELETE,
        lambda work: identity_providers.delete(work, "corp", now=NOON),
        count(IdentityProvider),
        0,
    )


def group_rule_add(world):
    prepared(world, add_provider(world))
    return Case(
        Act.GROUP_RULE_ADD,
        lambda work: group_rules.add(work, "corp", CREW, now=NOON),
        sa.select(GroupRule.group),
        "crew",
    )


def group_rule_remove(world):
    prepared(world, add_provider(world))
    rule = prepared(world, lambda work: group_rules.add(work, "corp", CREW, now=NOON))
    return Case(
        Act.GROUP_RULE_REMOVE,
        lambda work: group_rules.remove(work, "corp", rule.id),
        count(GroupRule),
        0,
    )


def require_factors(days):
    return lambda work: factor_rules.require(work, grace_days=days, now=NOON)


def factor_rule_change(world):
    prepared(world, require_factors(3))
    seen = sa.select(FactorRule.grace_seconds)
    return Case(Act.FACTOR_RULE_CHANGE, require_factors(9), seen, 9 * DAY)


def factor_rule_remove(world):
    rule = prepared(world, require_factors(3))
    return Case(
        Act.FACTOR_RULE_REMOVE,
        lambda work: factor_rules.withdraw(work, rule.id),
        count(FactorRule),
        0,
    )


def address_list(world):
    del world
    return Case(
        Act.ADDRESS_LIST,
        lambda work: address_lists.change(work, "", ["127.0.0.0/8"]),
        sa.select(AddressList.networks),
        ["127.0.0.0/8"],
    )


def made_stream(world):
    wanted = NewStream(
        name="siem",
        receiver=Receiver.WEBHOOK,
        address="https://8.8.8.8/in",
        format=Format.JSON,
        covers=Covers.INSTANCE,
        secret="a secret that both sides know",
    )
    sealer = world.wiring.sealer
    return prepared(world, lambda work: streams.create(work, wanted, sealer=sealer, now=NOON)).id


def stream_pause(world):
    stream_id = made_stream(world)
    return Case(
        Act.STREAM_PAUSE,
        lambda work: streams.pause(work, stream_id, now=NOON),
        sa.select(AuditStream.paused_at.is_not(None)),
        done=True,
    )


def stream_delete(world):
    stream_id = made_stream(world)
    return Case(
        Act.STREAM_DELETE, lambda work: streams.delete(work, stream_id), count(AuditStream), 0
    )


def log_prune(world):
    fill(world, world.actor("first"), 300)
    world.keep_log()
    with world.reading(world.actor("first")) as work:
        (planned,) = pruning.plan(work, Asked(bodies=256), now=datetime.now(UTC))
    return Case(
        Act.LOG_PRUNE,
        lambda work: pruning.authorise(
            work, planned, tools=world.wiring.logs, now=datetime.now(UTC)
        ),
        count(AuditPruning),
        1,
    )


def trusting(name):
    wanted = Wanted(name, str(Cosigner(f"{name}.test/w", os.urandom(32)).keys[0]), "", name)
    return lambda work: witnesses.trust(work, wanted, schemes=("https",), now=NOON)


def witness_trust(world):
    del world
    return Case(Act.WITNESS_TRUST, trusting("north"), sa.select(Witness.name), "north")


def witness_remove(world):
    prepared(world, trusting("north"))
    return Case(Act.WITNESS_REMOVE, lambda work: witnesses.remove(work, "north"), count(Witness), 0)


def witness_quorum(world):
    for name in ("north", "south", "west"):
        prepared(world, trusting(name))
    return Case(
        Act.WITNESS_QUORUM,
        lambda work: witnesses.set_quorum(work, 1),
        sa.select(WitnessQuorum.needed),
        1,
    )


def trust_authority(work):
    return ssh_authorities.trust(work, text=KEYS[0], now=NOON)


def ssh_authority_trust(world):
    del world
    return Case(Act.SSH_AUTHORITY_TRUST, trust_authority, sa.select(SshAuthority.title), "one")


def ssh_authority_revoke(world):
    authority = prepared(world, trust_authority)
    return Case(
        Act.SSH_AUTHORITY_REVOKE,
        lambda work: ssh_authorities.revoke(work, authority.id, text="serial: 7", now=NOON),
        sa.select(SshAuthority.revocations),
        "serial: 7",
    )


def ssh_authority_remove(world):
    authority = prepared(world, trust_authority)
    return Case(
        Act.SSH_AUTHORITY_REMOVE,
        lambda work: ssh_authorities.remove(work, authority.id),
        count(SshAuthority),
        0,
    )


def repository_purge(world):
    repository = world.repository("lab/gone", deleted_at=NOON)
    return Case(
        Act.REPOSITORY_PURGE,
        lambda work: repository_bin.purge_early(work, repository.id),
        count(Repository),
        0,
    )


def rule_release(world):
    del world
    return Case(Act.RULE_RELEASE, proposals.release, count(SecondPersonRule), 0)


USER, AUDITOR, ADMINISTRATOR = InstanceRole
CASES = {
    "a user is made an auditor": role(USER, AUDITOR),
    "a user is made an administrator": role(USER, ADMINISTRATOR),
    "an auditor is one no more": role(AUDITOR, USER),
    "an administrator is one no more": role(ADMINISTRATOR, USER),
    **{
        case.__name__: case
        for case in (
            *(user_create, user_delete, provider_add, provider_change, provider_switch),
            *(provider_delete, group_rule_add, group_rule_remove, factor_rule_change),
            *(factor_rule_remove, address_list, stream_pause, stream_delete, log_prune),
            *(witness_trust, witness_remove, witness_quorum, ssh_authority_trust),
            *(ssh_authority_revoke, ssh_authority_remove, repository_purge, rule_release),
        )
    },
}
