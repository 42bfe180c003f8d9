"""What an OpenID Connect provider can be told."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from appliance.domain.claims import SECOND_METHODS
from appliance.errors import sentence
from appliance.federation.provider_settings import (
    LONG_TEXT,
    Certificates,
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


class OidcSettings(ProviderSettings):
    """One OpenID provider, found by its issuer."""

    SECTIONS = (
        Section("issuer_url", sentence("Where it is")),
        Section("scopes", sentence("People")),
        Section("authority", sentence("Trust and sessions"), is_rare=True),
        Section("contexts", HOW_STRONGLY, is_rare=True),
    )

    issuer_url: str = Field(
        title=sentence("Issuer"),
        description=sentence("An https address; the rest is found under .well-known there."),
    )
    client_id: str = Field(title=sentence("Client ID"))
    client_authentication: Literal["secret", "private_key"] = Field(
        "secret", title=sentence("Client authentication")
    )
    client_secret: SecretStr = Field(SecretStr(""), title=sentence("Client secret"))
    scopes: tuple[str, ...] = Field(
        ("openid", "profile", "email"), max_length=20, title=sentence("Scopes")
    )
    name_claim: str = Field("preferred_username", title=sentence("Claim with the user name"))
    groups_claim: str = Field("groups", title=sentence("Claim with the groups"))
    authority: Certificates = Field(
        "",
        title=sentence("Certificate authority"),
        description=sentence("Certificate authority of the provider, in PEM; empty: the system's."),
        json_schema_extra=LONG_TEXT,
    )
    signs_out_there: bool = Field(
        default=True,
        title=SIGNS_OUT_THERE,
        description=sentence("Where it has an address for that."),
    )
    refresh_minutes: int = Field(
        0,
        ge=0,
        le=24 * 60,
        title=sentence("Minutes between background checks"),
        description=sentence(
            "Whether somebody may still enter, and in which groups they are; 0: only when they "
            "sign in. The provider has to give refresh tokens (offline_access)."
        ),
    )
    refusal_ends: Literal["sessions", "access"] = Field(
        "sessions",
        title=sentence("What a refusal in the background revokes"),
        description=sentence(
            "Their sessions, or all access, with tokens and keys, until they sign in again."
        ),
    )
    contexts: AskedContexts = Field(
        (), title=sentence("Contexts to ask for (acr)"), description=SIGNING_IN
    )
    step_up_contexts: AskedContexts = STEP_UP
    asks_anew: bool = ASKS_ANEW
    longest_ago_minutes: int = Field(
        0,
        ge=0,
        le=24 * 60,
        title=sentence("Maximum age of the sign-in there, in minutes (max_age)"),
        description=sentence("Older sign-ins are repeated there; 0: no limit."),
    )
    second_factor_methods: tuple[str, ...] = Field(
        SECOND_METHODS,
        max_length=20,
        title=sentence("Methods that count as a second factor (amr)"),
        description=sentence("Empty: none does, and people show theirs here."),
    )
    second_factor_contexts: CountedContexts = Field((), title=COUNTS_AS_SECOND)

    @field_validator("issuer_url")
    @classmethod
    def _of_its_form(cls, url: str) -> str:
        if not is_safe_address(url):
            raise ValueError(sentence("An issuer is an https address."))
        return url.rstrip("/")

    @property
    def issuer(self) -> str:
        """Its issuer."""
        return self.issuer_url
