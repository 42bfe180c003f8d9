"""`/rulesets`: rules for the branches, tags and pushes of all repositories of the appliance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appliance.services.rulesets import Place
from appliance.web.api import frame, ruleset_answers
from appliance.web.api.ruleset_answers import (
    ReplayAnswer,
    ReportQuery,
    RulesetAnswer,
    RulesetBody,
    RulesetList,
    RulesetReport,
)

api = frame.area("rulesets of the appliance", "Rules that no organisation can loosen.")

RULESETS = "/rulesets"
RULESET = f"{RULESETS}/<uuid:id>"
HERE = Place()


class InstanceRulesetPath(frame.Body):
    """Which ruleset."""

    id: UUID


@api.get(RULESETS, summary="List rulesets of the appliance", responses={"200": RulesetList})
def list_rulesets() -> Any:
    """For administrators, by name."""
    return ruleset_answers.listed(HERE)


@api.post(RULESETS, summary="Create a ruleset of the appliance", responses={"201": RulesetAnswer})
def create(body: RulesetBody) -> Any:
    """It counts at once in all repositories that it chooses."""
    return ruleset_answers.created(HERE, "", body)


@api.get(RULESET, summary="Show a ruleset of the appliance", responses={"200": RulesetAnswer})
def show(path: InstanceRulesetPath) -> Any:
    """With who may go past it."""
    return ruleset_answers.one(HERE, path.id)


@api.put(RULESET, summary="Replace a ruleset of the appliance", responses={"200": RulesetAnswer})
def change(path: InstanceRulesetPath, body: RulesetBody) -> Any:
    """All of it, as when it is made."""
    return ruleset_answers.changed(HERE, path.id, body)


@api.delete(RULESET, summary="Remove a ruleset of the appliance", responses={"204": None})
def remove(path: InstanceRulesetPath) -> Any:
    """With what it has found on trial."""
    return ruleset_answers.removed(HERE, path.id)


@api.get(
    f"{RULESET}/report",
    summary="List findings of a ruleset of the appliance on trial",
    responses={"200": RulesetReport},
)
def show_report(path: InstanceRulesetPath, query: ReportQuery) -> Any:
    """What it would have refused; of thirty days, unless said otherwise."""
    return ruleset_answers.report(HERE, path.id, query)


@api.post(
    f"{RULESETS}/try",
    summary="Replay past pushes against a ruleset of the appliance",
    responses={"200": ReplayAnswer},
)
def try_out(query: ReportQuery, body: RulesetBody) -> Any:
    """What it would have refused in the last days in all repositories that it chooses."""
    return ruleset_answers.tried(HERE, query, body)
