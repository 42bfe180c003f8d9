"""What acts that need two people are called, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _

from appliance.domain.identity_providers import LinkBy
from appliance.domain.permissions import InstanceRole
from appliance.domain.second_person import Act, ProposalState
from appliance.web import language
from appliance.web.pages import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from appliance.domain.identity_providers import ProviderKind
    from appliance.services.proposals import Shown
    from appliance.services.provider_kinds import SettingField

ACTS = {
    Act.USER_CREATE: _("Create an administrator or auditor"),
    Act.USER_ROLE: _("Change a role on the appliance"),
    Act.USER_DELETE: _("Delete an administrator or auditor"),
    Act.PROVIDER_ADD: _("Add an identity provider"),
    Act.PROVIDER_CHANGE: _("Change an identity provider"),
    Act.PROVIDER_SWITCH: _("Switch an identity provider on or off"),
    Act.PROVIDER_DELETE: _("Delete an identity provider"),
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
    "provider": _("Identity provider"),
    "label": _("Button"),
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
    "policy.creates_users": _("Create users at their first sign-in"),
    "policy.link_by": _("Link new identities to"),
    "policy.link_domains": _("Domains whose addresses it verifies"),
    "policy.link_provider": _("SCIM provider that knows them"),
    "policy.keeps_profile": _("Update name and e-mail address at sign-in"),
    "policy.lets_in_again": _("Users it blocked may sign in as soon as it allows them"),
    "policy.ask_again_seconds": _("Seconds until a session is confirmed with it"),
}
"""Names of what changes; what an identity provider is told has those of its fields."""
OTHERS = {
    Act.GROUP_RULE_ADD: _("What a group gives"),
    Act.GROUP_RULE_REMOVE: _("What a group gives"),
    Act.FACTOR_RULE_CHANGE: _("Days without a second factor"),
    Act.FACTOR_RULE_REMOVE: _("Days without a second factor"),
    Act.WITNESS_TRUST: _("Witness"),
    Act.WITNESS_REMOVE: _("Witness"),
    Act.SSH_AUTHORITY_TRUST: _("SSH authority"),
    Act.SSH_AUTHORITY_REVOKE: _("SSH authority"),
    Act.SSH_AUTHORITY_REMOVE: _("SSH authority"),
}
"""What is changed where its name is that of one thing of several."""
VALUES = {
    "yes": _("Yes"),
    "no": _("No"),
    "given": _("Given"),
    "anywhere": _("Anywhere"),
    "majority": _("A majority"),
}


@dataclass(frozen=True)
class Said:
    """One thing that a proposal changes, in words."""

    label: str
    which: str
    """Which of several, where the label alone does not say."""
    before: str
    after: str


def said(found: Shown, kinds: Mapping[ProviderKind, tuple[SettingField, ...]]) -> list[Said]:
    """All that a proposal changes; `kinds` is what identity providers can be told."""
    labels = {
        f"settings.{each.name}": language.said(each.label)
        for fields in kinds.values()
        for each in fields
    } | {name: str(label) for name, label in NAMES.items()}
    return [
        Said(*_named(found.act, name, labels), _value(name, before), _value(name, after))
        for name, before, after in found.changes
    ]


def _named(act: Act, name: str, labels: dict[str, str]) -> tuple[str, str]:
    if name in labels:
        return labels[name], ""
    return (str(OTHERS[act]), name.removeprefix("witness ")) if act in OTHERS else (name, "")


def _value(name: str, value: str) -> str:
    if name == "role" and value in set(InstanceRole):
        return str(words.INSTANCE_ROLES[InstanceRole(value)])
    if name == "policy.link_by" and value in set(LinkBy):
        return str(words.LINKS[LinkBy(value)][0])
    return str(VALUES.get(value, value))
