"""Identity providers and people who come by them, in a few words, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from appliance.domain.claims import Address, Claims, SessionFacts
from appliance.domain.identity import Actor, Origin, stranger
from appliance.domain.identity_providers import GroupRule, ProviderKind
from appliance.services import group_rules, identities, identity_providers
from appliance.services.identities import Arrived
from appliance.services.identity_providers import NewProvider, Shown
from tests.world import NOON, World

SECRET = "a secret of the client"
OIDC = {"issuer_url": "https://id.example", "client_id": "codara", "client_secret": SECRET}
ORIGIN = Origin(address="192.0.2.7", user_agent="a browser", request_id="r1")


def provider(
    world: World,
    name: str = "corp",
    *,
    administrator: Actor | None = None,
    domains: tuple[str, ...] = (),
    kind: ProviderKind = ProviderKind.OIDC,
    settings: Mapping[str, Any] = OIDC,
    **policy: Any,
) -> Shown:
    """A provider that is switched on; it creates users unless told otherwise."""
    by = administrator or world.administrator(f"administrator-{name}")
    wanted = NewProvider(
        name=name,
        kind=kind,
        label=name.capitalize(),
        settings=settings,
        domains=domains,
        policy={"creates_users": True, **policy},
    )
    with world.begin(by) as work:
        identity_providers.add(work, wanted, sealer=world.wiring.sealer, now=NOON)
    with world.begin(by) as work:
        return identity_providers.switch(work, name, is_enabled=True, now=NOON)


def claims(subject: str = "s-1", name: str = "writer", **said: Any) -> Claims:
    """What a provider says of somebody; `email` is an address that it vouches for."""
    email = said.pop("email", "")
    facts: Mapping[str, Any] = said.pop("facts", {})
    addresses = (Address(email, is_verified=True),) if email else ()
    return Claims(
        subject=subject,
        name=name,
        addresses=said.pop("addresses", addresses),
        facts=SessionFacts(**facts),
        **said,
    )


def arrive(world: World, by: Shown, said: Claims, *, now: datetime = NOON) -> Arrived:
    """Let somebody arrive."""
    with world.begin(stranger(ORIGIN)) as work:
        return identities.arrive(work, by.provider.id, said, now=now)


def rule(world: World, actor: Actor, name: str, wanted: GroupRule) -> group_rules.ListedRule:
    """Add a rule for a group."""
    with world.begin(actor) as work:
        return group_rules.add(work, name, wanted, now=NOON)
