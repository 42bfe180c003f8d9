"""Every table, imported once, so that the metadata is whole."""

from __future__ import annotations

from appliance.db import (
    access_requests,
    access_reviews,
    address_lists,
    audit_exports,
    audit_log,
    audit_removals,
    audit_set_aside,
    audit_streams,
    audit_witnesses,
    auditors,
    credentials,
    federation_tickets,
    identity_grants,
    identity_providers,
    impersonations,
    lfs,
    organisations,
    outbox,
    proposals,
    provider_syncs,
    pushes,
    repositories,
    saml_keys,
    scim,
    second_factors,
    signing_keys,
    ssh_authorities,
    users,
)
from appliance.db.base import Table

MODULES = (
    *(
        access_requests,
        access_reviews,
        address_lists,
        audit_exports,
        audit_log,
        audit_removals,
        audit_set_aside,
        audit_streams,
        audit_witnesses,
        auditors,
        credentials,
        federation_tickets,
        identity_grants,
        identity_providers,
        impersonations,
        lfs,
        organisations,
        outbox,
        proposals,
        provider_syncs,
        pushes,
    ),
    *(repositories, saml_keys, scim, second_factors, signing_keys, ssh_authorities, users),
)
metadata = Table.metadata
