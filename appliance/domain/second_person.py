"""Acts of administrators that may need a second person, and how far a proposal of one has come."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """What is only proposed by one administrator, until another confirms it."""

    USER_CREATE = "user.create"
    USER_ROLE = "user.role"
    USER_DELETE = "user.delete"
    PROVIDER_ADD = "provider.add"
    PROVIDER_CHANGE = "provider.change"
    PROVIDER_SWITCH = "provider.switch"
    PROVIDER_DELETE = "provider.delete"
    GROUP_RULE_ADD = "group_rule.add"
    GROUP_RULE_REMOVE = "group_rule.remove"
    FACTOR_RULE_CHANGE = "factor_rule.change"
    FACTOR_RULE_REMOVE = "factor_rule.remove"
    ADDRESS_LIST = "address_list.change"
    STREAM_PAUSE = "stream.pause"
    STREAM_DELETE = "stream.delete"
    LOG_PRUNE = "log.prune"
    WITNESS_TRUST = "witness.trust"
    WITNESS_REMOVE = "witness.remove"
    WITNESS_QUORUM = "witness.quorum"
    SSH_AUTHORITY_TRUST = "ssh_authority.trust"
    SSH_AUTHORITY_REVOKE = "ssh_authority.revoke"
    SSH_AUTHORITY_REMOVE = "ssh_authority.remove"
    REPOSITORY_PURGE = "repo.purge"
    RULE_RELEASE = "second_person.release"


class ProposalState(StrEnum):
    """How far a proposal has come."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    """What it was proposed against is no longer so."""
    EXPIRED = "expired"


State = dict[str, str]
"""What an act is about, in words: name and value. Secrets stand in it as marks."""


def differences(before: State, after: State) -> list[tuple[str, str, str]]:
    """What an act changes: name, before, after; empty where there is nothing."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]
