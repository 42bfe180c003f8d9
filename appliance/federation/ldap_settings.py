"""What an LDAP directory can be told: where it is, how to read it, and what its attributes mean."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from appliance.errors import InvalidError, sentence
from appliance.federation.ldap_names import plain_dn
from appliance.federation.provider_settings import (
    LONG_TEXT,
    Certificates,
    ProviderSettings,
    Section,
)

SERVER = re.compile(r"(ldaps?)://(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+)(?::([0-9]{1,5}))?/?")
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


class LdapSettings(ProviderSettings):
    """One directory, perhaps on several servers that hold the same."""

    SECTIONS = (
        Section("servers", sentence("Where it is")),
        Section("user_base", sentence("People")),
        Section("group_base", sentence("Groups")),
        Section("sync_minutes", sentence("Synchronisation")),
        Section("connect_seconds", sentence("Timeouts"), is_rare=True),
    )

    servers: tuple[str, ...] = Field(
        min_length=1,
        max_length=8,
        title=sentence("Servers"),
        description=sentence(
            "ldaps://host or ldap://host, one per line; the next is used if one is down."
        ),
    )
    encryption: Literal["ldaps", "starttls", "none"] = Field(
        "ldaps",
        title=sentence("Encryption"),
        description=sentence("none is for testing: passwords then cross the network unencrypted."),
    )
    authority: Certificates = Field(
        "",
        title=sentence("Certificate authority"),
        description=sentence("Certificate authority of the servers, in PEM; empty: the system's."),
        json_schema_extra=LONG_TEXT,
    )
    bind_name: str = Field(
        title=sentence("Name of the service account"),
        description=sentence("A DN, or NAME@DOMAIN in Active Directory. Read access is enough."),
    )
    bind_password: SecretStr = Field(title=sentence("Password of the service account"))
    user_base: str = Field(
        title=sentence("Base DN of users"),
        description=sentence("For example OU=People,DC=example,DC=com."),
    )
    user_filter: str = Field("(objectClass=person)", title=sentence("Filter for users"))
    login_attributes: tuple[str, ...] = Field(
        ("uid", "mail"),
        min_length=1,
        max_length=8,
        title=sentence("Attributes that people sign in with"),
        description=sentence("sAMAccountName and userPrincipalName in Active Directory."),
    )
    subject_attribute: str = Field(
        "entryUUID",
        title=sentence("Attribute that never changes"),
        description=sentence("entryUUID, or objectGUID in Active Directory."),
    )
    name_attribute: str = Field("uid", title=sentence("Attribute with the user name"))
    display_name_attribute: str = Field("cn", title=sentence("Attribute with the display name"))
    email_attribute: str = Field("mail", title=sentence("Attribute with the e-mail address"))
    vouches_for_email: bool = Field(
        default=True,
        title=sentence("E-mail addresses are verified"),
        description=sentence("Not if people can change their own address there."),
    )
    group_base: str = Field(
        "",
        title=sentence("Base DN of groups"),
        description=sentence("Empty: groups are not used."),
    )
    groups_by: Literal["search", "member_of", "chain"] = Field(
        "search",
        title=sentence("How groups are found"),
        description=sentence(
            "search: by their members, step by step; member_of: by the entries' memberOf; "
            "chain: Active Directory looks through all steps at once."
        ),
    )
    group_filter: str = Field(
        "(|(objectClass=groupOfNames)(objectClass=group))",
        title=sentence("Filter for groups"),
    )
    member_attribute: str = Field("member", title=sentence("Attribute with a group's members"))
    sync_minutes: int = Field(
        15,
        ge=0,
        le=1440,
        title=sentence("Minutes between two synchronisations"),
        description=sentence("0: only on request."),
    )
    sync_brings: Literal["known", "everybody"] = Field(
        "known",
        title=sentence("Who is synchronised"),
        description=sentence(
            "known: those who have signed in here or were linked; everybody: who has not becomes a "
            "user too, if it may create users."
        ),
    )
    sync_percent: int = Field(
        10,
        ge=0,
        le=100,
        title=sentence("Safety limit: percent of users who may lose access at once"),
        description=sentence(
            "Above it nothing is changed until an administrator confirms the report."
        ),
    )
    connect_seconds: int = Field(5, ge=1, le=60, title=sentence("Connection timeout in seconds"))
    answer_seconds: int = Field(10, ge=1, le=300, title=sentence("Answer timeout in seconds"))

    @field_validator("servers")
    @classmethod
    def _of_its_form(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        if not all(SERVER.fullmatch(each) for each in servers):
            raise ValueError(sentence("A server is written ldaps://host or ldap://host:port."))
        return servers

    @field_validator("login_attributes")
    @classmethod
    def _are_attributes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not all(ATTRIBUTE.fullmatch(each) for each in names):
            raise ValueError(sentence("An attribute has letters, digits and hyphens."))
        return names

    @field_validator(
        "member_attribute",
        "subject_attribute",
        "name_attribute",
        "display_name_attribute",
        "email_attribute",
    )
    @classmethod
    def _is_attribute(cls, name: str) -> str:
        return cls._are_attributes((name,))[0]

    @model_validator(mode="after")
    def _agree(self) -> LdapSettings:
        wanted = "ldaps" if self.encryption == "ldaps" else "ldap"
        if any(each.partition("://")[0] != wanted for each in self.servers):
            raise ValueError(
                sentence(
                    "With this encryption every server is written %(scheme)s://.", scheme=wanted
                )
            )
        return self

    @property
    def issuer(self) -> str:
        """The first server, which stands for all of them."""
        return self.servers[0]

    @classmethod
    def plain_group(cls, text: str) -> str:
        """A group's DN as it is compared.

        Errors:
            InvalidError: it is no DN, and no group would ever be meant by it.
        """
        if "=" not in text:
            said = sentence("A directory's group is named by its DN, as trying a person shows it.")
            raise InvalidError.of("group", said)
        return plain_dn(text)


def address_of(server: str) -> tuple[str, int]:
    """Host and port of a server as it is written in the settings."""
    found = SERVER.fullmatch(server)
    if found is None:
        raise ValueError(server)
    usual = 636 if found[1] == "ldaps" else 389
    return found[2].strip("[]"), int(found[3] or usual)
