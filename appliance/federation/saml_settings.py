"""What a SAML 2.0 identity provider can be told."""

from __future__ import annotations

from pydantic import Field, model_validator

from appliance.errors import sentence
from appliance.federation.provider_settings import LONG_TEXT, ProviderSettings


class SamlSettings(ProviderSettings):
    """One identity provider, as its metadata describes it."""

    metadata: str = Field(
        "",
        title=sentence("Metadata"),
        description=sentence("The XML that the identity provider publishes about itself."),
        json_schema_extra=LONG_TEXT,
    )
    metadata_url: str = Field(
        "",
        title=sentence("Address of the metadata"),
        description=sentence("Where it publishes them: new certificates then come by themselves."),
    )
    entity_id: str = Field(
        "",
        title=sentence("Entity ID"),
        description=sentence("Which one, where the metadata describe several."),
    )
    accepts_unasked: bool = Field(
        default=False,
        title=sentence("Take answers to questions that were not asked"),
        description=sentence("For portals that begin the sign-in themselves. Safer without."),
    )
    name_attribute: str = Field("", title=sentence("Attribute with the user name"))
    display_name_attribute: str = Field("", title=sentence("Attribute with the name for people"))
    email_attribute: str = Field("", title=sentence("Attribute with the e-mail address"))
    groups_attribute: str = Field("", title=sentence("Attribute with the groups"))

    @model_validator(mode="after")
    def _is_described(self) -> SamlSettings:
        if not self.metadata and not self.metadata_url:
            raise ValueError(sentence("Give its metadata, or the address where they are."))
        return self

    @property
    def issuer(self) -> str:
        """Which one it is, as far as was said."""
        return self.entity_id or self.metadata_url
