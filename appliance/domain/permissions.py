"""Permission, Role, and the table between them. This is the whole of who may do what."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may do. Public name: `<thing>.<verb>`."""

    REPOSITORY_READ = "repo.read"
    REPOSITORY_DISCUSS = "repo.discuss"
    REPOSITORY_TRIAGE = "repo.triage"
    REPOSITORY_WRITE = "repo.write"
    REPOSITORY_LOCK_FILES = "repo.lock_files"
    REPOSITORY_SEE_ACCESS = "repo.see_access"
    REPOSITORY_MAINTAIN = "repo.maintain"
    REPOSITORY_PROTECT = "repo.protect"
    REPOSITORY_BYPASS_PROTECTION = "repo.bypass_protection"
    REPOSITORY_GRANT = "repo.grant"
    REPOSITORY_KEYS = "repo.keys"
    REPOSITORY_HOOKS = "repo.hooks"
    REPOSITORY_RENAME = "repo.rename"
    REPOSITORY_ARCHIVE = "repo.archive"
    REPOSITORY_TRANSFER = "repo.transfer"
    REPOSITORY_CHANGE_VISIBILITY = "repo.change_visibility"
    REPOSITORY_DELETE = "repo.delete"
    REPOSITORY_EXPORT = "repo.export"

    ALERT_READ = "alert.read"
    ALERT_REPORT = "alert.report"
    ALERT_TRIAGE = "alert.triage"
    ALERT_DISMISS = "alert.dismiss"
    ALERT_SETTLE = "alert.settle"

    ACTIVITY_READ = "activity.read"
    ACTIVITY_DECIDE = "activity.decide"

    ORGANISATION_READ = "org.read"
    ORGANISATION_CREATE_REPOSITORY = "org.create_repo"
    ORGANISATION_MANAGE = "org.manage"
    ORGANISATION_MEMBERS = "org.members"
    ORGANISATION_DELETE = "org.delete"

    USERS_READ = "users.read"
    OWN_ACCOUNT = "user.self"
    ORGANISATION_CREATE = "org.create"
    REPOSITORY_CREATE = "repo.create"
    INSTANCE_SEE_ALL = "instance.see_all"
    USERS_MANAGE = "users.manage"
    PROVIDERS_MANAGE = "providers.manage"
    INSTANCE_HEALTH = "instance.health"
    INSTANCE_JOBS = "instance.jobs"
    INSTANCE_MAINTAIN = "instance.maintain"
    INSTANCE_IMPORT_LOCAL = "instance.import_local"
    AUDIT_READ = "audit.read"
    AUDIT_GRANT = "audit.grant"
    AUDIT_STREAM = "audit.stream"
    AUDIT_WITNESS = "audit.witness"
    REVIEW_OPEN = "review.open"
    REVIEW_READ = "review.read"
    REVIEW_DECIDE = "review.decide"


P = Permission


class Role(StrEnum):
    """What somebody is to a repository, from least to most."""

    READER = "reader"
    TRIAGER = "triager"
    WRITER = "writer"
    MAINTAINER = "maintainer"
    OWNER = "owner"


class OrganisationRole(StrEnum):
    """What somebody is to an organisation."""

    MEMBER = "member"
    OWNER = "owner"
    SECURITY_OFFICER = "security_officer"
    AUDITOR = "auditor"


class InstanceRole(StrEnum):
    """What somebody is to the whole appliance."""

    USER = "user"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Visibility(StrEnum):
    """Who may read a repository without being given a role on it."""

    PRIVATE = "private"
    INTERNAL = "internal"
    PUBLIC = "public"


ROLE_ORDER: tuple[Role, ...] = tuple(Role)

_ONLY_READS = frozenset({P.REPOSITORY_READ, P.REPOSITORY_EXPORT})
_READER = _ONLY_READS | {P.REPOSITORY_DISCUSS}
_TRIAGER = _READER | {P.REPOSITORY_TRIAGE}
_CODE_WRITER = _TRIAGER | {P.REPOSITORY_WRITE, P.REPOSITORY_LOCK_FILES}
_WRITER = _CODE_WRITER | {P.ALERT_READ, P.ALERT_REPORT, P.ALERT_TRIAGE}
_ALERTS = frozenset(
    {P.ALERT_READ, P.ALERT_REPORT, P.ALERT_TRIAGE, P.ALERT_DISMISS, P.ALERT_SETTLE},
)
_MAINTAINER = _WRITER | {
    P.ALERT_DISMISS,
    P.REPOSITORY_MAINTAIN,
    P.REPOSITORY_PROTECT,
    P.REPOSITORY_SEE_ACCESS,
}
_OWNER = _MAINTAINER | {
    P.ALERT_SETTLE,
    P.REPOSITORY_BYPASS_PROTECTION,
    P.REPOSITORY_GRANT,
    P.REPOSITORY_KEYS,
    P.REPOSITORY_HOOKS,
    P.REPOSITORY_RENAME,
    P.REPOSITORY_ARCHIVE,
    P.REPOSITORY_TRANSFER,
    P.REPOSITORY_CHANGE_VISIBILITY,
    P.REPOSITORY_DELETE,
}

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.READER: _READER,
    Role.TRIAGER: _TRIAGER,
    Role.WRITER: _WRITER,
    Role.MAINTAINER: _MAINTAINER,
    Role.OWNER: _OWNER,
}

ORGANISATION_PERMISSIONS_OF: dict[OrganisationRole, frozenset[Permission]] = {
    OrganisationRole.MEMBER: frozenset(
        {P.ORGANISATION_READ, P.ORGANISATION_CREATE_REPOSITORY},
    ),
    OrganisationRole.AUDITOR: frozenset({P.ORGANISATION_READ, P.AUDIT_READ, P.REVIEW_READ}),
    OrganisationRole.SECURITY_OFFICER: frozenset(
        {
            P.ORGANISATION_READ,
            P.AUDIT_READ,
            P.AUDIT_STREAM,
            P.REVIEW_OPEN,
            P.REVIEW_READ,
            P.ACTIVITY_READ,
            P.ACTIVITY_DECIDE,
        },
    ),
    OrganisationRole.OWNER: frozenset(
        {
            P.ORGANISATION_READ,
            P.ORGANISATION_CREATE_REPOSITORY,
            P.ORGANISATION_MANAGE,
            P.ORGANISATION_MEMBERS,
            P.ORGANISATION_DELETE,
            P.AUDIT_READ,
            P.AUDIT_STREAM,
            P.AUDIT_GRANT,
            P.REVIEW_OPEN,
            P.REVIEW_READ,
        },
    ),
}

# The role on every repository of the organisation that comes with a role in it.
REPOSITORY_ROLE_OF: dict[OrganisationRole, Role | None] = {
    OrganisationRole.MEMBER: None,  # The organisation's base permission says.
    OrganisationRole.AUDITOR: Role.READER,
    OrganisationRole.SECURITY_OFFICER: Role.READER,
    OrganisationRole.OWNER: Role.OWNER,
}

_SIGNED_IN = frozenset(
    {P.USERS_READ, P.OWN_ACCOUNT, P.ORGANISATION_CREATE, P.REPOSITORY_CREATE, P.REVIEW_DECIDE},
)

# What comes with a role in the organisation on its repositories, beside the role above.
OFFICE_OF: dict[OrganisationRole, frozenset[Permission]] = {
    OrganisationRole.MEMBER: frozenset(),
    OrganisationRole.AUDITOR: frozenset(),
    OrganisationRole.SECURITY_OFFICER: _ALERTS,
    OrganisationRole.OWNER: frozenset(),
}

INSTANCE_PERMISSIONS_OF: dict[InstanceRole, frozenset[Permission]] = {
    InstanceRole.USER: _SIGNED_IN,
    InstanceRole.AUDITOR: _SIGNED_IN
    | {P.INSTANCE_SEE_ALL, P.AUDIT_READ, P.INSTANCE_HEALTH, P.ORGANISATION_READ, P.REVIEW_READ}
    | {P.ACTIVITY_READ},
    InstanceRole.ADMINISTRATOR: frozenset(Permission),
}

# The role on every repository that comes with a role on the instance.
INSTANCE_REPOSITORY_ROLE_OF: dict[InstanceRole, Role | None] = {
    InstanceRole.USER: None,
    InstanceRole.AUDITOR: Role.READER,
    InstanceRole.ADMINISTRATOR: Role.OWNER,
}


# What the appliance itself may do, in jobs and at start-up.
APPLIANCE_PERMISSIONS: frozenset[Permission] = frozenset(
    {
        P.REPOSITORY_READ,
        P.REPOSITORY_WRITE,
        P.REPOSITORY_MAINTAIN,
        P.REPOSITORY_DELETE,
        P.ALERT_REPORT,
        P.USERS_MANAGE,
        P.INSTANCE_MAINTAIN,
        P.INSTANCE_HEALTH,
        P.INSTANCE_SEE_ALL,
        P.AUDIT_WITNESS,
    },
)

# Acts for which a person in a browser must have confirmed lately that it is them.
SENSITIVE: frozenset[Permission] = frozenset(
    {
        P.REPOSITORY_DELETE,
        P.REPOSITORY_TRANSFER,
        P.REPOSITORY_CHANGE_VISIBILITY,
        P.REPOSITORY_KEYS,
        P.ORGANISATION_DELETE,
        P.USERS_MANAGE,
        P.PROVIDERS_MANAGE,
        P.AUDIT_STREAM,
        P.AUDIT_GRANT,
        P.AUDIT_WITNESS,
    },
)


# What an administrator may do who acts as somebody else. No credential, no factor, no setting of
# theirs, no right and no approval is given in another's name, and nothing that needs confirming.
WHILE_IMPERSONATING: frozenset[Permission] = frozenset(
    {
        *(_MAINTAINER - {P.REPOSITORY_PROTECT, P.ALERT_DISMISS}),
        P.REPOSITORY_RENAME,
        P.REPOSITORY_ARCHIVE,
        P.REPOSITORY_CREATE,
        P.ORGANISATION_READ,
        P.ORGANISATION_CREATE_REPOSITORY,
        P.USERS_READ,
        P.AUDIT_READ,
        P.INSTANCE_SEE_ALL,
        P.INSTANCE_HEALTH,
    },
)


class Scope(StrEnum):
    """What a token was given for. It narrows what its user may do, and never widens it."""

    REPOSITORY_READ = "repo:read"
    REPOSITORY_WRITE = "repo:write"
    REPOSITORY_ADMIN = "repo:admin"
    ORGANISATION_READ = "org:read"
    ORGANISATION_ADMIN = "org:admin"
    AUDIT_READ = "audit:read"
    SCAN_READ = "scan:read"
    SCAN_WRITE = "scan:write"
    GOVERNANCE_READ = "governance:read"
    GOVERNANCE_WRITE = "governance:write"
    MODEL_USE = "model:use"
    MODEL_TRAIN = "model:train"
    USER = "user"
    ADMINISTRATION = "admin"


PERMISSIONS_OF_SCOPE: dict[Scope, frozenset[Permission]] = {
    Scope.REPOSITORY_READ: _ONLY_READS,
    Scope.REPOSITORY_WRITE: _CODE_WRITER,
    Scope.REPOSITORY_ADMIN: (_OWNER - _ALERTS)
    | {P.REPOSITORY_CREATE, P.ORGANISATION_CREATE_REPOSITORY},
    Scope.ORGANISATION_READ: frozenset({P.ORGANISATION_READ, P.USERS_READ}),
    Scope.ORGANISATION_ADMIN: frozenset(
        {
            P.ORGANISATION_READ,
            P.USERS_READ,
            P.ORGANISATION_CREATE,
            P.ORGANISATION_MANAGE,
            P.ORGANISATION_MEMBERS,
            P.ORGANISATION_DELETE,
            P.ORGANISATION_CREATE_REPOSITORY,
            P.AUDIT_STREAM,
            P.AUDIT_GRANT,
        },
    ),
    Scope.AUDIT_READ: frozenset({P.AUDIT_READ}),
    Scope.SCAN_READ: frozenset({P.REPOSITORY_READ, P.ALERT_READ, P.ACTIVITY_READ}),
    Scope.SCAN_WRITE: _ALERTS
    | {P.REPOSITORY_READ, P.REPOSITORY_TRIAGE, P.ACTIVITY_READ, P.ACTIVITY_DECIDE},
    Scope.GOVERNANCE_READ: frozenset({P.AUDIT_READ, P.REVIEW_READ}),
    Scope.GOVERNANCE_WRITE: frozenset(
        {P.AUDIT_READ, P.REVIEW_READ, P.REVIEW_OPEN, P.REVIEW_DECIDE}
    ),
    Scope.MODEL_USE: frozenset({P.REPOSITORY_READ}),
    Scope.MODEL_TRAIN: frozenset({P.REPOSITORY_READ}),
    Scope.USER: frozenset({P.OWN_ACCOUNT, P.USERS_READ}),
    Scope.ADMINISTRATION: frozenset(Permission),
}


def permissions_of_scopes(scopes: frozenset[Scope]) -> frozenset[Permission]:
    """Everything that at least one of the scopes allows."""
    return frozenset().union(*(PERMISSIONS_OF_SCOPE[scope] for scope in scopes))


def narrowest_scope(permission: Permission) -> Scope:
    """The first scope that allows this; the last of them allows everything."""
    return next(scope for scope in Scope if permission in PERMISSIONS_OF_SCOPE[scope])


def highest(roles: list[Role]) -> Role | None:
    """The role that allows most, or none if there is none."""
    return max(roles, key=ROLE_ORDER.index, default=None)


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The repository roles that allow this."""
    return tuple(role for role in Role if permission in PERMISSIONS_OF[role])
