"""`/rulesets` of a repository, `/rules` that stand over it, and its properties and owners."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain import ruleset_json
from appliance.domain.ruleset_words import Enforcement, Layer, Rule
from appliance.services import repository_properties, rulesets
from appliance.services.rulesets import Place
from appliance.web import requests
from appliance.web.api import frame, ruleset_answers
from appliance.web.api.repositories import RepositoryPath
from appliance.web.api.ruleset_answers import (
    LayeredRuleAnswer,
    ReplayAnswer,
    ReportQuery,
    RulesetAnswer,
    RulesetBody,
    RulesetList,
    RulesetReport,
)

api = frame.area("rulesets", "Rules for branches, tags and pushes, in three layers.")

RULESETS = "/repos/<owner>/<name>/rulesets"
RULESET = f"{RULESETS}/<uuid:id>"
PROPERTIES = "/repos/<owner>/<name>/properties"


class RulesetPath(RepositoryPath):
    """Which ruleset."""

    id: UUID


class RulesQuery(frame.Body):
    """Over which ref."""

    ref: str = Field("", max_length=255, description="A branch, or a full ref name; none: all")


class PropertiesBody(frame.Body):
    """What rulesets choose a repository by."""

    properties: dict[str, str]


class PropertiesAnswer(frame.Answer):
    """What rulesets choose a repository by."""

    properties: dict[str, str]


class StandingRulesetAnswer(frame.Answer):
    """Rules that stand over a repository. Without an id: a protection, or a signing rule."""

    id: UUID | None
    name: str
    layer: Layer
    enforcement: Enforcement
    includes: list[str]
    excludes: list[str]
    rules: list[LayeredRuleAnswer]


class StandingRulesetList(frame.Answer):
    """All of them."""

    items: list[StandingRulesetAnswer]


@api.get(RULESETS, summary="List rulesets", responses={"200": RulesetList})
def list_rulesets(path: RepositoryPath) -> Any:
    """Those of the repository itself, by name; `/rules` has all that count."""
    return ruleset_answers.listed(_place(path))


@api.post(RULESETS, summary="Create a ruleset", responses={"201": RulesetAnswer})
def create(path: RepositoryPath, body: RulesetBody) -> Any:
    """It counts at once; on trial (`dry_run`) it refuses nothing and keeps what it would have."""
    return ruleset_answers.created(_place(path), f"/repos/{path.path}", body)


@api.get(RULESET, summary="Show a ruleset", responses={"200": RulesetAnswer})
def show(path: RulesetPath) -> Any:
    """With who may go past it."""
    return ruleset_answers.one(_place(path), path.id)


@api.put(RULESET, summary="Replace a ruleset", responses={"200": RulesetAnswer})
def change(path: RulesetPath, body: RulesetBody) -> Any:
    """All of it, as when it is made."""
    return ruleset_answers.changed(_place(path), path.id, body)


@api.delete(RULESET, summary="Remove a ruleset", responses={"204": None})
def remove(path: RulesetPath) -> Any:
    """With what it has found on trial."""
    return ruleset_answers.removed(_place(path), path.id)


@api.get(
    f"{RULESET}/report",
    summary="List findings of a ruleset on trial",
    responses={"200": RulesetReport},
)
def show_report(path: RulesetPath, query: ReportQuery) -> Any:
    """What it would have refused; of thirty days, unless said otherwise."""
    return ruleset_answers.report(_place(path), path.id, query)


@api.post(
    f"{RULESETS}/try",
    summary="Replay past pushes against a ruleset",
    responses={"200": ReplayAnswer},
)
def try_out(path: RepositoryPath, query: ReportQuery, body: RulesetBody) -> Any:
    """What it would have refused in the last days; nothing is set."""
    return ruleset_answers.tried(_place(path), query, body)


@api.get(
    "/repos/<owner>/<name>/rules",
    summary="List the rules that apply to a repository",
    responses={"200": StandingRulesetList},
)
def list_rules(path: RepositoryPath, query: RulesQuery) -> Any:
    """Of every layer, or those about one ref; all of them count, so the strictest wins."""
    with requests.reading() as work:
        found = rulesets.over(work, path.path, ref=query.ref)
    items = [
        StandingRulesetAnswer(
            id=each.id,
            name=each.name,
            layer=each.layer,
            enforcement=each.enforcement,
            includes=list(each.includes),
            excludes=list(each.excludes),
            rules=[
                LayeredRuleAnswer.model_validate(ruleset_json.of_rule(rule)) for rule in each.rules
            ],
        )
        for each in found
    ]
    return frame.answer(StandingRulesetList(items=items))


@api.get(
    PROPERTIES, summary="Show the properties of a repository", responses={"200": PropertiesAnswer}
)
def show_properties(path: RepositoryPath) -> Any:
    """What rulesets above choose it by."""
    with requests.reading() as work:
        return frame.answer(
            PropertiesAnswer(properties=repository_properties.properties(work, path.path))
        )


@api.put(
    PROPERTIES, summary="Set the properties of a repository", responses={"200": PropertiesAnswer}
)
def set_properties(path: RepositoryPath, body: PropertiesBody) -> Any:
    """For owners of its organisation; of a user's repository, for administrators."""
    with requests.begin() as work:
        made = repository_properties.set_properties(work, path.path, body.properties)
        return frame.answer(PropertiesAnswer(properties=made))


def _place(path: RepositoryPath) -> Place:
    return Place(repository=path.path)


def _rule(rule: Rule) -> LayeredRuleAnswer:
    return LayeredRuleAnswer.model_validate(ruleset_json.of_rule(rule))
