"""Events about people: signing in, users, tokens and keys."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    """Somebody opened a session."""

    kind = "auth.signed_in"
    target = "user"
    method: str
    provider_id: str | None = None
    factor: str | None = None
    """The second factor that was shown, if one was."""


@dataclass(frozen=True, kw_only=True)
class SignInRefused(Event):
    """Somebody did not get in. The name is kept apart: people type passwords there."""

    kind = "auth.sign_in_refused"
    target = "user"
    outcome = Outcome.REFUSED
    reason: str
    provider_id: str | None = None
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class SignedOut(Event):
    """Somebody closed their session."""

    kind = "auth.signed_out"
    target = "user"


@dataclass(frozen=True, kw_only=True)
class SessionRevoked(Event):
    """A session was ended by its owner elsewhere, or by an administrator."""

    kind = "session.revoked"
    target = "session"
    user_id: str
    why: str | None = None
    """`too_many`: newer ones took its place. `everywhere`: its user signed out everywhere."""


@dataclass(frozen=True, kw_only=True)
class ImpersonationStarted(Event):
    """An administrator started to impersonate a user."""

    kind = "session.impersonation_started"
    target = "user"
    is_awaited = True
    session_id: str
    minutes: int
    reason: str = personal()


@dataclass(frozen=True, kw_only=True)
class ImpersonationEnded(Event):
    """An administrator stopped impersonating a user."""

    kind = "session.impersonation_ended"
    target = "user"
    session_id: str
    administrator_id: str
    why: str
    """`left`, `signed_out`, `time`, `session`, `stopped` by another administrator, or `barred`: one
    of the two may not go on."""


@dataclass(frozen=True, kw_only=True)
class Elevated(Event):
    """Somebody confirmed their identity for sensitive actions."""

    kind = "session.elevated"
    target = "user"
    provider_id: str | None = None
    factor: str | None = None


@dataclass(frozen=True, kw_only=True)
class ElevationRefused(Event):
    """Somebody failed to confirm their identity."""

    kind = "session.elevation_refused"
    target = "user"
    outcome = Outcome.REFUSED


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    """A user set a new password, and other sessions ended."""

    kind = "user.password_changed"
    target = "user"
    by_link: bool


@dataclass(frozen=True, kw_only=True)
class PasswordResetIssued(Event):
    """An administrator made a one-time link to set a password."""

    kind = "user.password_reset_issued"
    target = "user"


@dataclass(frozen=True, kw_only=True)
class UserCreated(Event):
    """A user was created."""

    kind = "user.created"
    target = "user"
    instance_role: str
    provider_id: str | None = None
    wished_name: str | None = personal(None)
    name: str = personal()
    email: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class ServiceAccountCreated(Event):
    """A service account was created; it signs in with tokens and SSH keys."""

    kind = "user.service_account_created"
    target = "user"
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class UserChanged(Event):
    """What is known of a user was changed."""

    kind = "user.changed"
    target = "user"
    changed: list[str]
    values: str | None = personal(None)


@dataclass(frozen=True, kw_only=True)
class UserEmailAsked(Event):
    """An e-mail with a code is sent to an address that a user added."""

    kind = "user.email_asked"
    target = "user"
    email: str = personal()


@dataclass(frozen=True, kw_only=True)
class UserEmailVerified(Event):
    """A user verified an e-mail address by that code."""

    kind = "user.email_verified"
    target = "user"
    email: str = personal()


@dataclass(frozen=True, kw_only=True)
class UserEmailRemoved(Event):
    """An e-mail address was removed from a user: by them, or because another user verified it."""

    kind = "user.email_removed"
    target = "user"
    why: str
    email: str = personal()


@dataclass(frozen=True, kw_only=True)
class UserRenamed(Event):
    """A user has another name; the old one redirects."""

    kind = "user.renamed"
    target = "user"
    before: str = personal()
    after: str = personal()


@dataclass(frozen=True, kw_only=True)
class UserRoleChanged(Event):
    """A user's role on the instance was changed."""

    kind = "user.role_changed"
    target = "user"
    before: str
    after: str
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserSuspended(Event):
    """A user was suspended; sessions ended, and tokens and keys stopped working."""

    kind = "user.suspended"
    target = "user"
    provider_id: str | None = None
    reason: str = personal("")


@dataclass(frozen=True, kw_only=True)
class UserReinstated(Event):
    """A suspended user was reinstated."""

    kind = "user.reinstated"
    target = "user"
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserDeleted(Event):
    """A user was deleted."""

    kind = "user.deleted"
    target = "user"
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class TokenCreated(Event):
    """An access token was created."""

    kind = "token.created"
    target = "token"
    user_id: str
    scopes: list[str]
    repositories: int
    expires_at: str | None
    name: str = personal()


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    """An access token was revoked."""

    kind = "token.revoked"
    target = "token"
    user_id: str


@dataclass(frozen=True, kw_only=True)
class JwtIssued(Event):
    """A short-lived token was given for an access token."""

    kind = "token.jwt_issued"
    target = "token"
    user_id: str
    jwt_id: str


@dataclass(frozen=True, kw_only=True)
class SshKeyAdded(Event):
    """A user added an SSH key."""

    kind = "ssh_key.added"
    target = "ssh_key"
    user_id: str
    fingerprint: str
    key_type: str
    usage: str | None = None
    """For signing in, for signing work, or both."""


@dataclass(frozen=True, kw_only=True)
class SshKeyRemoved(Event):
    """An SSH key was removed or expired."""

    kind = "ssh_key.removed"
    target = "ssh_key"
    user_id: str
    fingerprint: str
    why: str | None = None
    """`unused`: nobody had used it for too long. Else somebody removed it."""


@dataclass(frozen=True, kw_only=True)
class SshAuthorityTrusted(Event):
    """An SSH authority is trusted from now on."""

    kind = "ssh_key.authority_trusted"
    target = "authority"
    fingerprint: str
    scope: str
    suffix: str | None = None
    """With what its principals end after the user's name."""


@dataclass(frozen=True, kw_only=True)
class SshAuthorityChanged(Event):
    """The revocation list of an SSH authority was replaced."""

    kind = "ssh_key.authority_changed"
    target = "authority"
    fingerprint: str
    revoked_serials: int
    revoked_key_ids: int
    revoked_keys: int


@dataclass(frozen=True, kw_only=True)
class SshAuthorityRemoved(Event):
    """An SSH authority is no longer trusted."""

    kind = "ssh_key.authority_removed"
    target = "authority"
    fingerprint: str
    scope: str


@dataclass(frozen=True, kw_only=True)
class SshCertificateUsed(Event):
    """Somebody came in over SSH with a certificate."""

    kind = "auth.certificate_used"
    target = "authority"
    serial: str
    fingerprint: str
    valid_until: str
    key_id: str = personal()
    """The name that the authority gave it."""
    principal: str = personal()


@dataclass(frozen=True, kw_only=True)
class OpenPgpKeyAdded(Event):
    """A user added an OpenPGP key for signatures."""

    kind = "gpg_key.added"
    target = "gpg_key"
    user_id: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class OpenPgpKeyChanged(Event):
    """A user updated an OpenPGP key, or added its revocation."""

    kind = "gpg_key.changed"
    target = "gpg_key"
    user_id: str
    fingerprint: str
    is_revoked: bool


@dataclass(frozen=True, kw_only=True)
class OpenPgpKeyRemoved(Event):
    """An OpenPGP key was removed."""

    kind = "gpg_key.removed"
    target = "gpg_key"
    user_id: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class DeployKeyAdded(Event):
    """A key for one repository was added."""

    kind = "deploy_key.added"
    target = "deploy_key"
    repository_id: str
    fingerprint: str
    may_write: bool


@dataclass(frozen=True, kw_only=True)
class DeployKeyRemoved(Event):
    """A key for one repository stopped working."""

    kind = "deploy_key.removed"
    target = "deploy_key"
    repository_id: str
    fingerprint: str
    why: str | None = None
    """`unused`: nobody had used it for too long. Else somebody removed it."""
