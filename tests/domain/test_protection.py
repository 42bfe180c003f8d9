"""Protected refs: what is refused, to whom, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.permissions import ROLE_ORDER, Role
from appliance.domain.protection import Movement, Protection, matches, refusal

MAIN = b"refs/heads/main"


def rule(**fields: Any):
    given_fields = {
        "pattern": "refs/heads/main",
        "push_role": Role.WRITER,
        "allow_force": False,
        "allow_delete": False,
    }
    return Protection(**given_fields | fields)


@pytest.mark.promise("P12")
@pytest.mark.parametrize(
    ("fields", "movement", "role", "word"),
    [
        ({}, Movement.FAST_FORWARD, Role.WRITER, None),
        ({}, Movement.CREATE, Role.WRITER, None),
        ({}, Movement.FORCE, Role.OWNER, "rewritten"),
        ({}, Movement.DELETE, Role.OWNER, "deleted"),
        ({"allow_force": True}, Movement.FORCE, Role.WRITER, None),
        ({"allow_delete": True}, Movement.DELETE, Role.WRITER, None),
        ({"push_role": Role.MAINTAINER}, Movement.FAST_FORWARD, Role.WRITER, "only a maintainer"),
        ({"push_role": Role.MAINTAINER}, Movement.FAST_FORWARD, Role.MAINTAINER, None),
        ({"push_role": Role.MAINTAINER}, Movement.FAST_FORWARD, Role.OWNER, None),
        ({}, Movement.FAST_FORWARD, None, "only a writer"),
        ({"pattern": "refs/heads/release/*"}, Movement.DELETE, Role.WRITER, None),
    ],
)
def test_what_a_rule_refuses(fields, movement, role, word):
    said = refusal([rule(**fields)], MAIN, movement, role)
    assert (said is None) == (word is None)
    if word is not None:
        assert word in said
        assert "refs/heads/main" in said


@pytest.mark.parametrize(
    ("pattern", "ref", "is_match"),
    [
        ("refs/heads/*", b"refs/heads/a/b", True),
        ("refs/heads/release/*", b"refs/heads/release/1/2", True),
        ("refs/heads/release/*", b"refs/heads/release", False),
        ("refs/tags/v*", b"refs/tags/v1", True),
        ("refs/tags/v*", b"refs/heads/v1", False),
        ("refs/heads/Main", b"refs/heads/main", False),
        ("refs/heads/*", b"refs/heads/\xff\xfe", True),
    ],
)
def test_which_refs_a_pattern_names(pattern, ref, is_match):
    assert matches(pattern, ref) == is_match


@given(
    st.lists(st.builds(rule, push_role=st.sampled_from(Role), allow_force=st.booleans())),
    st.sampled_from(Movement),
    st.sampled_from(Role),
)
def test_every_rule_must_agree_and_a_higher_role_may_no_less(rules, movement, role):
    together = refusal(rules, MAIN, movement, role)
    apart = [refusal([each], MAIN, movement, role) for each in rules]
    assert (together is None) == all(each is None for each in apart)
    if together is None:
        for higher in ROLE_ORDER[ROLE_ORDER.index(role) :]:
            assert refusal(rules, MAIN, movement, higher) is None
