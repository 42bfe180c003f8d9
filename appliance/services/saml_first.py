"""The metadata of a SAML identity provider that is set up with their address alone.

No transaction is open while they are read: `published` says where they are, `described` reads.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, UnavailableError
from appliance.federation.provider_settings import is_safe_address
from appliance.services.identity_providers import NewProvider
from appliance.services.saml_refresh import FIELD, Published


def published(work: UnitOfWork, wanted: NewProvider) -> Published | None:
    """Where the metadata of a new provider are, if only that was said. Wants `reading()`."""
    gate.require(work, Permission.PROVIDERS_MANAGE)
    url = str(wanted.settings.get("metadata_url", "")).strip()
    has_them = str(wanted.settings.get("metadata", "")).strip()
    # Of an address that is none, adding the provider says so.
    if wanted.kind is not ProviderKind.SAML or has_them or not is_safe_address(url):
        return None
    rules = work.rules.sign_in
    return Published(
        url,
        rules.provider_seconds,
        rules.provider_private_addresses,
        rules.provider_authorities_file,
    )


@open_to_everyone(because="`published` asked")
def described(wanted: NewProvider, at: Published | None) -> NewProvider:
    """The provider with its metadata. Wants no transaction: it may take seconds.

    Errors:
        InvalidError: nothing is to be had there; it says why.
    """
    if at is None:
        return wanted
    try:
        text = at.text()
    except (InvalidError, UnavailableError) as error:
        raise _beside(error.message) from error
    return replace(wanted, settings={**wanted.settings, "metadata": text.strip()})


def _beside(text: str) -> InvalidError:
    """What was said of the address, beside its field."""
    return InvalidError.of(FIELD, text)
