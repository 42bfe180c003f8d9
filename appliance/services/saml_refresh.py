"""Reading the metadata of SAML identity providers anew, so that their new certificates count.

Reading takes as long as it takes, and no transaction is open meanwhile: `sources` says whom to
ask, `Source.text` talks, `take` writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.delivery.exchange import Exchange, Trust
from appliance.domain import events
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, UnavailableError, sentence
from appliance.federation.provider_settings import LONGEST
from appliance.federation.saml_settings import SamlSettings, schemes_of
from appliance.federation.trial_steps import Step
from appliance.security import outgoing
from appliance.security.sealing import Sealer
from appliance.services import identity_providers, offered_providers, saml_keys

if TYPE_CHECKING:
    from appliance.federation.saml import Sides, TheirFacts

NEEDED = Permission.INSTANCE_MAINTAIN
FIELD = "settings.metadata_url"


@dataclass(frozen=True)
class Published:
    """Metadata at an address."""

    url: str
    seconds: float
    private_allowed: bool
    authorities_file: str

    def text(self) -> str:
        """What it publishes now.

        Errors:
            InvalidError: it may not be reached there.
            UnavailableError: it does not answer in time, or not with a document.
        """
        place = outgoing.judge(
            self.url, schemes=schemes_of(self.url), private_allowed=self.private_allowed
        )
        answer = Exchange(place, Trust(self.authorities_file), self.seconds).answer(
            "GET",
            place.path,
            headers={"Accept": "application/samlmetadata+xml"},
            body=b"",
            most=LONGEST,
        )
        if answer.status != HTTPStatus.OK:
            raise UnavailableError(
                sentence("%(host)s answers with %(status)s.", host=place.host, status=answer.status)
            )
        return answer.body.decode(errors="replace")


@dataclass(frozen=True)
class Source(Published):
    """Where a provider publishes its metadata."""

    provider_id: UUID


def is_wanted(work: UnitOfWork) -> bool:
    """Whether there is a provider that is on and publishes its metadata at an address."""
    gate.require(work, NEEDED)
    query = sa.select(IdentityProvider.settings).where(
        IdentityProvider.kind == ProviderKind.SAML, IdentityProvider.is_enabled.is_(True)
    )
    return any(each.get("metadata_url") for each in work.session.scalars(query))


def sources(work: UnitOfWork, *, sealer: Sealer) -> list[Source]:
    """Every provider that is on and publishes its metadata at an address."""
    gate.require(work, NEEDED)
    offered = offered_providers.of_kind(work, ProviderKind.SAML)
    return [found for each in offered if (found := source(work, each.id, sealer=sealer))]


@open_to_everyone(because="whoever tries a provider, and the job, were asked")
def source(work: UnitOfWork, provider_id: UUID, *, sealer: Sealer) -> Source | None:
    """Where a provider publishes its metadata, if that was said."""
    settings = identity_providers.settings_of(work, provider_id, SamlSettings, sealer=sealer)
    if not settings.metadata_url:
        return None
    rules = work.rules.sign_in
    return Source(
        url=settings.metadata_url,
        seconds=rules.provider_seconds,
        private_allowed=rules.provider_private_addresses,
        authorities_file=rules.provider_authorities_file,
        provider_id=provider_id,
    )


def tried(found: Source, sides: Sides, *, now: datetime) -> Step:
    """What a provider publishes now, and whether it could be taken. Wants no transaction."""
    server, protocol = sides.theirs.entity_id, saml_keys.protocol()
    try:
        text = found.text()
        _checked(text, sides.settings, now)
    except (InvalidError, UnavailableError) as error:
        return Step("refresh", server, is_good=False, lines=(found.url, error.message))
    lines = (found.url, "", *protocol.masked(text.strip().encode()))
    return Step("refresh", server, is_good=True, lines=lines)


def take(work: UnitOfWork, provider_id: UUID, text: str, *, sealer: Sealer, now: datetime) -> bool:
    """Let what a provider publishes count from now on; whether that is anything new.

    Errors:
        InvalidError: it cannot be used, is too old, or is another's: what counted until now stays.
    """
    gate.require(work, NEEDED)
    provider = work.session.get_one(IdentityProvider, provider_id)
    before = identity_providers.settings_of(work, provider_id, SamlSettings, sealer=sealer)
    if _checked(text, before, now) == before.facts():
        return False
    provider.settings = {**provider.settings, "metadata": text.strip()}
    provider.version += 1
    work.record(events.ProviderChanged(about=provider.id, name=provider.name, changed=["metadata"]))
    return True


def _checked(text: str, before: SamlSettings, now: datetime) -> TheirFacts:
    """What a document says, if it may take the place of the one that is stored."""
    said = before.model_copy(update={"metadata": text.strip()}).facts()
    if said.entity_id != before.facts().entity_id:
        raise InvalidError.of(FIELD, sentence("What is published there is another provider's."))
    if not saml_keys.protocol().counts(text.strip(), said, now=now):
        raise InvalidError.of(FIELD, sentence("What is published there counts no more."))
    return said
