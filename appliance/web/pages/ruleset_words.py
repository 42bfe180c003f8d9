"""What rules, their parameters and layers are called for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as lazy

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
        (K.PULL_REQUEST, K.SENSITIVE_FILES, K.REQUIRED_CHECKS, K.MERGE_QUEUE),
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
    K.CREATION: (lazy("Restrict creation"), lazy("Only those named create it.")),
    K.UPDATE: (lazy("Restrict pushes"), lazy("Only those named push to it or merge into it.")),
    K.DELETION: (lazy("Restrict deletion"), lazy("Only those named delete it.")),
    K.NON_FAST_FORWARD: (lazy("Block force pushes"), lazy("History may not be rewritten.")),
    K.REF_NAME: (lazy("Names of new branches and tags"), lazy("Patterns that names must match.")),
    K.FREEZE: (lazy("Freeze"), lazy("Nothing moves while a window is open.")),
    K.PULL_REQUEST: (
        lazy("Require pull requests"),
        lazy("Nobody pushes; what is merged has been approved."),
    ),
    K.SENSITIVE_FILES: (
        lazy("More approvals for CODEOWNERS and workflows"),
        lazy("Files that say who approves and what runs need two."),
    ),
    K.REQUIRED_CHECKS: (lazy("Require checks"), lazy("These must have passed.")),
    K.MERGE_QUEUE: (
        lazy("Require the merge queue"),
        lazy("Nobody pushes or merges past it: what lands was tested."),
    ),
    K.LINEAR_HISTORY: (lazy("Linear history"), lazy("No merge commits.")),
    K.COMMIT_MESSAGE: (lazy("Messages of commits"), lazy("Patterns that messages must match.")),
    K.TICKET_REFERENCE: (
        lazy("Require a ticket"),
        lazy("Each message, or the pull request, names one."),
    ),
    K.AUTHOR_ADDRESS: (lazy("Addresses of authors"), lazy("Patterns that addresses must match.")),
    K.VERIFIED_AUTHOR: (
        lazy("Verified authors"),
        lazy("Commits are by a verified address of whoever pushes."),
    ),
    K.SIGNED_COMMITS: (lazy("Require signatures"), lazy("New commits and tags are signed.")),
    K.SIGNED_PUSH: (lazy("Require signed pushes"), lazy("Whoever pushes signs that they do.")),
    K.FILE_PATHS: (lazy("Restrict file paths"), lazy("Files that may not be changed.")),
    K.FILE_EXTENSIONS: (lazy("Restrict file extensions"), lazy("Extensions that are refused.")),
    K.FILE_SIZE: (lazy("Limit file size"), lazy("The largest file that is taken.")),
    K.POLICIES: (
        lazy("Policies about contents"),
        lazy("What files may not contain, asked before or after they come in."),
    ),
}

SUBJECTS = lazy(
    "One a line: role maintainer, team lab/release, user NAME, organisation_owners, administrators."
)
POLICIES: dict[str, tuple[Words, Words]] = {
    Policy.CONFLICT_MARKERS: (lazy("No marks of conflicts"), lazy("As git leaves them in files.")),
    Policy.LINE_ENDINGS: (lazy("One kind of line ending in a file"), lazy("LF or CRLF, not both.")),
    Policy.PRIVATE_KEYS: (lazy("No private keys"), lazy("In any commit, even if removed later.")),
    Policy.VALID_SYNTAX: (lazy("Valid JSON, YAML and TOML"), lazy("By the ending of the name.")),
}
MOMENTS: dict[str, tuple[Words, Words]] = {
    Moment.PRE_COMMIT: (
        lazy("Before the appliance commits"),
        lazy("What the portal, the API and merges make."),
    ),
    Moment.PRE_PUSH: (lazy("Before a push comes in"), lazy("Over HTTPS and SSH.")),
    Moment.POST_COMMIT: (
        lazy("After a branch has moved"),
        lazy("Nothing is refused; a check run of the commit says what was found."),
    ),
}
SIGNERS: dict[str, tuple[Words, Words]] = {kind: (SIGNED_BY[kind], "") for kind in SignedBy}
PARAMETERS: dict[str, Parameter] = {
    "allowed": Parameter(lazy("Who may all the same"), "lines", SUBJECTS),
    "approvals": Parameter(lazy("Approvals"), "number"),
    "code_owners": Parameter(lazy("Owners of changed files must approve (CODEOWNERS)")),
    "reviewers": Parameter(
        lazy("Who must approve, too"),
        "lines",
        lazy("One a line: user NAME, or team lab/security: one of its members."),
    ),
    "not_last_pusher": Parameter(lazy("The approval of who pushed last does not count")),
    "dismiss_stale": Parameter(
        lazy("Approvals end with a push"),
        hint=lazy("Not with a rebase that leaves the changes as they were."),
    ),
    "resolved_threads": Parameter(lazy("Conversations must be resolved")),
    "checks": Parameter(lazy("Checks"), "lines", lazy("One name a line.")),
    "reporters": Parameter(
        lazy("Who must report them"),
        "lines",
        lazy("One a line: user NAME. What others report is nothing then; empty: anybody may."),
    ),
    "up_to_date": Parameter(lazy("What is merged must contain the branch as it is")),
    "signed_by": Parameter(lazy("Signatures that count"), "kinds", among=SIGNERS),
    "patterns": Parameter(lazy("Patterns"), "lines", lazy("One a line.")),
    "forbidden": Parameter(lazy("Refuse what they match")),
    "most_bytes": Parameter(lazy("Largest file, in bytes"), "number"),
    "policies": Parameter(lazy("Policies"), "kinds", among=POLICIES),
    "moments": Parameter(lazy("When are they asked?"), "kinds", among=MOMENTS),
    "exempt": Parameter(
        lazy("But not of these files"),
        "lines",
        lazy("One a line, as in .gitignore: /vendor/, *.min.json."),
    ),
    "windows": Parameter(
        lazy("Windows"),
        "lines",
        lazy("One a line, in UTC: 2026-12-19T18:00/2027-01-04T06:00, or Fri 16:00/Mon 06:00."),
    ),
}
HINTS: dict[RuleKind, Words] = {
    K.COMMIT_MESSAGE: lazy("One regular expression (RE2) a line."),
    K.TICKET_REFERENCE: lazy("One regular expression (RE2) a line; empty: AB-12 and #12."),
    K.AUTHOR_ADDRESS: lazy("One a line, as in *@example.org."),
    K.REF_NAME: lazy("One a line, as in feature/*."),
    K.FILE_PATHS: lazy("One a line, as in .gitignore: /vendor/, *.pem."),
    K.FILE_EXTENSIONS: lazy("One a line: exe, dll."),
    K.SENSITIVE_FILES: lazy("One a line; empty: CODEOWNERS and the usual folders of workflows."),
}
ENFORCEMENTS: dict[Enforcement, tuple[Words, str, Words]] = {
    Enforcement.ACTIVE: (lazy("Active"), "good", lazy("Enforced at once.")),
    Enforcement.DRY_RUN: (
        lazy("Dry run"),
        "warn",
        lazy("Nothing is refused; what would have been is recorded."),
    ),
    Enforcement.OFF: (lazy("Off"), "hold", lazy("Kept, and not enforced.")),
}
LAYERS: dict[Layer, Words] = {
    Layer.INSTANCE: lazy("Appliance"),
    Layer.ORGANISATION: lazy("Organisation"),
    Layer.REPOSITORY: lazy("Repository"),
}
CHOICES = [(state.value, label, hint) for state, (label, _, hint) in ENFORCEMENTS.items()]
