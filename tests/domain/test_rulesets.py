"""The judge: every kind of rule, kept and broken; layers; who may go past; and protections."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import ruleset_json
from appliance.domain.permissions import Role
from appliance.domain.policies import BEFORE, Moment, Policy
from appliance.domain.protection import Movement
from appliance.domain.ruleset_words import (
    NEEDS,
    TAKES,
    Bypass,
    Enforcement,
    Layer,
    Rule,
    RuleKind,
    Subject,
    SubjectKind,
    strange_parameters,
)
from appliance.domain.rulesets import (
    ALL,
    DEFAULT_BRANCH,
    RepositoryFacts,
    Ruleset,
    Target,
    for_wiki,
    judge,
    of_wiki,
)
from tests.domain.ruleset_cases import (
    AUTHOR,
    CASES,
    MAINTAINERS,
    REVIEWER,
    TEAM,
    WRITER,
    WRITERS,
    facts,
    ruleset,
)

K, M = RuleKind, Movement


@pytest.mark.parametrize(("rule", "change", "word"), CASES)
def test_what_a_rule_refuses(rule, change, word):
    found = judge([ruleset(rule)], change)

    assert (not found) == (word is None)
    for refusal in found:
        assert word in " ".join(refusal.reasons)
        assert refusal.said[-1].startswith(f"The rule {rule.kind.value} comes from")
        assert "“Trunk”" in refusal.said[-1]


def test_every_kind_of_rule_is_seen_kept_and_broken():
    assert {rule.kind for rule, _facts, word in CASES if word is None} == set(K)
    assert {rule.kind for rule, _facts, word in CASES if word is not None} == set(K)
    assert set(TAKES) == set(K)
    assert all(name in TAKES[kind] for kind, name in NEEDS.items())


@pytest.mark.parametrize("rule", {id(case[0]): case[0] for case in CASES}.values())
def test_a_rule_is_the_same_after_it_was_kept(rule):
    assert ruleset_json.rule(ruleset_json.of_rule(rule)) == rule
    assert strange_parameters(rule) == ()


def test_a_rule_says_what_it_does_not_take():
    assert strange_parameters(Rule(K.FREEZE, windows=("x",), approvals=2)) == ("approvals",)


@pytest.mark.parametrize(
    ("fields", "is_about"),
    [
        ({"includes": ("refs/heads/main",)}, True),
        ({"includes": ("refs/heads/release/*",)}, False),
        ({"includes": ("refs/*",), "excludes": ("refs/heads/m*",)}, False),
        ({"includes": ("refs/tags/*",)}, False),
        ({"enforcement": Enforcement.OFF}, False),
        ({"enforcement": Enforcement.DRY_RUN}, True),
    ],
)
def test_which_changes_a_ruleset_is_about(fields, is_about):
    found = judge([ruleset(Rule(K.DELETION), **fields)], facts(M.DELETE))

    assert bool(found) == is_about
    assert all(each.is_dry == (fields.get("enforcement") is Enforcement.DRY_RUN) for each in found)


REPOSITORY = RepositoryFacts("notes-api", "ma[in", "internal", {"tier": "1"})


@pytest.mark.parametrize(
    ("fields", "is_about"),
    [
        ({}, True),
        ({"repositories": ("*-api",)}, True),
        ({"repositories": ("NOTES-*",)}, True),
        ({"repositories": ("web", "cli")}, False),
        ({"visibilities": ("internal", "public")}, True),
        ({"visibilities": ("private",)}, False),
        ({"properties": {"tier": "1"}}, True),
        ({"properties": {"tier": "*"}}, True),
        ({"properties": {"tier": "2"}}, False),
        ({"properties": {"owner": "*"}}, False),
        ({"repositories": ("*-api",), "visibilities": ("private",)}, False),
    ],
)
def test_which_repositories_a_target_is_about(fields, is_about):
    assert Target(**fields).is_about(REPOSITORY) == is_about


def test_a_target_names_the_default_branch_and_everything():
    target = Target((DEFAULT_BRANCH, ALL), ("refs/tags/*",))
    assert target.patterns(REPOSITORY) == (("refs/heads/ma[[]in", "refs/*"), ("refs/tags/*",))
    about = ruleset(Rule(K.DELETION), includes=("refs/heads/ma[[]in",))
    assert about.is_about(b"refs/heads/ma[in")
    assert not about.is_about(b"refs/heads/main")


@pytest.mark.parametrize(
    ("subject", "actor", "may"),
    [
        (Subject(SubjectKind.USER, AUTHOR), {}, True),
        (Subject(SubjectKind.USER, REVIEWER), {}, False),
        (Subject(SubjectKind.USER), {"user_id": None}, False),
        (Subject(SubjectKind.TEAM, TEAM), {"team_ids": frozenset({TEAM})}, True),
        (Subject(SubjectKind.TEAM, TEAM), {}, False),
        (WRITERS, {}, True),
        (WRITERS, {"role": None}, False),
        (MAINTAINERS, {}, False),
        (MAINTAINERS, {"role": Role.OWNER}, True),
        (Subject(SubjectKind.ORGANISATION_OWNERS), {"is_organisation_owner": True}, True),
        (Subject(SubjectKind.ORGANISATION_OWNERS), {}, False),
        (Subject(SubjectKind.ADMINISTRATORS), {"is_administrator": True}, True),
        (Subject(SubjectKind.ADMINISTRATORS), {"is_organisation_owner": True}, False),
        (Subject(SubjectKind.PERMITTED), {"may_bypass_protection": True}, True),
        (Subject(SubjectKind.PERMITTED), {}, False),
    ],
)
def test_who_may_go_past(subject, actor, may):
    kept = ruleset_json.bypass(ruleset_json.of_bypass(Bypass(subject, "A reason.")))
    found = judge(
        [ruleset(Rule(K.DELETION), bypass=(kept,))],
        facts(M.DELETE, actor=replace(WRITER, **actor)),
    )
    assert [each.may_bypass for each in found] == [may]
    assert kept.reason == "A reason."


def test_all_layers_count_and_the_outermost_is_said_first():
    layers = [ruleset(Rule(K.DELETION), layer=layer) for layer in reversed(Layer)]
    found = judge(layers, facts(M.DELETE))
    assert [each.ruleset.layer for each in found] == list(Layer)
    assert ["appliance's" in each.said[-1] for each in found] == [True, False, False]
    assert ["organisation's" in each.said[-1] for each in found] == [False, True, False]


@given(
    st.lists(st.sampled_from([case[0] for case in CASES]), max_size=6),
    st.sampled_from([case[1] for case in CASES]),
)
def test_the_strictest_wins_and_one_more_rule_never_allows_more(rules, change):
    together = judge([ruleset(*rules)], change)
    apart = judge([ruleset(rule, layer=Layer.INSTANCE) for rule in rules], change)
    assert [(each.kind, each.reasons) for each in together] == [
        (each.kind, each.reasons) for each in apart
    ]
    for end in range(len(rules)):
        fewer = judge([ruleset(*rules[:end])], change)
        assert together[: len(fewer)] == fewer or len(fewer) <= len(together)


def test_of_rulesets_wikis_have_the_rules_about_what_comes_in():
    size, review = Rule(K.FILE_SIZE, most_bytes=5), Rule(K.PULL_REQUEST, approvals=1)
    asks = {"policies": frozenset({Policy.PRIVATE_KEYS})}
    after = Rule(K.POLICIES, moments=frozenset({Moment.POST_COMMIT}), **asks)
    always = Rule(K.POLICIES, moments=frozenset(Moment), **asks)

    def fitting(*rulesets: Ruleset):
        return for_wiki(rulesets, code="trunk", pages="main")

    assert fitting(ruleset(review), ruleset(after)) == []
    theirs = ruleset(size, layer=Layer.ORGANISATION)
    assert fitting(replace(theirs, rules=(size, review))) == [theirs]
    (found,) = fitting(ruleset(always))
    assert found.rules[0].moments == BEFORE


@pytest.mark.parametrize(
    ("includes", "excludes", "layer", "holds"),
    [
        (("refs/heads/trunk",), (), Layer.REPOSITORY, True),
        (("refs/heads/*",), ("refs/heads/main",), Layer.REPOSITORY, True),
        (("refs/heads/*",), ("refs/heads/trunk",), Layer.REPOSITORY, False),
        (("refs/heads/main",), (), Layer.REPOSITORY, False),
        (("refs/heads/trunk",), (), Layer.ORGANISATION, False),
    ],
)
def test_what_holds_for_the_branch_of_code_holds_for_that_of_pages(
    includes, excludes, layer, holds
):
    asked = ruleset(Rule(K.FILE_SIZE, most_bytes=5), layer=layer)
    (found,) = for_wiki(
        [replace(asked, includes=includes, excludes=excludes)], code="trunk", pages="main"
    )
    assert found.is_about(b"refs/heads/main") is holds


@pytest.mark.parametrize(
    ("movement", "is_kept"),
    [(M.CREATE, True), (M.FAST_FORWARD, True), (M.FORCE, False), (M.DELETE, False)],
)
def test_the_branch_of_a_wiki_is_not_rewritten(movement, is_kept):
    found = judge([of_wiki("main")], facts(movement=movement))

    assert (not found) is is_kept
