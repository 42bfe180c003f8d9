"""What lets programs and machines in, by kind, and what their owners are told of them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from enum import StrEnum


class CredentialKind(StrEnum):
    """What somebody or something shows to be let in, or what vouches for it."""

    TOKEN = "token"  # noqa: S105 - the name of a kind, not a secret.
    SSH_KEY = "ssh_key"
    DEPLOY_KEY = "deploy_key"
    SCIM_TOKEN = "scim_token"  # noqa: S105 - the name of a kind, not a secret.
    SSH_AUTHORITY = "ssh_authority"
    SIGNING_KEY = "signing_key"
    """An OpenPGP key or an X.509 certificate, which vouches for work and opens nothing."""


class NoticeTopic(StrEnum):
    """Why somebody is told of a credential of theirs."""

    LEAKED = "leaked"
    """It was found where it must not be, and was revoked."""
    UNUSED = "unused"
    """Nobody has used it for long; it will be revoked."""
    ENDED = "ended"
    """It was revoked because nobody had used it."""


class Approval(StrEnum):
    """For which tokens of people an organisation wants its owners' approval."""

    OFF = "off"
    FINE_GRAINED = "fine_grained"
    """Those made for chosen repositories."""
    ALL = "all"


class ApprovalState(StrEnum):
    """What an organisation's owners say to a token."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"


class Standing(StrEnum):
    """What a token is to an organisation with a rule, as its user is told."""

    OPEN = "open"
    """The rule asks nothing of it."""
    APPROVED = "approved"
    PENDING = "pending"
    UNASKED = "unasked"
    """It needs an approval, and nobody has asked for one."""
    REFUSED = "refused"
    REVOKED = "revoked"
    TOO_LONG = "too_long"
    """It lives longer than the organisation allows."""


REACHES = frozenset({Standing.OPEN, Standing.APPROVED})
"""With any other standing, its user has no rights there while it is used."""
LONGEST_LIFE_DAYS = 3650


def lifetime_days(created_at: datetime, expires_at: datetime | None) -> int | None:
    """How many days a credential lives, a part of one counted whole; None: without an end.

    An hour is forgiven, so that what is to live N days does when the clock has gone on meanwhile.
    """
    if expires_at is None:
        return None
    return max(1, math.ceil((expires_at - created_at - timedelta(hours=1)) / timedelta(days=1)))


def needs_approval(approval: Approval, *, all_repositories: bool) -> bool:
    """Whether a token of somebody needs an approval under this rule."""
    if approval is Approval.ALL:
        return True
    return approval is Approval.FINE_GRAINED and not all_repositories


def standing(
    approval: Approval,
    most_days: int | None,
    state: ApprovalState | None,
    *,
    was_decided: bool,
    all_repositories: bool,
    lives_days: int | None,
    is_own_machine: bool,
) -> Standing:
    """What a token is to an organisation, as `db/credential_rules.WITHHELD` decides it in SQL."""
    is_kept_out = state in {ApprovalState.REFUSED, ApprovalState.REVOKED}
    if state is not None and (is_kept_out or (state is ApprovalState.PENDING and was_decided)):
        return Standing(state)
    if most_days is not None and (lives_days is None or lives_days > most_days):
        return Standing.TOO_LONG
    if is_own_machine or not needs_approval(approval, all_repositories=all_repositories):
        return Standing.OPEN
    return Standing(state) if state is not None else Standing.UNASKED
