"""What a SAML 2.0 identity provider can be told."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from appliance.errors import InvalidError, sentence
from appliance.federation.provider_settings import (
    HERE,
    LONG_TEXT,
    ProviderSettings,
    Section,
    is_safe_address,
)
from appliance.federation.strength_settings import (
    ASKS_ANEW,
    COUNTS_AS_SECOND,
    HOW_STRONGLY,
    SIGNING_IN,
    SIGNS_OUT_THERE,
    STEP_UP,
    AskedContexts,
    CountedContexts,
)

if TYPE_CHECKING:
    from appliance.federation.saml_metadata import IdentityProviderFacts

LONGEST_SKEW_SECONDS = 300


def schemes_of(url: str) -> tuple[str, ...]:
    """The schemes that an address of a provider may have: http only on this very machine."""
    return ("https", "http") if urlsplit(url).hostname in HERE else ("https",)


class SamlSettings(ProviderSettings):
    """One identity provider, as its metadata describes it."""

    SECTIONS = (
        Section("metadata", sentence("Where it is")),
        Section("name_id", sentence("People")),
        Section("signed", sentence("Trust and sessions"), is_rare=True),
        Section("contexts", HOW_STRONGLY, is_rare=True),
    )

    metadata: str = Field(
        "",
        title=sentence("Metadata"),
        description=sentence(
            "The metadata XML of the identity provider. Empty: it is read from the address below."
        ),
        json_schema_extra=LONG_TEXT,
    )
    metadata_url: str = Field(
        "",
        title=sentence("Address of the metadata"),
        description=sentence("New certificates are then read from there automatically."),
    )
    metadata_certificate: str = Field(
        "",
        title=sentence("Certificate that signs the metadata"),
        description=sentence("In PEM. Only metadata signed by it as a whole is then accepted."),
        json_schema_extra=LONG_TEXT,
    )
    entity_id: str = Field(
        "",
        title=sentence("Entity ID"),
        description=sentence("Which one, where the metadata describe several."),
    )
    name_id: Literal["persistent", "email", "unspecified"] = Field(
        "persistent",
        title=sentence("Format of the subject"),
        description=sentence(
            "email only with links by e-mail address, and only in their domains. "
            "A transient subject is always refused."
        ),
    )
    name_attribute: str = Field("", title=sentence("Attribute with the user name"))
    display_name_attribute: str = Field("", title=sentence("Attribute with the display name"))
    email_attribute: str = Field("", title=sentence("Attribute with the e-mail address"))
    groups_attribute: str = Field("", title=sentence("Attribute with the groups"))
    signed: Literal["assertion", "answer", "both"] = Field(
        "assertion",
        title=sentence("Required signatures"),
        description=sentence("Of the assertion, of the whole response, or both."),
    )
    wants_encryption: bool = Field(
        default=False,
        title=sentence("Refuse assertions that are not encrypted"),
        description=sentence("It encrypts for the certificate in the appliance's metadata."),
    )
    skew_seconds: int = Field(
        60,
        title=sentence("Clock difference"),
        description=sentence("Allowed clock difference in seconds: 0 to 300."),
    )
    accepts_unasked: bool = Field(
        default=False,
        title=sentence("Take answers to questions that were not asked"),
        description=sentence(
            "For portals that start the sign-in themselves (IdP-initiated). Safer without."
        ),
    )
    signs_out_there: bool = Field(
        default=True,
        title=SIGNS_OUT_THERE,
        description=sentence("Where its metadata name an address for that. The other way always."),
    )
    contexts: AskedContexts = Field(
        (), title=sentence("Contexts to ask for (AuthnContextClassRef)"), description=SIGNING_IN
    )
    step_up_contexts: AskedContexts = STEP_UP
    asks_anew: bool = ASKS_ANEW
    second_factor_contexts: CountedContexts = Field(
        (),
        title=COUNTS_AS_SECOND,
        description=sentence("Empty: none does, and people show theirs here."),
    )

    @field_validator("metadata_url")
    @classmethod
    def _of_its_form(cls, url: str) -> str:
        if url and not is_safe_address(url):
            raise ValueError(sentence("It is an https address."))
        return url

    @field_validator("skew_seconds")
    @classmethod
    def _of_its_size(cls, seconds: int) -> int:
        if not 0 <= seconds <= LONGEST_SKEW_SECONDS:
            raise ValueError(sentence("It is from 0 to 300 seconds."))
        return seconds

    @model_validator(mode="after")
    def _is_described(self) -> SamlSettings:
        try:
            self.facts()
        except InvalidError as error:
            raise ValueError(error.message) from None
        return self

    @property
    def issuer(self) -> str:
        """Its entity ID."""
        return self.entity_id or self.facts().entity_id

    def facts(self) -> IdentityProviderFacts:
        """What its metadata say.

        Errors:
            InvalidError: they cannot be used; it says why.
        """
        # The XML libraries cost memory that an appliance without SAML need not spend.
        metadata = importlib.import_module("appliance.federation.saml_metadata")
        found = metadata.read(self.metadata, self.entity_id, signed_by=self.metadata_certificate)
        return cast("IdentityProviderFacts", found)
