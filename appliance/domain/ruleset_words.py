"""Rulesets as data: layers, rules and what each kind of rule takes, whom they are about."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.domain.policies import Moment, Policy
    from appliance.domain.ruleset_facts import ActorFacts
    from appliance.domain.signatures import SignedBy

from appliance.domain.alerts import AlertKind, Confidence, Lane, Severity
from appliance.domain.permissions import ROLE_ORDER, Role


class Layer(StrEnum):
    """Who has set rules. All layers count; so the strictest wins."""

    INSTANCE = "instance"
    ORGANISATION = "organisation"
    REPOSITORY = "repository"


class Enforcement(StrEnum):
    """Whether rules count."""

    ACTIVE = "active"
    DRY_RUN = "dry_run"
    """They refuse nothing, and what they would have refused is kept."""
    OFF = "off"


class SubjectKind(StrEnum):
    """How those whom a rule is about are named."""

    USER = "user"
    TEAM = "team"
    ROLE = "role"
    """A role on the repository, and every higher one."""
    ORGANISATION_OWNERS = "organisation_owners"
    ADMINISTRATORS = "administrators"
    PERMITTED = "permitted"
    """Whoever has the permission to push past the repository's protections."""


@dataclass(frozen=True)
class Subject:
    """One user, team or role."""

    kind: SubjectKind
    id: UUID | None = None
    role: Role | None = None

    def includes(self, actor: ActorFacts) -> bool:
        """Whether the actor is meant."""
        match self.kind:
            case SubjectKind.USER:
                return self.id is not None and self.id == actor.user_id
            case SubjectKind.TEAM:
                return self.id in actor.team_ids
            case SubjectKind.ROLE:
                return reaches(actor.role, self.role)
            case SubjectKind.ORGANISATION_OWNERS:
                return actor.is_organisation_owner
            case SubjectKind.ADMINISTRATORS:
                return actor.is_administrator
            case SubjectKind.PERMITTED:
                return actor.may_bypass_protection


def reaches(role: Role | None, wanted: Role | None) -> bool:
    """Whether a role is as high as another."""
    return role is not None and wanted is not None and order(role) >= order(wanted)


def order(role: Role) -> int:
    """How high a role is."""
    return ROLE_ORDER.index(role)


@dataclass(frozen=True)
class Bypass:
    """Somebody who may go past a ruleset, and why."""

    subject: Subject
    reason: str = ""


class RuleKind(StrEnum):
    """What a rule is about."""

    CREATION = "creation"
    UPDATE = "update"
    DELETION = "deletion"
    NON_FAST_FORWARD = "non_fast_forward"
    REF_NAME = "ref_name"
    LINEAR_HISTORY = "linear_history"
    SIGNED_COMMITS = "signed_commits"
    SIGNED_PUSH = "signed_push"
    PULL_REQUEST = "pull_request"
    SENSITIVE_FILES = "sensitive_files"
    REQUIRED_CHECKS = "required_checks"
    MERGE_QUEUE = "merge_queue"
    COMMIT_MESSAGE = "commit_message"
    AUTHOR_ADDRESS = "author_address"
    VERIFIED_AUTHOR = "verified_author"
    TICKET_REFERENCE = "ticket_reference"
    FILE_PATHS = "file_paths"
    FILE_EXTENSIONS = "file_extensions"
    FILE_SIZE = "file_size"
    POLICIES = "policies"
    FREEZE = "freeze"
    ALERTS = "alerts"


@dataclass(frozen=True)
class Rule:
    """One rule. Which of the parameters it takes is said by `TAKES`."""

    kind: RuleKind
    allowed: tuple[Subject, ...] = ()
    """Who may all the same; nobody, where it is empty."""
    approvals: int = 0
    code_owners: bool = False
    """Whether owners of changed files must approve, as CODEOWNERS of the target branch says."""
    reviewers: tuple[Subject, ...] = ()
    """Users, or teams of which one member must approve."""
    not_last_pusher: bool = False
    """Whether the approval of who pushed last does not count."""
    dismiss_stale: bool = False
    """Whether an approval ends with a push that makes a real difference."""
    resolved_threads: bool = False
    checks: tuple[str, ...] = ()
    reporters: tuple[Subject, ...] = ()
    """Users whose reports alone count: what others say under the same name is nothing."""
    up_to_date: bool = False
    """Whether what is merged must contain the branch as it is."""
    signed_by: frozenset[SignedBy] = frozenset()
    patterns: tuple[str, ...] = ()
    forbidden: bool = False
    """Whether what the patterns name is refused, and not the only thing that is taken."""
    most_bytes: int = 0
    policies: frozenset[Policy] = frozenset()
    moments: frozenset[Moment] = frozenset()
    """When policies are asked; empty: before anything comes in."""
    exempt: tuple[str, ...] = ()
    """Files that policies do not look at."""
    windows: tuple[str, ...] = ()
    kinds: frozenset[AlertKind] = frozenset()
    severities: frozenset[Severity] = frozenset()
    """Of new alerts; empty: all. A severity that nobody has said counts always."""
    confidences: frozenset[Confidence] = frozenset()
    lanes: frozenset[Lane] = frozenset()
    overdue: bool = False
    """Whether open alerts past their due date stand in the way, too."""
    exploited: bool = False
    """Whether vulnerabilities that attackers use stand in the way, new or not."""
    most_feed_days: int = 0
    """How old the feed may be; 0: until the appliance calls it old."""


TAKES: dict[RuleKind, tuple[str, ...]] = {
    RuleKind.CREATION: ("allowed",),
    RuleKind.UPDATE: ("allowed",),
    RuleKind.DELETION: ("allowed",),
    RuleKind.NON_FAST_FORWARD: (),
    RuleKind.REF_NAME: ("patterns", "forbidden"),
    RuleKind.LINEAR_HISTORY: (),
    RuleKind.SIGNED_COMMITS: ("signed_by",),
    RuleKind.SIGNED_PUSH: (),
    RuleKind.PULL_REQUEST: (
        *("approvals", "code_owners", "reviewers", "not_last_pusher", "dismiss_stale"),
        "resolved_threads",
    ),
    RuleKind.SENSITIVE_FILES: ("patterns", "approvals"),
    RuleKind.REQUIRED_CHECKS: ("checks", "reporters", "up_to_date"),
    RuleKind.MERGE_QUEUE: (),
    RuleKind.COMMIT_MESSAGE: ("patterns", "forbidden"),
    RuleKind.AUTHOR_ADDRESS: ("patterns", "forbidden"),
    RuleKind.VERIFIED_AUTHOR: (),
    RuleKind.TICKET_REFERENCE: ("patterns",),
    RuleKind.FILE_PATHS: ("patterns",),
    RuleKind.FILE_EXTENSIONS: ("patterns",),
    RuleKind.FILE_SIZE: ("most_bytes",),
    RuleKind.POLICIES: ("policies", "moments", "exempt"),
    RuleKind.FREEZE: ("windows",),
    RuleKind.ALERTS: (
        *("kinds", "severities", "confidences", "lanes", "overdue", "exploited"),
        "most_feed_days",
    ),
}
NEEDS: dict[RuleKind, str] = {
    RuleKind.REF_NAME: "patterns",
    RuleKind.SIGNED_COMMITS: "signed_by",
    RuleKind.REQUIRED_CHECKS: "checks",
    RuleKind.COMMIT_MESSAGE: "patterns",
    RuleKind.AUTHOR_ADDRESS: "patterns",
    RuleKind.FILE_PATHS: "patterns",
    RuleKind.FILE_EXTENSIONS: "patterns",
    RuleKind.FILE_SIZE: "most_bytes",
    RuleKind.POLICIES: "policies",
    RuleKind.FREEZE: "windows",
    RuleKind.ALERTS: "kinds",
}
"""The parameter without which a rule would say nothing."""

LOOKS_INSIDE = frozenset(
    {
        *(RuleKind.LINEAR_HISTORY, RuleKind.PULL_REQUEST, RuleKind.SENSITIVE_FILES),
        *(RuleKind.REQUIRED_CHECKS, RuleKind.COMMIT_MESSAGE, RuleKind.AUTHOR_ADDRESS),
        *(RuleKind.VERIFIED_AUTHOR, RuleKind.TICKET_REFERENCE, RuleKind.FILE_PATHS),
        *(RuleKind.FILE_EXTENSIONS, RuleKind.FILE_SIZE, RuleKind.POLICIES),
        RuleKind.MERGE_QUEUE,
    }
)
"""Kinds of rules for which the commits and files that a ref would get must be read."""

SENSITIVE = (
    *("CODEOWNERS", "/.codara/workflows/**", "/.github/workflows/**", "/.gitlab-ci.yml"),
    *("/.gitea/workflows/**", "/.forgejo/workflows/**", "/.ci/**"),
)
"""Files that say who approves and what runs: they need more eyes than others."""
SENSITIVE_APPROVALS = 2
TICKET = (r"\b[A-Z][A-Z0-9]+-[0-9]+\b", r"(^|\s)#[0-9]+\b")
"""How tickets are usually named."""


def is_set(rule: Rule, name: str) -> bool:
    """Whether a rule says something by one of its parameters."""
    return bool(getattr(rule, name))


def strange_parameters(rule: Rule) -> tuple[str, ...]:
    """Parameters that are said and that rules of this kind do not take."""
    names = [each.name for each in fields(rule) if each.name != "kind"]
    return tuple(name for name in names if name not in TAKES[rule.kind] and is_set(rule, name))
