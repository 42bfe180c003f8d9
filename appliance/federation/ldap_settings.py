"""What an LDAP directory can be told: where it is, how to read it, and what its attributes mean."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from appliance.errors import sentence
from appliance.federation.provider_settings import LONG_TEXT, ProviderSettings


class LdapSettings(ProviderSettings):
    """One directory, perhaps on several servers that hold the same."""

    servers: tuple[str, ...] = Field(
        min_length=1,
        max_length=8,
        title=sentence("Servers"),
        description=sentence("ldaps://host or ldap://host, one a line; the next if one is down."),
    )
    encryption: Literal["ldaps", "starttls", "none"] = Field(
        "ldaps",
        title=sentence("Encryption"),
        description=sentence("none is for trying out: passwords then cross the network readable."),
    )
    authority: str = Field(
        "",
        title=sentence("Certificate authority"),
        description=sentence("Who signed the servers' certificates, in PEM; empty: the system's."),
        json_schema_extra=LONG_TEXT,
    )
    bind_name: str = Field(
        title=sentence("Name of the service account"),
        description=sentence("A DN, or NAME@DOMAIN in Active Directory. It needs to read only."),
    )
    bind_password: SecretStr = Field(title=sentence("Password of the service account"))
    user_base: str = Field(title=sentence("Where users are"))
    user_filter: str = Field("(objectClass=person)", title=sentence("Which entries are users"))
    group_base: str = Field("", title=sentence("Where groups are"))
    group_filter: str = Field(
        "(|(objectClass=groupOfNames)(objectClass=group))",
        title=sentence("Which entries are groups"),
    )
    subject_attribute: str = Field(
        "entryUUID",
        title=sentence("Attribute that never changes"),
        description=sentence("entryUUID, or objectGUID in Active Directory."),
    )
    name_attribute: str = Field("uid", title=sentence("Attribute with the user name"))
    display_name_attribute: str = Field("cn", title=sentence("Attribute with the name for people"))
    email_attribute: str = Field("mail", title=sentence("Attribute with the e-mail address"))

    @field_validator("servers")
    @classmethod
    def _of_its_form(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        if not all(each.startswith(("ldap://", "ldaps://")) for each in servers):
            raise ValueError(sentence("A server is written ldaps://host or ldap://host:port."))
        return servers

    @property
    def issuer(self) -> str:
        """The first server, which stands for all of them."""
        return self.servers[0]
