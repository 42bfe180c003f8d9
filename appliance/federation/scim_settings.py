"""What a SCIM client can be told apart by: it calls us, so there is little to set."""

from __future__ import annotations

from pydantic import Field

from appliance.errors import sentence
from appliance.federation.provider_settings import ProviderSettings


class ScimSettings(ProviderSettings):
    """One client that provisions people and groups."""

    vouches_for_email: bool = Field(
        default=True,
        title=sentence("E-mail addresses are verified"),
        description=sentence("Not if people can change their own address there."),
    )
