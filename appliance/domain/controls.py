"""Controls of laws and standards, and which evidence the appliance has for them.

A framework is data: `config/controls/*.toml` for those that everybody has, and what organisations
write for themselves, in the same shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 300
MOST_CONTROLS = 2000
FRAMEWORK_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
CONTROL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.()-]{0,62}")
_NOT_IN_TOKENS = re.compile(r"[^A-Za-z0-9._]+")


class FrameworkError(ValueError):
    """A framework cannot be used as it is; the message says where and why."""


class Evidence(StrEnum):
    """A kind of evidence. The value is its number in catalogues; `EVIDENCE` says what it is."""

    LOG_INTEGRITY = "E1"
    LOG_COMPLETENESS = "E2"
    LOG_RETENTION = "E3"
    LOG_ACCESS = "E4"
    CLOCK = "E5"
    SIGN_IN_POLICY = "E6"
    FAILED_SIGN_INS = "E7"
    JOINERS_AND_LEAVERS = "E8"
    ACCESS_REVIEWS = "E9"
    PRIVILEGED_ACTIONS = "E10"
    BRANCH_RULES = "E11"
    CHANGES = "E12"
    CHAIN_OF_CUSTODY = "E13"
    SECRET_ALERTS = "E14"  # noqa: S105 - the number of a kind.
    DEPENDENCY_ALERTS = "E15"
    CREDENTIALS = "E16"
    BACKUPS = "E17"
    ENCRYPTION = "E18"
    RETENTION = "E19"
    PRIVACY_REQUESTS = "E20"
    MODELS = "E21"
    BASELINE = "E22"
    PATCH_AGE = "E23"
    INCIDENTS = "E24"


EVIDENCE: Mapping[Evidence, str] = {
    Evidence.LOG_INTEGRITY: "The audit log was checked whole: entries, tree and checkpoints agree.",
    Evidence.LOG_COMPLETENESS: "Nothing is missing from the audit log.",
    Evidence.LOG_RETENTION: "How long the audit log is kept, and its oldest entry.",
    Evidence.LOG_ACCESS: "Who read or exported the audit log.",
    Evidence.CLOCK: "Whether the clock was right.",
    Evidence.SIGN_IN_POLICY: "How people sign in: providers, factors, sessions.",
    Evidence.FAILED_SIGN_INS: "Sign-ins that failed, and accounts that were locked.",
    Evidence.JOINERS_AND_LEAVERS: "Who came, moved and left, and how soon rights followed.",
    Evidence.ACCESS_REVIEWS: "Reviews of access, with what reviewers decided.",
    Evidence.PRIVILEGED_ACTIONS: "What administrators did, and access in emergencies.",
    Evidence.BRANCH_RULES: "Rules about branches, and how they changed.",
    Evidence.CHANGES: "Every change, with author, approvers, checks and exceptions.",
    Evidence.CHAIN_OF_CUSTODY: "Where each commit and release came from.",
    Evidence.SECRET_ALERTS: "Secrets that were found, and for how long they were open.",
    Evidence.DEPENDENCY_ALERTS: "Vulnerable dependencies and their age; bills of materials.",
    Evidence.CREDENTIALS: "Tokens and keys, and when they were renewed.",
    Evidence.BACKUPS: "Copies, and rehearsals of coming back from them.",
    Evidence.ENCRYPTION: "How data is encrypted where it lies and moves.",
    Evidence.RETENTION: "How long things are kept; holds, dispositions and certificates.",
    Evidence.PRIVACY_REQUESTS: "Requests of people about what is kept of them.",
    Evidence.MODELS: "Datasets, models, evaluations and what is in use.",
    Evidence.BASELINE: "Settings that differ from the approved baseline.",
    Evidence.PATCH_AGE: "Which release runs, and how old it is.",
    Evidence.INCIDENTS: "Alerts and incidents in order of time.",
}


@dataclass(frozen=True)
class Control:
    """One thing that is asked. Without evidence it is answered by hand, always."""

    framework: str
    id: str
    says: str
    evidence: tuple[Evidence, ...]

    @property
    def token(self) -> str:
        """Its id where only letters, digits, dots, hyphens and underscores are allowed."""
        return f"{self.framework}-{_NOT_IN_TOKENS.sub('-', self.id).strip('-').lower()}"


@dataclass(frozen=True)
class Framework:
    """A law or a standard, with its controls in the order of its source."""

    name: str
    title: str
    edition: str
    source: str
    controls: tuple[Control, ...]


def read_framework(name: str, content: Mapping[str, object]) -> Framework:
    """A framework from the tables of its file.

    Errors:
        FrameworkError: something is missing, unknown, too long or said twice.
    """
    if not FRAMEWORK_NAME.fullmatch(name):
        raise FrameworkError(
            f"{name!r} is no name for a framework: small letters, digits, hyphens."
        )
    unknown = sorted(set(content) - {"title", "edition", "source", "controls"})
    if unknown:
        raise FrameworkError(f"{name}: nobody knows {', '.join(unknown)}.")
    tables = content.get("controls")
    if not isinstance(tables, Mapping) or not 0 < len(tables) <= MOST_CONTROLS:
        raise FrameworkError(f"{name}: it needs 1 to {MOST_CONTROLS} controls.")
    controls = tuple(_control(name, str(each), table) for each, table in tables.items())
    if len({control.token for control in controls}) < len(controls):
        raise FrameworkError(f"{name}: two controls have ids that are too alike.")
    title, edition, source = (_text(name, content, each) for each in ("title", "edition", "source"))
    return Framework(name, title, edition, source, controls)


def _control(framework: str, control_id: str, table: object) -> Control:
    where = f"{framework}, {control_id}"
    if not CONTROL_ID.fullmatch(control_id):
        raise FrameworkError(f"{where}: an id has letters, digits, dots, hyphens and parentheses.")
    if not isinstance(table, Mapping) or set(table) != {"says", "evidence"}:
        raise FrameworkError(f"{where}: it needs `says` and `evidence`, and nothing else.")
    return Control(framework, control_id, _text(where, table, "says"), _evidence(where, table))


def _evidence(where: str, table: Mapping[str, object]) -> tuple[Evidence, ...]:
    named = table["evidence"]
    if not isinstance(named, str):
        raise FrameworkError(f'{where}: `evidence` is a text like "E1 E2".')
    try:
        found = tuple(Evidence(each) for each in named.split())
    except ValueError as error:
        raise FrameworkError(f"{where}: {error}.") from error
    if len(set(found)) < len(found):
        raise FrameworkError(f"{where}: it names evidence twice.")
    return found


def _text(where: str, table: Mapping[str, object], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise FrameworkError(f"{where}: `{name}` is a text of 1 to {LONGEST_TEXT} characters.")
    return value
