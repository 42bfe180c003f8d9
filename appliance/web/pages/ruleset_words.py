"""What rules, their parameters and layers are called for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as lazy

from appliance.domain.alerts import AlertKind, Confidence, Lane, Severity
from appliance.domain.policies import Moment, Policy
from appliance.domain.ruleset_words import Enforcement, Layer, RuleKind
from appliance.domain.signatures import SignedBy
from appliance.web.pages.words import SIGNED_BY

K = RuleKind
Words = Any
"""A text, translated where it is shown."""


@dataclass(frozen=True)
class Parameter:
    """A field of a rule. `form`: it is filled in with lines, a number, yes, or kinds of `among`."""

    label: Words
    form: str = "yes"
    hint: Words = ""
    among: Mapping[str, tuple[Words, Words]] = field(default_factory=dict)


GROUPS: tuple[tuple[Words, tuple[RuleKind, ...]], ...] = (
    (
        lazy("Branches and tags"),
        (K.CREATION, K.UPDATE, K.DELETION, K.NON_FAST_FORWARD, K.REF_NAME, K.FREEZE),
    ),
    (
        lazy("Pull requests"),
        (K.PULL_REQUEST, K.SENSITIVE_FILES, K.REQUIRED_CHECKS, K.ALERTS, K.MERGE_QUEUE),
    ),
    (
        lazy("Commits"),
        (
            *(K.LINEAR_HISTORY, K.COMMIT_MESSAGE, K.TICKET_REFERENCE, K.AUTHOR_ADDRESS),
            *(K.VERIFIED_AUTHOR, K.SIGNED_COMMITS, K.SIGNED_PUSH),
        ),
    ),
    (lazy("Files"), (K.FILE_PATHS, K.FILE_EXTENSIONS, K.FILE_SIZE, K.POLICIES)),
)

KINDS: dict[RuleKind, tuple[Words, Words]] = {
    K.CREATION: (lazy("Restrict creation"), lazy("Only those listed can create matching refs.")),
    K.UPDATE: (lazy("Restrict pushes"), lazy("Only those listed can push or merge.")),
    K.DELETION: (lazy("Restrict deletion"), lazy("Only those listed can delete matching refs.")),
    K.NON_FAST_FORWARD: (lazy("Block force pushes"), lazy("History may not be rewritten.")),
    K.REF_NAME: (lazy("Names of new branches and tags"), lazy("Patterns that names must match.")),
    K.FREEZE: (lazy("Freeze"), lazy("Nothing can be pushed or merged during a freeze.")),
    K.PULL_REQUEST: (
        lazy("Require pull requests"),
        lazy("Nobody can push directly: changes need an approved pull request."),
    ),
    K.SENSITIVE_FILES: (
        lazy("More approvals for CODEOWNERS and workflow files"),
        lazy("Files that control approvals and workflows need two approvals."),
    ),
    K.REQUIRED_CHECKS: (lazy("Require checks"), lazy("These checks must pass.")),
    K.ALERTS: (
        lazy("Block alerts"),
        lazy("No new secrets, vulnerable dependencies or weaknesses. Unknown is not a pass."),
    ),
    K.MERGE_QUEUE: (
        lazy("Require the merge queue"),
        lazy("Nobody can push or merge directly: everything is tested in the queue first."),
    ),
    K.LINEAR_HISTORY: (lazy("Linear history"), lazy("No merge commits.")),
    K.COMMIT_MESSAGE: (lazy("Commit messages"), lazy("Patterns that messages must match.")),
    K.TICKET_REFERENCE: (
        lazy("Require a ticket"),
        lazy("Each message, or the pull request, must mention one."),
    ),
    K.AUTHOR_ADDRESS: (lazy("Addresses of authors"), lazy("Patterns that addresses must match.")),
    K.VERIFIED_AUTHOR: (
        lazy("Verified authors"),
        lazy("The author must be a verified address of whoever pushes."),
    ),
    K.SIGNED_COMMITS: (lazy("Require signatures"), lazy("New commits and tags must be signed.")),
    K.SIGNED_PUSH: (
        lazy("Require signed pushes"),
        lazy("Pushes must be signed by whoever pushes."),
    ),
    K.FILE_PATHS: (lazy("Restrict file paths"), lazy("Files that may not be changed.")),
    K.FILE_EXTENSIONS: (lazy("Restrict file extensions"), lazy("Blocked file extensions.")),
    K.FILE_SIZE: (lazy("Limit file size"), lazy("The maximum size of a file.")),
    K.POLICIES: (
        lazy("Content policies"),
        lazy("What files may not contain, checked before or after a push."),
    ),
}

SUBJECTS = lazy(
    "One per line: role maintainer, team lab/release, user NAME, organisation_owners, "
    "administrators."
)
POLICIES: dict[str, tuple[Words, Words]] = {
    Policy.CONFLICT_MARKERS: (
        lazy("No conflict markers"),
        lazy("Conflict markers that git leaves in files."),
    ),
    Policy.LINE_ENDINGS: (lazy("Consistent line endings"), lazy("LF or CRLF, not both.")),
    Policy.PRIVATE_KEYS: (lazy("No private keys"), lazy("In any commit, even if removed later.")),
    Policy.VALID_SYNTAX: (lazy("Valid JSON, YAML and TOML"), lazy("By file extension.")),
}
MOMENTS: dict[str, tuple[Words, Words]] = {
    Moment.PRE_COMMIT: (
        lazy("Before commits in the portal"),
        lazy("For changes made in the portal, by the API and by merges."),
    ),
    Moment.PRE_PUSH: (lazy("Before a push is accepted"), lazy("Over HTTPS and SSH.")),
    Moment.POST_COMMIT: (
        lazy("After a push, as a check"),
        lazy("Nothing is refused; a check run on the commit reports what was found."),
    ),
}
ALERT_KINDS: dict[str, tuple[Words, Words]] = {
    AlertKind.SECRET: (lazy("Secrets"), ""),
    AlertKind.DEPENDENCY: (
        lazy("Dependencies"),
        lazy("Without current advisories nothing is known, and nothing is merged."),
    ),
    AlertKind.CODE: (lazy("Code"), ""),
}
SEVERITIES: dict[str, tuple[Words, Words]] = {
    Severity.CRITICAL: (lazy("Critical"), ""),
    Severity.HIGH: (lazy("High"), ""),
    Severity.MEDIUM: (lazy("Medium"), ""),
    Severity.LOW: (lazy("Low"), ""),
}
CONFIDENCES: dict[str, tuple[Words, Words]] = {
    Confidence.HIGH: (lazy("High"), ""),
    Confidence.MEDIUM: (lazy("Medium"), ""),
    Confidence.LOW: (lazy("Low"), ""),
}
LANES: dict[str, tuple[Words, Words]] = {
    Lane.BLOCK: (lazy("Blocking"), lazy("What push protection would refuse.")),
    Lane.REVIEW: (lazy("To review"), lazy("Everything else.")),
}
SIGNERS: dict[str, tuple[Words, Words]] = {kind: (SIGNED_BY[kind], "") for kind in SignedBy}
PARAMETERS: dict[str, Parameter] = {
    "allowed": Parameter(lazy("Who may all the same"), "lines", SUBJECTS),
    "approvals": Parameter(lazy("Approvals"), "number"),
    "code_owners": Parameter(lazy("Require review from code owners (CODEOWNERS)")),
    "reviewers": Parameter(
        lazy("Additional required reviewers"),
        "lines",
        lazy("One per line: user NAME, or team lab/security (any one of its members)."),
    ),
    "not_last_pusher": Parameter(lazy("The approval of who pushed last does not count")),
    "dismiss_stale": Parameter(
        lazy("Dismiss approvals on new pushes"),
        hint=lazy("A rebase that leaves the changes as they were keeps approvals."),
    ),
    "resolved_threads": Parameter(lazy("Require resolved conversations")),
    "checks": Parameter(lazy("Checks"), "lines", lazy("One name per line.")),
    "reporters": Parameter(
        lazy("Who must report them"),
        "lines",
        lazy("One per line: user NAME. Reports by others are ignored; empty: anybody may report."),
    ),
    "up_to_date": Parameter(lazy("Require branches to be up to date before merging")),
    "signed_by": Parameter(lazy("Accepted kinds of signatures"), "kinds", among=SIGNERS),
    "patterns": Parameter(lazy("Patterns"), "lines", lazy("One per line.")),
    "forbidden": Parameter(lazy("Refuse what matches")),
    "most_bytes": Parameter(lazy("Maximum file size in bytes"), "number"),
    "policies": Parameter(lazy("Policies"), "kinds", among=POLICIES),
    "moments": Parameter(lazy("When to check?"), "kinds", among=MOMENTS),
    "exempt": Parameter(
        lazy("Exempt files"),
        "lines",
        lazy("One per line, as in .gitignore: /vendor/, *.min.json."),
    ),
    "kinds": Parameter(lazy("Kinds of alerts"), "kinds", among=ALERT_KINDS),
    "severities": Parameter(
        lazy("Severities of new alerts"),
        "kinds",
        lazy("None selected: all. An unknown severity always counts."),
        among=SEVERITIES,
    ),
    "confidences": Parameter(
        lazy("Confidence of new alerts"),
        "kinds",
        lazy("None selected: all."),
        among=CONFIDENCES,
    ),
    "lanes": Parameter(
        lazy("Which new alerts"), "kinds", lazy("None selected: both."), among=LANES
    ),
    "overdue": Parameter(lazy("Block while open alerts are overdue")),
    "exploited": Parameter(lazy("Block vulnerabilities that attackers use (KEV), new or not")),
    "most_feed_days": Parameter(
        lazy("Maximum age of advisories in days"),
        "number",
        lazy("Empty: until the appliance calls them old."),
    ),
    "windows": Parameter(
        lazy("Windows"),
        "lines",
        lazy("One per line, in UTC: 2026-12-19T18:00/2027-01-04T06:00, or Fri 16:00/Mon 06:00."),
    ),
}
HINTS: dict[RuleKind, Words] = {
    K.COMMIT_MESSAGE: lazy("One regular expression (RE2) per line."),
    K.TICKET_REFERENCE: lazy("One regular expression (RE2) per line; empty: AB-12 and #12."),
    K.AUTHOR_ADDRESS: lazy("One per line, as in *@example.org."),
    K.REF_NAME: lazy("One per line, as in feature/*."),
    K.FILE_PATHS: lazy("One per line, as in .gitignore: /vendor/, *.pem."),
    K.FILE_EXTENSIONS: lazy("One per line: exe, dll."),
    K.SENSITIVE_FILES: lazy("One per line; empty: CODEOWNERS and the usual workflow folders."),
}
ENFORCEMENTS: dict[Enforcement, tuple[Words, str, Words]] = {
    Enforcement.ACTIVE: (lazy("Active"), "good", lazy("Enforced immediately.")),
    Enforcement.DRY_RUN: (
        lazy("Dry run"),
        "warn",
        lazy("Nothing is refused; what would have been refused is recorded."),
    ),
    Enforcement.OFF: (lazy("Off"), "hold", lazy("Not enforced.")),
}
LAYERS: dict[Layer, Words] = {
    Layer.INSTANCE: lazy("Appliance"),
    Layer.ORGANISATION: lazy("Organisation"),
    Layer.REPOSITORY: lazy("Repository"),
}
CHOICES = [(state.value, label, hint) for state, (label, _, hint) in ENFORCEMENTS.items()]
