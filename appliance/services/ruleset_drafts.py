"""Rulesets as people write them: users and teams by name, everything checked before it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db.organisations import Organisation, Team
from appliance.db.users import User
from appliance.domain import freezes, ruleset_json, text_patterns
from appliance.domain.permissions import Permission, Role
from appliance.domain.ruleset_json import SUBJECTS
from appliance.domain.ruleset_words import (
    NEEDS,
    TAKES,
    Bypass,
    Enforcement,
    Rule,
    RuleKind,
    Subject,
    SubjectKind,
    is_set,
    strange_parameters,
)
from appliance.domain.rulesets import ALL, DEFAULT_BRANCH, Target
from appliance.errors import ApplianceError, InvalidError, sentence
from appliance.services.protections import full_pattern

if TYPE_CHECKING:
    from appliance.db.rulesets import RulesetRow
    from appliance.db.unit_of_work import UnitOfWork

LONGEST_NAME = 100
LONGEST_REASON = 500
MOST_PATTERNS = 50
MOST_RULES = 50
MOST_BYPASSES = 50
MOST_FEED_DAYS = 3650
MOST_APPROVALS = 10
MOST_PROPERTIES = 20
WITH_EXPRESSIONS = (RuleKind.COMMIT_MESSAGE, RuleKind.TICKET_REFERENCE)
NAMED = (SubjectKind.USER, SubjectKind.TEAM)
SAYABLE = frozenset(SubjectKind) - {SubjectKind.PERMITTED}


@dataclass(frozen=True)
class SaidSubject:
    """A user, a team as `ORG/TEAM`, or a role, as somebody names them."""

    kind: SubjectKind
    name: str = ""
    role: Role | None = None
    reason: str = ""
    """Why they may go past a ruleset."""


@dataclass(frozen=True)
class Draft:
    """A ruleset as somebody wants it."""

    name: str
    enforcement: Enforcement
    target: Target
    rules: tuple[Mapping[str, Any], ...]
    """As `ruleset_json` has them, with `SaidSubject`s in `allowed` and the like."""
    bypass: tuple[SaidSubject, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What of it is kept."""

    name: str
    enforcement: Enforcement
    target: Target
    rules: tuple[Rule, ...]
    bypass: tuple[Bypass, ...]


@open_to_everyone(because="who calls it has asked; people and teams are fetched in their name")
def checked(work: UnitOfWork, draft: Draft) -> Checked:
    """A draft with users and teams by id.

    Errors:
        InvalidError: something in it cannot be meant.
    """
    name = " ".join(draft.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidError.of("name", sentence("Give the ruleset a name."))
    if not draft.rules or len(draft.rules) > MOST_RULES:
        raise InvalidError.of(
            "rules",
            sentence("A ruleset has at least one rule, and at most %(most)s.", most=MOST_RULES),
        )
    if len(draft.bypass) > MOST_BYPASSES:
        raise InvalidError.of(
            "bypass", sentence("A bypass list has at most %(most)s entries.", most=MOST_BYPASSES)
        )
    return Checked(
        name,
        draft.enforcement,
        _target(draft.target),
        tuple(_rule(work, said) for said in draft.rules),
        tuple(_bypass(work, each) for each in draft.bypass),
    )


def _target(target: Target) -> Target:
    if not target.includes:
        raise InvalidError.of("includes", sentence("Enter the branches or tags it applies to."))
    for patterns in (target.includes, target.excludes, target.repositories):
        _insist_on_few("includes", patterns)
    if len(target.properties) > MOST_PROPERTIES:
        raise InvalidError.of("properties", sentence("Too many properties."))
    return Target(
        tuple(_ref_pattern(each) for each in target.includes),
        tuple(_ref_pattern(each) for each in target.excludes),
        tuple(each.strip() for each in target.repositories if each.strip()),
        tuple(target.visibilities),
        {str(key): str(value) for key, value in target.properties.items()},
    )


def _ref_pattern(pattern: str) -> str:
    said = pattern.strip()
    return said if said in {ALL, DEFAULT_BRANCH} else full_pattern(said)


def _rule(work: UnitOfWork, said: Mapping[str, Any]) -> Rule:
    values = {name: value for name, value in said.items() if name not in SUBJECTS}
    plain = ruleset_json.rule(values)
    rule = Rule(
        **{name: getattr(plain, name) for name in ("kind", *TAKES[plain.kind])}
        | {name: tuple(_subject(work, each) for each in said.get(name, ())) for name in SUBJECTS}
    )
    strange = [*strange_parameters(plain), *strange_parameters(rule)]
    if strange:
        raise InvalidError.of(
            "rules",
            sentence(
                "A rule %(kind)s does not accept %(names)s.",
                kind=rule.kind,
                names=", ".join(strange),
            ),
        )
    needed = NEEDS.get(rule.kind)
    if needed is not None and not is_set(rule, needed):
        raise InvalidError.of(
            "rules",
            sentence("A rule %(kind)s needs %(name)s.", kind=rule.kind, name=needed),
        )
    _insist_on_sense(rule)
    return rule


def _insist_on_sense(rule: Rule) -> None:
    for texts in (rule.patterns, rule.checks, rule.exempt, rule.windows):
        _insist_on_few("rules", texts)
    if not 0 <= rule.approvals <= MOST_APPROVALS:
        raise InvalidError.of(
            "rules", sentence("At most %(most)s approvals can be required.", most=MOST_APPROVALS)
        )
    if any(each.kind is not SubjectKind.USER for each in rule.reporters):
        raise InvalidError.of("rules", sentence("Enter the users who report the checks."))
    if rule.most_bytes < 0:
        raise InvalidError.of("rules", sentence("A size cannot be negative."))
    if not 0 <= rule.most_feed_days <= MOST_FEED_DAYS:
        raise InvalidError.of(
            "rules", sentence("Enter at most %(most)s days.", most=MOST_FEED_DAYS)
        )
    for window in rule.windows:
        freezes.parse(window)
    for pattern in rule.patterns if rule.kind in WITH_EXPRESSIONS else ():
        text_patterns.insist_on(pattern)


def _insist_on_few(field: str, texts: Sequence[str]) -> None:
    if len(texts) > MOST_PATTERNS:
        raise InvalidError.of(
            field, sentence("At most %(most)s patterns go in one list.", most=MOST_PATTERNS)
        )
    if any(not 0 < len(each) <= text_patterns.LONGEST for each in texts):
        raise InvalidError.of(field, sentence("A pattern is empty or too long."))


def _bypass(work: UnitOfWork, said: SaidSubject) -> Bypass:
    reason = said.reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidError.of(
            "bypass", sentence("Give a reason for each entry of the bypass list.")
        )
    return Bypass(_subject(work, said, field="bypass"), reason)


def _subject(work: UnitOfWork, said: SaidSubject, *, field: str = "rules") -> Subject:
    if said.kind not in SAYABLE:
        raise InvalidError.of(field, sentence("This entry is not valid."))
    if said.kind is SubjectKind.ROLE:
        if said.role is None:
            raise InvalidError.of(field, sentence("Enter a role."))
        return Subject(said.kind, role=said.role)
    return Subject(said.kind, _id(work, said, field) if said.kind in NAMED else None)


def _id(work: UnitOfWork, said: SaidSubject, field: str) -> UUID:
    try:
        if said.kind is SubjectKind.TEAM:
            return fetch.team(work, said.name, Permission.ORGANISATION_READ)[1].id
        return fetch.user(work, said.name, Permission.USERS_READ).id
    except ApplianceError as error:
        raise InvalidError.of(
            field, sentence("There is no user or team %(name)s.", name=said.name[:100])
        ) from error


@dataclass(frozen=True)
class Shown:
    """A ruleset as it is shown: users and teams by name."""

    row: RulesetRow
    rules: tuple[dict[str, Any], ...]
    bypass: tuple[dict[str, Any], ...]


@open_to_everyone(because="who calls it has asked")
def shown(work: UnitOfWork, rows: Iterable[RulesetRow]) -> list[Shown]:
    """Rulesets with the names of those whom they name; who is gone has none."""
    kept = list(rows)
    parsed = [(list(map(ruleset_json.rule, each.rules)), each) for each in kept]
    ids: set[UUID] = set()
    for rules, each in parsed:
        ids |= ruleset_json.subjects_of(rules, map(ruleset_json.bypass, each.bypass))
    names = _names(work, ids)
    return [
        Shown(
            each,
            tuple(_with_names(rule, names) for rule in each.rules),
            tuple(_named(subject, names) for subject in each.bypass),
        )
        for each in kept
    ]


def _with_names(rule: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    named = {key: [_named(each, names) for each in rule[key]] for key in SUBJECTS if key in rule}
    return {**rule, **named}


def _named(subject: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    said = {key: value for key, value in subject.items() if key != "id"}
    return said | ({"name": names.get(subject["id"], "")} if "id" in subject else {})


def _names(work: UnitOfWork, ids: set[UUID]) -> dict[str, str]:
    if not ids:
        return {}
    users = sa.select(User.id, User.name).where(User.id.in_(ids))
    teams = (
        sa.select(Team.id, Organisation.name, Team.name)
        .join(Organisation, Organisation.id == Team.organisation_id)
        .where(Team.id.in_(ids))
    )
    found = {str(user_id): name for user_id, name in work.session.execute(users)}
    for team_id, organisation, name in work.session.execute(teams):
        found[str(team_id)] = f"{organisation}/{name}"
    return found
