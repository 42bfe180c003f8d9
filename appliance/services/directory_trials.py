"""Trying a directory before people depend on it.

Like signing in it has three steps, so that no transaction waits for the directory: `prepare`,
`Trial.run`, and `record`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.access import fetch_provider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, sentence
from appliance.federation import ldap_trial
from appliance.federation.ldap import Directory
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.ldap_trial import Step
from appliance.security.sealing import Sealer
from appliance.services import identity_providers

if TYPE_CHECKING:
    from appliance.wiring import SignInTools

__all__ = ["Step"]  # For the doors, which do not know the protocols.

P = Permission.PROVIDERS_MANAGE
LONGEST_NAME_KEPT = 255


@dataclass(frozen=True)
class Trial:
    """A directory that is to be tried, with somebody's name or without."""

    provider_name: str
    user: str
    directory: Directory

    def run(self) -> list[Step]:
        """Try it. Wants no transaction: it may take seconds."""
        return ldap_trial.tried(self.directory, self.user)


def prepare(work: UnitOfWork, name: str, user: str, *, tools: SignInTools, sealer: Sealer) -> Trial:
    """What is to be tried. Wants `reading()`.

    Errors:
        ConflictError: it is no directory.
    """
    provider = fetch_provider.provider(work, name, P)
    if provider.kind is not ProviderKind.LDAP:
        raise ConflictError(sentence("Only an LDAP directory is tried in this way."))
    settings = identity_providers.settings_of(work, provider.id, LdapSettings, sealer=sealer)
    return Trial(provider.name, user.strip(), tools.directories.of(settings))


def record(work: UnitOfWork, trial: Trial, steps: list[Step]) -> None:
    """Note that it was tried, and how it went."""
    provider = fetch_provider.provider(work, trial.provider_name, P)
    work.record(
        events.ProviderTested(
            about=provider.id,
            name=provider.name,
            is_good=all(step.is_good for step in steps),
            searched=trial.user[:LONGEST_NAME_KEPT] or None,
        )
    )
