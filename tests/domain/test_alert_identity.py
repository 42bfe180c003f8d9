"""The same alert stays the same, whatever moves; two are never one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import alert_identity
from appliance.domain.alert_identity import Known, find_again
from appliance.domain.alerts import AlertKind, Confidence, Severity, Sighting

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
A, B = b"src/a.py", b"lib/a.py"


def seen(identity, *, scope="", path=A, was_at=None, rule="sql"):
    return Sighting(
        kind=AlertKind.CODE,
        rule=rule,
        title="SQL from strings",
        identity=identity,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        scope_identity=scope,
        path=path,
        was_at=was_at,
    )


def known(number, identity, *, scope="", path=A, line=1, rule="sql"):
    return Known(number, identity, rule, scope, path, line)


def test_a_secret_is_the_same_anywhere_that_one_owner_has():
    found = alert_identity.of_secret(KEY, "token", b"value")

    assert found == alert_identity.of_secret(KEY, "token", b"value")
    others = {
        alert_identity.of_secret(OTHER_KEY, "token", b"value"),
        alert_identity.of_secret(KEY, "password", b"value"),
        alert_identity.of_secret(KEY, "toke", b"nvalue"),
    }
    assert len(others | {found}) == 4


@pytest.mark.parametrize(
    "matched", ["run(sql)", "  run(sql)", "run(sql)\r\n", "\trun(sql)\n"], ids=repr
)
def test_indentation_and_ends_of_lines_do_not_matter(matched):
    assert alert_identity.of_code(A, "sql", matched, 0) == alert_identity.of_code(
        A, "sql", "run(sql)", 0
    )


@given(st.binary(), st.text(), st.text(), st.integers(0, 9), st.integers(0, 9))
def test_the_second_of_two_is_another(path, rule, matched, ordinal, other):
    same = alert_identity.of_code(path, rule, matched, ordinal)

    assert (same == alert_identity.of_code(path, rule, matched, other)) == (ordinal == other)


def test_a_weakness_moves_with_its_function_to_another_folder():
    assert alert_identity.of_scope(A, "sql", "save", "run(sql)", 0) == alert_identity.of_scope(
        B, "sql", "save", "run(sql)", 0
    )


@pytest.mark.parametrize(
    ("package", "plain"),
    [
        ("pkg:pypi/django@4.2", "pkg:pypi/django"),
        ("pkg:npm/%40scope/name@1.0.0?x=1#sub", "pkg:npm/%40scope/name"),
        ("pkg:golang/example.org/module", "pkg:golang/example.org/module"),
    ],
)
def test_a_bump_to_another_vulnerable_version_is_the_same(package, plain):
    assert alert_identity.without_version(package) == plain
    assert alert_identity.of_dependency(b"lock", package, "GHSA-1") == (
        alert_identity.of_dependency(b"lock", plain, "GHSA-1")
    )


def test_what_stands_as_it_stood_is_found_first():
    found = find_again([seen("one")], [known(1, "one"), known(2, "two")], looked_at=None)

    assert found == {"one": 1}


def test_a_renamed_file_takes_its_alerts_along():
    gone = known(1, "old", scope="s", path=A)

    assert find_again([seen("new", scope="s", path=B)], [gone], looked_at={A, B}) == {"new": 1}


def test_a_copy_takes_nothing_from_a_file_that_was_not_looked_at():
    there = known(1, "old", scope="s", path=A)

    assert find_again([seen("new", scope="s", path=B)], [there], looked_at={B}) == {}


def test_a_copy_takes_nothing_from_what_still_stands():
    both = [seen("old", scope="s", path=A), seen("new", scope="s", path=B)]

    assert find_again(both, [known(1, "old", scope="s")], looked_at=None) == {"old": 1}


def test_of_two_that_could_be_it_none_is():
    twins = [known(1, "a", scope="s"), known(2, "b", scope="s")]

    assert find_again([seen("new", scope="s")], twins, looked_at=None) == {}


def test_an_edited_line_is_found_by_where_git_says_it_was():
    gone = known(7, "old", scope="before", path=A, line=12)
    edited = seen("new", scope="after", path=A, was_at=(A, 12))

    assert find_again([edited], [gone], looked_at={A}) == {"new": 7}
    assert find_again([edited], [known(7, "old", line=13)], looked_at={A}) == {}
    assert find_again([edited], [known(7, "old", line=12, rule="xss")], looked_at={A}) == {}


pairs = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "s", "t"])),
    max_size=6,
    unique_by=lambda pair: pair[0],
)


@given(pairs, pairs)
def test_no_alert_is_given_away_twice(now, before):
    sightings = [seen(identity, scope=scope) for identity, scope in now]
    alerts = [known(at, identity, scope=scope) for at, (identity, scope) in enumerate(before)]

    found = find_again(sightings, alerts, looked_at=None)

    assert len(set(found.values())) == len(found)
    for identity, at in found.items():
        is_same = before[at][0] == identity
        assert is_same or identity not in {each for each, _ in before}
