"""Who may do what with a repository, and why; and which branches and tags are protected."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from appliance.domain.permissions import Role
from appliance.domain.signatures import SignedBy
from appliance.services import protections, repository_access
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.db.repositories import ProtectionRule

api = frame.area("access", "Roles on a repository, why somebody has one, and protected refs.")


class GrantBody(frame.Body):
    """The role to give."""

    role: Role


class GrantPath(RepositoryPath):
    """Whose role: a user, or a team as ORG/TEAM."""

    grantee: str = Field(max_length=80)


class GrantAnswer(frame.Answer):
    """A role that somebody was given."""

    grantee_type: str
    name: str
    role: Role
    is_machine: bool = Field(description="Whether it is a service account")
    granted_at: datetime
    until: datetime | None = Field(description="When it ends by itself")


class GrantList(frame.Answer):
    """Every role that was given on a repository."""

    items: list[GrantAnswer]


class ReasonAnswer(frame.Answer):
    """One way in which somebody came to a role."""

    role: Role
    source: str
    name: str
    until: datetime | None = Field(description="When it ends by itself")


class AccessPath(RepositoryPath):
    """Whose access."""

    user: str = Field(max_length=39)


class AccessAnswer(frame.Answer):
    """Which role a user has, and by what."""

    user: str
    role: Role | None
    reasons: list[ReasonAnswer]


class RuleBody(frame.Body):
    """What may not happen to the refs that a pattern names."""

    pattern: str = Field(max_length=255, description="main, release/*, or refs/tags/v*")
    push_role: Role = Role.WRITER
    allow_force: bool = False
    allow_delete: bool = False
    signed_by: list[SignedBy] = Field(
        [], max_length=4, description="Signatures that count; with none, commits and tags need none"
    )
    signed_push: bool = Field(default=False, description="Whether pushes must be signed")


class RuleAnswer(frame.Answer):
    """A rule for branches or tags."""

    pattern: str
    push_role: Role
    allow_force: bool
    allow_delete: bool
    signed_by: list[SignedBy]
    signed_push: bool
    created_at: datetime


class RuleList(frame.Answer):
    """Every rule of a repository."""

    items: list[RuleAnswer]


class RuleQuery(frame.Body):
    """Which rule."""

    pattern: str = Field(max_length=255)


@api.get("/repos/<owner>/<name>/grants", summary="List roles", responses={"200": GrantList})
def list_grants(path: RepositoryPath) -> Any:
    """The roles given on this repository itself."""
    with requests.reading() as work:
        found = repository_access.listed(work, path.path)
    return frame.answer(GrantList(items=[GrantAnswer.model_validate(each) for each in found]))


@api.put(
    "/repos/<owner>/<name>/grants/<path:grantee>",
    summary="Grant a role to a user or a team",
    responses={"200": GrantAnswer},
)
def grant(path: GrantPath, body: GrantBody) -> Any:
    """A team is named ORG/TEAM."""
    with requests.begin() as work:
        given = repository_access.give(work, path.path, path.grantee, body.role, now=requests.now())
    return frame.answer(GrantAnswer.model_validate(given))


@api.delete(
    "/repos/<owner>/<name>/grants/<path:grantee>",
    summary="Withdraw a role",
    responses={"204": None},
)
def withdraw(path: GrantPath) -> Any:
    """Roles that come by other ways stay."""
    with requests.begin() as work:
        repository_access.withdraw(work, path.path, path.grantee)
    return frame.nothing()


@api.get(
    "/repos/<owner>/<name>/access/<user>",
    summary="Why somebody has access",
    responses={"200": AccessAnswer},
)
def explain(path: AccessPath) -> Any:
    """Every way in which the user came to a role."""
    with requests.reading() as work:
        found = repository_access.explain(work, path.path, path.user)
        reasons = [ReasonAnswer.model_validate(reason) for reason in found.reasons]
        return frame.answer(AccessAnswer(user=found.user.name, role=found.role, reasons=reasons))


@api.get("/repos/<owner>/<name>/protections", summary="List rules", responses={"200": RuleList})
def list_rules(path: RepositoryPath) -> Any:
    """Rules for branches and tags."""
    with requests.reading() as work:
        found = [_present_rule(rule) for rule in protections.listed(work, path.path)]
    return frame.answer(RuleList(items=found))


@api.put(
    "/repos/<owner>/<name>/protections",
    summary="Protect branches or tags",
    responses={"200": RuleAnswer},
)
def protect(path: RepositoryPath, body: RuleBody) -> Any:
    """Adds the rule of that pattern, or changes it."""
    rule = protections.Rule(
        body.pattern,
        body.push_role,
        body.allow_force,
        body.allow_delete,
        frozenset(body.signed_by),
        body.signed_push,
    )
    with requests.begin() as work:
        return frame.answer(
            _present_rule(protections.protect(work, path.path, rule, now=requests.now()))
        )


@api.delete("/repos/<owner>/<name>/protections", summary="Remove a rule", responses={"204": None})
def unprotect(path: RepositoryPath, query: RuleQuery) -> Any:
    """By its pattern."""
    with requests.begin() as work:
        protections.unprotect(work, path.path, query.pattern)
    return frame.nothing()


def _present_rule(rule: ProtectionRule) -> RuleAnswer:
    return RuleAnswer.model_validate(rule)
