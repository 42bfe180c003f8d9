"""An administrator goes to an OpenID provider to try it: what it answers is shown to them with what
would come of it, and opens nothing. It may be switched off.

The talk takes as long as it takes, and no transaction is open meanwhile: `begin` and `take` write,
`Trial.run` talks, `explain` reads, and `finish` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import fetch_provider
from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import ApplianceError, ConflictError, UnavailableError, sentence
from appliance.federation import oidc as protocol
from appliance.federation import oidc_trial
from appliance.federation.oidc import Attempt, Memory, Peer
from appliance.federation.oidc_trial import Recorder
from appliance.federation.refused import AnswerRefusedError
from appliance.federation.trial_steps import Step
from appliance.services import oidc, trial_consequences
from appliance.services.oidc import Begun

if TYPE_CHECKING:
    from appliance.wiring import OidcTools

NEEDED = Permission.PROVIDERS_MANAGE
TRY = "try"
"""The act of an attempt that is only made to see the answer."""
NOBODYS = Attempt("-", "-", "-", is_step_up=False)
"""What an attempt would be, to be looked at only."""


@dataclass(frozen=True)
class OidcTrial:
    """An OpenID provider, as far as it can be tried without anybody going there."""

    provider_name: str
    peer: Peer
    now: datetime
    user: str = ""

    def run(self) -> list[Step]:
        """Ask what it says of itself, and show what it would be asked. It may take seconds."""
        recorder = Recorder(self.peer.ask)
        peer = replace(self.peer, ask=recorder)
        try:
            metadata = Memory().metadata(peer, now=self.now)
        except (AnswerRefusedError, UnavailableError) as error:
            reason = oidc.reason_of(error)
            return [*oidc_trial.steps(peer, recorder), oidc_trial.refused(peer, reason)]
        asked = oidc_trial.question(metadata, peer, NOBODYS)
        return [*oidc_trial.steps(peer, recorder), asked]


@dataclass(frozen=True)
class Answered:
    """An answer that is only shown, and the attempt that it is to."""

    provider_name: str
    peer: Peer
    begun: Begun


@dataclass(frozen=True)
class Shown:
    """What came of it."""

    steps: list[Step]
    claims: Claims | None = None


def peer_to_try(work: UnitOfWork, name: str, *, tools: OidcTools) -> Peer:
    """The provider of that name, on or off.

    Errors:
        ConflictError: it does not speak OpenID Connect.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    return _peer(work, provider, tools)


def begin(work: UnitOfWork, name: str, peer: Peer, *, browser: str, now: datetime) -> Begun:
    """An attempt whose answer is only shown."""
    fetch_provider.provider(work, name, NEEDED)
    return oidc.begin(work, peer, browser=browser, act=TRY, target=name, now=now)


def take(
    work: UnitOfWork, name: str, state: str, *, browser: str, tools: OidcTools, now: datetime
) -> Answered:
    """The attempt of that state, which is over with that.

    Errors:
        ConflictError: it is over already, or was another provider's.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    peer = _peer(work, provider, tools)
    found = oidc.come_back(work, state, browser=browser, now=now)
    if isinstance(found, str) or found[0] != peer.id or found[1].act != TRY:
        raise ConflictError(sentence("That answer was shown already. Try it anew."))
    return Answered(name, peer, found[1])


def run(answered: Answered, said: Mapping[str, str], *, tools: OidcTools, now: datetime) -> Shown:
    """Talk with the provider as if somebody signed in. Wants no transaction."""
    recorder = Recorder(answered.peer.ask)
    peer = replace(answered.peer, ask=recorder)
    # What is remembered of the provider would not be heard.
    fresh = replace(tools, memory=Memory())
    claims, verdict = None, None
    try:
        claims = oidc.vouched(peer, answered.begun, said, tools=fresh, now=now).claims
        verdict = oidc_trial.believed(peer, claims)
    except (AnswerRefusedError, UnavailableError) as error:
        verdict = oidc_trial.refused(peer, oidc.reason_of(error))
    return Shown(
        [oidc_trial.answered(peer, said), *oidc_trial.steps(peer, recorder), verdict], claims
    )


def explain(work: UnitOfWork, answered: Answered, shown: Shown) -> list[Step]:
    """All steps, with what would come of it. Wants `reading()`."""
    provider = fetch_provider.provider(work, answered.provider_name, NEEDED)
    if shown.claims is None:
        return shown.steps
    server = answered.peer.settings.issuer_url
    return [*shown.steps, *trial_consequences.of(work, provider, shown.claims, server)]


def finish(work: UnitOfWork, name: str, steps: list[Step]) -> None:
    """Note that it was tried, and how it went."""
    provider = fetch_provider.provider(work, name, NEEDED)
    is_good = all(step.is_good for step in steps)
    work.record(events.ProviderTested(about=provider.id, name=provider.name, is_good=is_good))


@open_to_everyone(because="the protocol only says where a browser is sent")
def address(peer: Peer, begun: Begun, *, tools: OidcTools, now: datetime) -> str:
    """Where the browser is sent.

    Errors:
        ConflictError: the provider does not say so; a look at both sides tells why.
    """
    try:
        return protocol.address(tools.memory.metadata(peer, now=now), peer, begun.attempt)
    except (AnswerRefusedError, UnavailableError) as error:
        raise _not_reached(error) from error


def _peer(work: UnitOfWork, provider: IdentityProvider, tools: OidcTools) -> Peer:
    if provider.kind is not ProviderKind.OIDC:
        raise ConflictError(sentence("A provider of this kind is not tried in this way."))
    return oidc.peer_of_provider(work, provider, tools=tools)


def _not_reached(error: ApplianceError) -> ConflictError:
    return ConflictError(
        sentence("What it says of itself cannot be had: %(why)s.", why=oidc.reason_of(error))
    )
