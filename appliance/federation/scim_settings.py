"""What a SCIM client can be told. It calls us, so there is little to say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from appliance.errors import sentence
from appliance.federation.provider_settings import ProviderSettings


class ScimSettings(ProviderSettings):
    """One client that tells who there is."""

    dialect: Literal["standard", "entra", "okta"] = Field(
        "standard",
        title=sentence("Dialect"),
        description=sentence("Some clients differ from the standard in known ways."),
    )
    matches: Literal["external_id", "user_name"] = Field(
        "external_id",
        title=sentence("What never changes of a person"),
        description=sentence("By this, somebody whom the client created anew is known again."),
    )
