"""What roles, states and kinds are called for people."""

from __future__ import annotations

import flask
from flask_babel import lazy_gettext as _

from appliance.domain.access_requests import Approvers, RequestState, Thing
from appliance.domain.access_reviews import (
    AtDueDate,
    Decision,
    Outcome,
    Reviewers,
    Right,
    Source,
)
from appliance.domain.credentials import (
    Approval,
    ApprovalState,
    CredentialKind,
    Standing,
)
from appliance.domain.factors import Factor
from appliance.domain.identity_providers import LinkBy, LinkedBy
from appliance.domain.jobs import JobState
from appliance.domain.permissions import (
    InstanceRole,
    OrganisationRole,
    Role,
    Scope,
    Visibility,
)
from appliance.domain.protection import Movement
from appliance.domain.signatures import Finding, KeyUse, SignatureForm, SignedBy
from appliance.web.pages import check_words, job_words, trial_words

ROLES = {
    Role.READER: _("Reader"),
    Role.TRIAGER: _("Triager"),
    Role.WRITER: _("Writer"),
    Role.MAINTAINER: _("Maintainer"),
    Role.OWNER: _("Owner"),
}
ORGANISATION_ROLES = {
    OrganisationRole.MEMBER: _("Member"),
    OrganisationRole.OWNER: _("Owner"),
    OrganisationRole.SECURITY_OFFICER: _("Security officer"),
    OrganisationRole.AUDITOR: _("Auditor"),
}
INSTANCE_ROLES = {
    InstanceRole.USER: _("User"),
    InstanceRole.ADMINISTRATOR: _("Administrator"),
    InstanceRole.AUDITOR: _("Auditor"),
}
FACTORS = {
    Factor.APP: _("Authenticator app"),
    Factor.KEY: _("Key"),
    Factor.RECOVERY: _("Recovery code"),
    Factor.PROVIDER: _("Sent to the identity provider"),
}
CHECKS = check_words.TABLES
LINKED_BY = {
    LinkedBy.CREATED: _("created for it"),
    LinkedBy.RULE: _("linked by the rule"),
    LinkedBy.PERSON: _("linked by themself"),
    LinkedBy.ADMINISTRATOR: _("linked by an administrator"),
}
LINKS = {
    LinkBy.NOTHING: (_("Nobody who exists"), _("Manually: they or you link it.")),
    LinkBy.VERIFIED_EMAIL: (
        _("The user who has their e-mail address"),
        _("If it has verified the address, and the address was verified here too."),
    ),
    LinkBy.NAME: (_("The user of the same name"), _("If its user names match those here.")),
    LinkBy.SCIM_USER_NAME: (
        _("Whom a SCIM provider calls by that name"),
        _("Its userName is the name reported by this one."),
    ),
    LinkBy.SCIM_EXTERNAL_ID: (
        _("Whom a SCIM provider knows by that id"),
        _("Its externalId is the subject reported by this one."),
    ),
}
PROVIDER_STEPS = {
    "connect": _("Connect"),
    "bind": _("Sign in as the service account"),
    "search": _("Search"),
    "account": _("Whether their account there is active"),
    "groups": _("Read groups"),
    "metadata": _("Its metadata"),
    "refresh": _("Current metadata"),
    "certificates": _("Its certificates"),
    "ours": _("Metadata of this appliance"),
    "discovery": _("Discovery document"),
    "keys": _("Its keys"),
    "question": _("Request"),
    "answer": _("Response"),
    "token": _("Token response"),
    "claims": _("ID token claims"),
    "user_info": _("UserInfo response"),
    "verdict": _("Validation"),
    "attributes": _("Attributes"),
    "person": _("User on this appliance"),
    "gives": _("Rights from their groups"),
}
PROVIDER_TRIAL_MEANINGS = trial_words.MEANINGS
SAML_KEY_USES = {
    "signs": _("signs"),
    "next": _("is next"),
    "earlier": _("former signing key, still decrypts"),
}
PROVIDED_ROLES = {
    "": "-",
    **{str(role): said for role, said in ORGANISATION_ROLES.items()},
    **{
        str(role): INSTANCE_ROLES[role]
        for role in (InstanceRole.ADMINISTRATOR, InstanceRole.AUDITOR)
    },
}
"""What a group may give; a team has no role."""
THINGS = {
    Thing.REPOSITORY: _("Repository"),
    Thing.TEAM: _("Team"),
    Thing.ORGANISATION: _("Organisation"),
}
REQUEST_STATES = {
    RequestState.PENDING: (_("Waits"), "accent", "clock"),
    RequestState.APPROVED: (_("Given"), "good", "check"),
    RequestState.REFUSED: (_("Refused"), "bad", "cross"),
    RequestState.WITHDRAWN: (_("Withdrawn"), "", "cross"),
    RequestState.EXPIRED: (_("Not given in time"), "hold", "clock"),
}
APPROVERS = {
    Approvers.ORGANISATION_OWNERS: (
        _("Owners of the organisation"),
        _("Nobody else, whatever their role on the repository."),
    ),
    Approvers.OWNERS: (_("Owners of the repository, too"), _("Members added there.")),
    Approvers.MAINTAINERS: (
        _("Maintainers of the repository, too"),
        _("They cannot give a role higher than their own."),
    ),
}
RIGHTS = {
    Right.INSTANCE: _("Role on the appliance"),
    Right.MEMBERSHIP: _("Role in an organisation"),
    Right.TEAM: _("Membership of a team"),
    Right.REPOSITORY: _("Role on a repository"),
    Right.TOKEN: _("Access token"),
    Right.SSH_KEY: _("SSH key"),
    Right.DEPLOY_KEY: _("Deploy key"),
    Right.SERVICE_ACCOUNT: _("Service account"),
}
REVIEWERS = {
    Reviewers.OWNERS: _("Owners of the organisation"),
    Reviewers.REPOSITORY_OWNERS: _("Owners of each repository; of the organisation for the rest"),
    Reviewers.NAMED: _("People who are named"),
}
AT_DUE = {
    AtDueDate.KEEP: _("Is kept, and the result says that nobody decided"),
    AtDueDate.REVOKE: _("Is removed"),
}
RIGHT_SOURCES = {
    Source.PERSON: _("given by a person"),
    Source.DIRECTORY: _("given by a directory"),
    Source.REQUEST: _("granted on request"),
}
DECISIONS = {
    Decision.KEEP: (_("Kept"), "good", "check"),
    Decision.REVOKE: (_("Taken away"), "bad", "cross"),
}
REVIEW_OUTCOMES = {
    Outcome.REVOKED: _("removed"),
    Outcome.TO_BE_REMOVED: _("remove it in the directory"),
    Outcome.GONE: _("was already gone"),
    Outcome.FAILED: _("could not be removed"),
}
VISIBILITIES = {
    Visibility.PRIVATE: _("Private"),
    Visibility.INTERNAL: _("Internal"),
    Visibility.PUBLIC: _("Public"),
}
VISIBILITY_HINTS = {
    Visibility.PRIVATE: _("Visible only to people who were given a role."),
    Visibility.INTERNAL: _("Visible to everyone who is signed in."),
    Visibility.PUBLIC: _("Visible to everyone, also without signing in."),
}
KEY_USES = {
    KeyUse.BOTH: _("Signing in, and signing work"),
    KeyUse.AUTHENTICATION: _("Signing in only"),
    KeyUse.SIGNING: _("Signing work only"),
}
KEY_USES_BY_NAME = {str(use): said for use, said in KEY_USES.items()}
SIGNATURE_FORMS = {
    SignatureForm.SSH: _("SSH key"),
    SignatureForm.OPENPGP: _("OpenPGP key"),
    SignatureForm.X509: _("X.509 certificate"),
}
MOVEMENTS = {
    Movement.CREATE: _("created"),
    Movement.FAST_FORWARD: _("moved on"),
    Movement.FORCE: _("moved elsewhere"),
    Movement.DELETE: _("deleted"),
}
PROTOCOLS = {"https": "HTTPS", "ssh": "SSH", "api": _("without git")}
PUSH_SIGNING = {
    "": _("All"),
    "verified": _("Verified"),
    "unverified": _("Signed, but unverified"),
    "unsigned": _("Not signed"),
}
SIGNED_BY = {
    SignedBy.SSH: _("an SSH key"),
    SignedBy.OPENPGP: _("an OpenPGP key"),
    SignedBy.X509: _("an X.509 certificate"),
    SignedBy.APPLIANCE: _("the appliance, for what is changed in the portal"),
}
FINDINGS = {
    Finding.VERIFIED: _(
        "The signature is valid, the key is known, and the committer's address belongs to "
        "its owner."
    ),
    Finding.UNKNOWN_KEY: _("Unknown key."),
    Finding.OTHER_ADDRESS: _(
        "The signature is valid, but the committer's address is not a verified address of "
        "the key's owner."
    ),
    Finding.EXPIRED_KEY: _("The key was not valid when this was signed."),
    Finding.REVOKED_KEY: _("The key has been revoked."),
    Finding.UNTRUSTED_AUTHORITY: _(
        "The certificate was not issued by an authority trusted for signatures."
    ),
    Finding.WRONG_USAGE: _("The certificate is not for signing."),
    Finding.REVOCATION_UNKNOWN: _(
        "It is not known whether the certificate was revoked: the authority's revocation "
        "list is out of date. Ask an administrator to upload a new one."
    ),
    Finding.BAD_SIGNATURE: _("The signature does not match the content: one of them was changed."),
    Finding.OTHER_PERSON: _("The signature is valid, but the key does not belong to the pusher."),
    Finding.STALE_NONCE: _("The signature was made for another push, or is older."),
    Finding.UNSUPPORTED: _("Signatures of this kind are not checked here."),
    Finding.MALFORMED: _("The signature is damaged."),
    Finding.TOO_LARGE: _("It is too large to be checked."),
}
CREDENTIALS = {
    CredentialKind.TOKEN: _("Access token"),
    CredentialKind.SSH_KEY: _("SSH key"),
    CredentialKind.DEPLOY_KEY: _("Deploy key"),
    CredentialKind.SCIM_TOKEN: _("SCIM token"),
    CredentialKind.SSH_AUTHORITY: _("SSH authority"),
    CredentialKind.SIGNING_KEY: _("OpenPGP key"),
}
APPROVALS = {
    Approval.OFF: (_("None"), _("Everyone with permissions here may use any of their tokens.")),
    Approval.FINE_GRAINED: (
        _("Those for selected repositories"),
        _("Tokens for repositories of this organisation need an owner's approval."),
    ),
    Approval.ALL: (_("All"), _("Every personal token needs an owner's approval.")),
}
APPROVAL_STATES = {
    ApprovalState.PENDING: _("Waiting"),
    ApprovalState.APPROVED: _("Approved"),
    ApprovalState.REFUSED: _("Refused"),
    ApprovalState.REVOKED: _("Revoked"),
}
STANDINGS = {
    Standing.OPEN: _("Has access"),
    Standing.APPROVED: _("Approved"),
    Standing.PENDING: _("Waiting for an owner"),
    Standing.UNASKED: _("Needs an approval"),
    Standing.REFUSED: _("Refused"),
    Standing.REVOKED: _("Revoked"),
    Standing.TOO_LONG: _("Lifetime too long"),
}
STANDING_TONES = {
    Standing.OPEN: "good",
    Standing.APPROVED: "good",
    Standing.PENDING: "warn",
    Standing.UNASKED: "warn",
    Standing.REFUSED: "bad",
    Standing.REVOKED: "bad",
    Standing.TOO_LONG: "bad",
}
JOB_STATES = {
    JobState.QUEUED: _("Waiting"),
    JobState.RUNNING: _("Running"),
    JobState.DONE: _("Done"),
    JobState.DEAD: _("Failed for good"),
    JobState.CANCELLED: _("Cancelled"),
}
JOB_TONES = {
    JobState.QUEUED: "",
    JobState.RUNNING: "accent",
    JobState.DONE: "good",
    JobState.DEAD: "bad",
    JobState.CANCELLED: "hold",
}
JOBS = job_words.JOBS
SCOPES = {
    Scope.REPOSITORY_READ: (_("Read repositories"), _("Clone, fetch, and read over the API.")),
    Scope.REPOSITORY_WRITE: (_("Write to repositories"), _("Also push, and lock large files.")),
    Scope.REPOSITORY_ADMIN: (
        _("Administer repositories"),
        _("Also create, change, share and delete repositories."),
    ),
    Scope.ORGANISATION_READ: (_("Read organisations"), _("Members, teams and users.")),
    Scope.ORGANISATION_ADMIN: (
        _("Administer organisations"),
        _("Also create and change organisations, members and teams."),
    ),
    Scope.AUDIT_READ: (_("Read events"), _("Events that you may see.")),
    Scope.USER: (_("Your own user"), _("Profile, keys, tokens and sessions.")),
    Scope.ADMINISTRATION: (
        _("Everything you can do"),
        _("For administrators this is the whole appliance. Rarely needed."),
    ),
}
"""The scopes that open something today; the others are for what is to come."""

CONDITIONS = {
    "well": (_("Works"), "good", "check"),
    "attention": (_("View"), "warn", "alert"),
    "failed": (_("Does not work"), "bad", "alert"),
}
KNOWN = {
    "recorded": _("from the records"),
    "seen": _("change seen"),
    "first_asked": _("first asked then"),
    "unknown": _("not remembered"),
}
OUTCOMES = {
    "success": (_("Done"), "good"),
    "refused": (_("Refused"), "warn"),
    "failed": (_("Failed"), "bad"),
}
METHODS = {
    "none": _("without signing in"),
    "session": _("in a browser"),
    "token": _("with a token"),
    "jwt": _("with a short token"),
    "password": _("with a password"),
    "ssh_key": _("with an SSH key"),
    "ssh_certificate": _("with an SSH certificate"),
    "deploy_key": _("with a deploy key"),
    "console": _("at the console"),
    "internal": _("by the appliance"),
    "impersonation": _("by an administrator who acts as them"),
}
PARTS = {
    "database": _("Database"),
    "queue": _("Queue"),
    "storage": _("Storage"),
    "git": _("Git"),
    "worker": _("Worker"),
    "scheduler": _("Scheduler"),
    "audit log": _("Audit log"),
    "ssh": _("SSH server"),
    "repositories": _("Repositories"),
    "refs": _("Branches and tags"),
    "jobs": _("Jobs"),
    "streams": _("Streams"),
    "witnesses": _("Witnesses"),
    "directories": _("Directories"),
    "advisories": _("Advisories"),
}
LANGUAGES = {"en": "English", "de": "Deutsch"}


def give_to_templates(pages: flask.Blueprint) -> None:
    """Let the templates of a blueprint say `words.ROLES[role]`."""
    tables = {name: value for name, value in globals().items() if name.isupper()}
    pages.context_processor(lambda: {"words": tables})
