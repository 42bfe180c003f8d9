"""Trying an identity provider before people depend on it.

Like signing in it has three steps, so that no transaction waits for the system: `prepare`,
the trial's `run`, and `record`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import fetch_provider
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.federation import ldap_trial
from appliance.federation.ldap import Directory
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.trial_steps import Step
from appliance.services import (
    identity_providers,
    oidc_trials,
    saml_keys,
    saml_questions,
    saml_refresh,
)
from appliance.services.oidc_trials import OidcTrial
from appliance.services.saml_refresh import Source

if TYPE_CHECKING:
    from appliance.federation.saml import Sides
    from appliance.wiring import TrialTools

__all__ = ["Step"]  # For the doors, which do not know the protocols.

NEEDED = Permission.PROVIDERS_MANAGE
LONGEST_NAME_KEPT = 255


@dataclass(frozen=True)
class DirectoryTrial:
    """A directory that is to be tried, with somebody's name or without."""

    provider_name: str
    user: str
    directory: Directory
    now: datetime

    def run(self) -> list[Step]:
        """Try it. Wants no transaction: it may take seconds."""
        return ldap_trial.tried(self.directory, self.user, now=self.now)


@dataclass(frozen=True)
class SamlTrial:
    """A SAML identity provider, as far as it can be tried without anybody going there."""

    provider_name: str
    sides: Sides
    now: datetime
    source: Source | None
    user: str = ""

    def run(self) -> list[Step]:
        """Look at what both sides know of each other. It may take seconds."""
        found: list[Step] = saml_keys.protocol().tried(self.sides, now=self.now)
        if self.source is not None:
            found.insert(1, saml_refresh.tried(self.source, self.sides, now=self.now))
        return found


Trial = DirectoryTrial | SamlTrial | OidcTrial


def speaks_saml(work: UnitOfWork, name: str) -> bool:
    """Whether it does, so that the appliance needs a key before it is tried."""
    return fetch_provider.provider(work, name, NEEDED).kind is ProviderKind.SAML


def prepare(work: UnitOfWork, name: str, user: str, *, tools: TrialTools, now: datetime) -> Trial:
    """What is to be tried. Wants `reading()`.

    Errors:
        ConflictError: it is of a kind that is not tried in this way, or the appliance has no key
            for SAML yet.
    """
    provider = fetch_provider.provider(work, name, NEEDED)
    if provider.kind is ProviderKind.SAML:
        sides = saml_questions.sides(work, provider.id, tools=tools.saml)
        source = saml_refresh.source(work, provider.id, sealer=tools.saml.sealer)
        return SamlTrial(provider.name, sides, now, source)
    if provider.kind is ProviderKind.OIDC:
        peer = oidc_trials.peer_to_try(work, name, tools=tools.oidc)
        return OidcTrial(provider.name, peer, now)
    if provider.kind is ProviderKind.LDAP:
        return _directory_trial(work, provider, user, tools, now=now)
    raise ConflictError(sentence("A provider of this kind is not tried in this way."))


def record(work: UnitOfWork, trial: Trial, steps: list[Step]) -> None:
    """Note that it was tried, and how it went."""
    provider = fetch_provider.provider(work, trial.provider_name, NEEDED)
    work.record(
        events.ProviderTested(
            about=provider.id,
            name=provider.name,
            is_good=all(step.is_good for step in steps),
            searched=trial.user[:LONGEST_NAME_KEPT] or None,
        )
    )


def _directory_trial(
    work: UnitOfWork, provider: IdentityProvider, user: str, tools: TrialTools, *, now: datetime
) -> DirectoryTrial:
    settings = identity_providers.settings_of(
        work, provider.id, LdapSettings, sealer=tools.saml.sealer
    )
    directory = tools.sign_in.directories.of(settings)
    return DirectoryTrial(provider.name, user.strip(), directory, now)
