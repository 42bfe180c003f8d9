"""Products that many have, and what differs from the usual in what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.domain.identity_providers import ProviderKind
from appliance.federation.provider_settings import Value


@dataclass(frozen=True)
class Preset:
    """One product. What it is told can be changed like everything else."""

    name: str
    label: str
    settings: Mapping[str, Value] = field(default_factory=dict)


PRESETS_OF: Mapping[ProviderKind, tuple[Preset, ...]] = {
    ProviderKind.LDAP: (
        Preset(
            "active_directory",
            "Active Directory",
            {
                "user_filter": "(&(objectCategory=person)(objectClass=user))",
                "login_attributes": ["sAMAccountName", "userPrincipalName"],
                "groups_by": "chain",
                "group_filter": "(objectClass=group)",
                "subject_attribute": "objectGUID",
                "name_attribute": "sAMAccountName",
                "display_name_attribute": "displayName",
            },
        ),
        Preset("openldap", "OpenLDAP"),
        Preset(
            "freeipa",
            "FreeIPA",
            {"group_filter": "(objectClass=ipausergroup)", "subject_attribute": "ipaUniqueID"},
        ),
    ),
}
"""Where a kind has none, its usual settings fit."""
