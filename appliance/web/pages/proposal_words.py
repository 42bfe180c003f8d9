"""What acts that need two people are called, and what they are about."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from appliance.domain.second_person import Act, ProposalState

ACTS = {
    Act.USER_CREATE: _("Create an administrator or auditor"),
    Act.USER_ROLE: _("Change a role on the appliance"),
    Act.USER_DELETE: _("Delete an administrator or auditor"),
    Act.PROVIDER_ADD: _("Add a sign-in system"),
    Act.PROVIDER_CHANGE: _("Change a sign-in system"),
    Act.PROVIDER_SWITCH: _("Switch a sign-in system on or off"),
    Act.PROVIDER_DELETE: _("Delete a sign-in system"),
    Act.GROUP_RULE_ADD: _("Let a group give something"),
    Act.GROUP_RULE_REMOVE: _("Let a group give something no more"),
    Act.FACTOR_RULE_CHANGE: _("Give more time for a second factor"),
    Act.FACTOR_RULE_REMOVE: _("Require a second factor no more"),
    Act.ADDRESS_LIST: _("Change from where people may come"),
    Act.STREAM_PAUSE: _("Pause a stream of the audit log"),
    Act.STREAM_DELETE: _("Delete a stream of the audit log"),
    Act.LOG_PRUNE: _("Remove old content of the audit log"),
    Act.WITNESS_TRUST: _("Trust a witness"),
    Act.WITNESS_REMOVE: _("Trust a witness no more"),
    Act.WITNESS_QUORUM: _("Change how many witnesses must sign"),
    Act.SSH_AUTHORITY_TRUST: _("Trust an SSH authority"),
    Act.SSH_AUTHORITY_REVOKE: _("Change what an SSH authority stands for"),
    Act.SSH_AUTHORITY_REMOVE: _("Trust an SSH authority no more"),
    Act.REPOSITORY_PURGE: _("Purge a repository before its time"),
    Act.RULE_RELEASE: _("Need two people no more"),
}
STATES = {
    ProposalState.WAITING: (_("Waits"), "warn"),
    ProposalState.CONFIRMED: (_("Confirmed"), "good"),
    ProposalState.REFUSED: (_("Refused"), "bad"),
    ProposalState.WITHDRAWN: (_("Withdrawn"), ""),
    ProposalState.OVERTAKEN: (_("Overtaken"), "hold"),
    ProposalState.EXPIRED: (_("Expired"), "hold"),
}
NAMES = {
    "user": _("User"),
    "role": _("Role"),
    "provider": _("Sign-in system"),
    "label": _("Label"),
    "enabled": _("Switched on"),
    "domains": _("Domains"),
    "secrets": _("Secrets (a mark)"),
    "group rules": _("What groups give"),
    "networks": _("Networks"),
    "stream": _("Stream"),
    "address": _("Address"),
    "paused": _("Paused"),
    "kept": _("Kept"),
    "removal": _("Goes"),
    "quorum": _("Quorum"),
    "repository": _("Repository"),
    "two people": _("Two people"),
}
"""Names of what changes; a setting's own name has no other."""
