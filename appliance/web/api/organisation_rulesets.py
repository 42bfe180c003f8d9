"""`/rulesets` of an organisation: rules for the branches, tags and pushes of its repositories."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appliance.services.rulesets import Place
from appliance.web.api import frame, ruleset_answers
from appliance.web.api.organisations import OrganisationPath
from appliance.web.api.ruleset_answers import (
    ReplayAnswer,
    ReportQuery,
    RulesetAnswer,
    RulesetBody,
    RulesetList,
    RulesetReport,
)

api = frame.area("rulesets of organisations", "Rules that no repository of one can loosen.")

RULESETS = "/orgs/<org>/rulesets"
RULESET = f"{RULESETS}/<uuid:id>"


class OrganisationRulesetPath(OrganisationPath):
    """Which ruleset."""

    id: UUID


@api.get(RULESETS, summary="List rulesets of an organisation", responses={"200": RulesetList})
def list_rulesets(path: OrganisationPath) -> Any:
    """For owners of the organisation, by name."""
    return ruleset_answers.listed(Place(path.org))


@api.post(RULESETS, summary="Create a ruleset of an organisation", responses={"201": RulesetAnswer})
def create(path: OrganisationPath, body: RulesetBody) -> Any:
    """It counts at once in all repositories that it chooses."""
    return ruleset_answers.created(Place(path.org), f"/orgs/{path.org}", body)


@api.get(RULESET, summary="Show a ruleset of an organisation", responses={"200": RulesetAnswer})
def show(path: OrganisationRulesetPath) -> Any:
    """With who may go past it."""
    return ruleset_answers.one(Place(path.org), path.id)


@api.put(RULESET, summary="Replace a ruleset of an organisation", responses={"200": RulesetAnswer})
def change(path: OrganisationRulesetPath, body: RulesetBody) -> Any:
    """All of it, as when it is made."""
    return ruleset_answers.changed(Place(path.org), path.id, body)


@api.delete(RULESET, summary="Remove a ruleset of an organisation", responses={"204": None})
def remove(path: OrganisationRulesetPath) -> Any:
    """With what it has found on trial."""
    return ruleset_answers.removed(Place(path.org), path.id)


@api.get(
    f"{RULESET}/report",
    summary="List findings of a ruleset of an organisation on trial",
    responses={"200": RulesetReport},
)
def show_report(path: OrganisationRulesetPath, query: ReportQuery) -> Any:
    """What it would have refused; of thirty days, unless said otherwise."""
    return ruleset_answers.report(Place(path.org), path.id, query)


@api.post(
    f"{RULESETS}/try",
    summary="Replay past pushes against a ruleset of an organisation",
    responses={"200": ReplayAnswer},
)
def try_out(path: OrganisationPath, query: ReportQuery, body: RulesetBody) -> Any:
    """What it would have refused in the last days in all repositories that it chooses."""
    return ruleset_answers.tried(Place(path.org), query, body)
