"""The one table of kinds: which settings each takes."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.domain.identity_providers import ProviderKind
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.oidc_settings import OidcSettings
from appliance.federation.provider_settings import ProviderSettings
from appliance.federation.saml_settings import SamlSettings
from appliance.federation.scim_settings import ScimSettings

SETTINGS_OF: Mapping[ProviderKind, type[ProviderSettings]] = {
    ProviderKind.LDAP: LdapSettings,
    ProviderKind.OIDC: OidcSettings,
    ProviderKind.SAML: SamlSettings,
    ProviderKind.SCIM: ScimSettings,
}
