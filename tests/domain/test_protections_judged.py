"""Protections and what organisations demand of signatures, judged as rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.permissions import ROLE_ORDER, Role
from appliance.domain.protection import FirmRule, Movement, Protection
from appliance.domain.ruleset_facts import ActorFacts
from appliance.domain.rulesets import judge, of_firm_rule, of_protection
from appliance.domain.signatures import SignedBy
from tests.domain.ruleset_cases import WRITER, facts

M = Movement


def protection(**fields: Any):
    usual = {
        "pattern": "refs/heads/main",
        "push_role": Role.WRITER,
        "allow_force": False,
        "allow_delete": False,
    }
    return Protection(**usual | fields)


@pytest.mark.promise("P12")
@pytest.mark.parametrize(
    ("fields", "movement", "role", "word"),
    [
        ({}, M.FAST_FORWARD, Role.WRITER, None),
        ({}, M.CREATE, Role.WRITER, None),
        ({}, M.FORCE, Role.OWNER, "rewritten"),
        ({}, M.DELETE, Role.OWNER, "deleted"),
        ({"allow_force": True}, M.FORCE, Role.WRITER, None),
        ({"allow_delete": True}, M.DELETE, Role.WRITER, None),
        ({"push_role": Role.MAINTAINER}, M.FAST_FORWARD, Role.WRITER, "only a maintainer"),
        ({"push_role": Role.MAINTAINER}, M.FAST_FORWARD, Role.MAINTAINER, None),
        ({"push_role": Role.MAINTAINER}, M.FAST_FORWARD, Role.OWNER, None),
        ({}, M.FAST_FORWARD, None, "only a writer"),
        ({"pattern": "refs/heads/release/*"}, M.DELETE, Role.WRITER, None),
    ],
)
def test_what_a_protection_refuses(fields, movement, role, word):
    found = judge(
        [of_protection(protection(**fields))], facts(movement, actor=ActorFacts(None, role))
    )
    assert (not found) == (word is None)
    if word is not None:
        assert word in found[0].said[0]
        assert "refs/heads/main" in found[0].said[0]


def test_a_protection_of_several_refs_names_itself():
    found = judge([of_protection(protection(pattern="refs/heads/*"))], facts(M.DELETE))
    assert found[0].said == ("refs/heads/main is protected (refs/heads/*): it may not be deleted.",)


def test_what_an_organisation_demands_is_bypassed_by_its_owners_only():
    rule = FirmRule("refs/heads/main", frozenset({SignedBy.SSH}), signed_push=True)
    change = facts(
        lacking=("A.",), unsigned=("B.",), actor=replace(WRITER, may_bypass_protection=True)
    )
    owner = replace(change, actor=replace(WRITER, is_organisation_owner=True))
    last = "The organisation requires this in all its repositories."
    assert [each.said for each in judge([of_firm_rule(rule)], change)] == [
        ("A.", last),
        ("B.", last),
    ]
    assert [each.may_bypass for each in judge([of_firm_rule(rule)], change)] == [False, False]
    assert [each.may_bypass for each in judge([of_firm_rule(rule)], owner)] == [True, True]


@given(
    st.lists(st.builds(protection, push_role=st.sampled_from(Role), allow_force=st.booleans())),
    st.sampled_from(M),
    st.sampled_from(Role),
)
def test_every_protection_must_agree_and_a_higher_role_may_no_less(rules, movement, role):
    def is_refused(some, by):
        change = facts(movement, actor=ActorFacts(None, by))
        return bool(judge(map(of_protection, some), change))

    assert is_refused(rules, role) == any(is_refused([each], role) for each in rules)
    if not is_refused(rules, role):
        for higher in ROLE_ORDER[ROLE_ORDER.index(role) :]:
            assert not is_refused(rules, higher)
