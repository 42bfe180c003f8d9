"""The decision: what goes before what, one by one and over random rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain.holds import Hold, Item, ItemClass, Scope, Span
from appliance.domain.retention import (
    Action,
    Because,
    Bypass,
    Effect,
    Level,
    Rule,
    decide,
    may_replace,
)

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BEGAN + timedelta(days=100)
ITEM = Item("session", "s1", BEGAN, organisation="o1", repository="r1", label="kept-short")
HOLD = Hold("m1", (Scope(),))
TWO = Bypass("admin-1", "admin-2")


def rule(effect: str, days: int, level: Level = Level.INSTANCE, **more: Any) -> Rule:
    target = {Level.ORGANISATION: "o1", Level.REPOSITORY: "r1", Level.LABEL: "kept-short"}
    name = f"{effect}-{days}"
    return Rule(name, Effect(effect), "session", days, level, target.get(level), **more)


def days_from(at: datetime, days: int | None) -> datetime | None:
    return None if days is None else at + timedelta(days=days)


ERASED = replace(ITEM, is_to_be_erased=True)
CASES = [
    ("no rule keeps", ITEM, [], [], "keep", "no_rule"),
    ("days are over", ITEM, [rule("delete", 30)], [], "delete", "delete"),
    ("days are not over", ITEM, [rule("delete", 300)], [], "keep", "delete"),
    ("a hold beats all", ITEM, [rule("delete", 30)], [HOLD], "keep", "hold"),
    ("a hold beats erasure", ERASED, [], [HOLD], "restrict", "hold"),
    ("retaining beats", ITEM, [rule("delete", 30), rule("retain", 200)], [], "keep", "retain"),
    ("retaining ends", ITEM, [rule("delete", 30), rule("retain", 60)], [], "delete", "delete"),
    ("erasure beats retaining", ERASED, [rule("retain", 200)], [], "delete", "erasure"),
    (
        *("erasure waits for the law", ERASED),
        *([rule("retain", 200, legal_basis="tax law")], [], "restrict", "legal_obligation"),
    ),
    (
        "erasure waits for a lock",
        ERASED,
        [rule("retain", 200, is_locked=True)],
        [],
        "restrict",
        "lock",
    ),
    (
        *("erasure reaches what is personal", replace(ERASED, item_class="scan")),
        *([], [], "keep", "no_rule"),
    ),
    (
        *("the special goes before", ITEM),
        *([rule("delete", 30), rule("delete", 300, Level.REPOSITORY)], [], "keep", "delete"),
    ),
    (
        *("a label goes before a repository", ITEM),
        *([rule("delete", 300, Level.REPOSITORY), rule("delete", 30, Level.LABEL)], []),
        *("delete", "delete"),
    ),
    (
        "of equals the soonest",
        ITEM,
        [rule("delete", 300), rule("delete", 30)],
        [],
        "delete",
        "delete",
    ),
    (
        *("grace is not over", ITEM),
        *([rule("delete", 30, from_at=NOW + timedelta(days=1))], [], "keep", "no_rule"),
    ),
    (
        *("retaining counts at once", ITEM),
        [rule("delete", 30), rule("retain", 200, from_at=NOW + timedelta(days=1))],
        *([], "keep", "retain"),
    ),
    (
        *("taken back and over", ITEM),
        *([rule("delete", 30), rule("retain", 200, until_at=NOW)], [], "delete", "delete"),
    ),
    ("a class that nobody knows", replace(ITEM, item_class="?"), [], [], "keep", "unknown_class"),
    (
        *("a lock of its own", replace(ITEM, locked_until=NOW + timedelta(seconds=1))),
        *([rule("delete", 30)], [], "keep", "lock"),
    ),
]


@pytest.mark.parametrize(
    ("item", "rules", "holds", "action", "because"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_goes_before_what(item, rules, holds, action, because):
    decision = decide(item, rules, holds, NOW)

    assert decision.action == action
    assert {reason.because for reason in decision.because} == {because}


def test_two_people_go_before_what_retains_but_not_before_locks_and_holds():
    retained = [rule("retain", 200), rule("retain", 300, legal_basis="tax law")]
    locked = [rule("retain", 200, is_locked=True)]

    assert decide(ITEM, retained, [], NOW, bypass=TWO).action is Action.DELETE
    assert decide(ITEM, locked, [], NOW, bypass=TWO).action is Action.KEEP
    assert decide(ITEM, [], [HOLD], NOW, bypass=TWO).action is Action.KEEP


@pytest.mark.parametrize("people", [("admin-1", "admin-1"), ("admin-1", ""), ("", "")])
def test_one_person_is_not_two(people):
    with pytest.raises(ValueError, match="two people"):
        decide(ITEM, [], [], NOW, bypass=Bypass(*people))


def test_all_that_keeps_is_told_with_its_end():
    retaining = [rule("retain", 200), rule("retain", 150), rule("retain", 50)]

    decision = decide(ITEM, [*retaining, rule("delete", 10)], [], NOW)

    assert decision.not_before == BEGAN + timedelta(days=200)
    assert [reason.name for reason in decision.because] == ["retain-200", "retain-150"]


WIDE = Item(
    "deleted_branch",
    "b1",
    BEGAN,
    organisation="o1",
    repository="r1",
    people=frozenset({"u1"}),
    refs=frozenset({"refs/heads/release/2"}),
)


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        (Scope(), True),
        (Scope(classes={"deleted_branch"}), True),
        (Scope(classes={"issue"}), False),
        (Scope(organisations={"o1"}, people={"u1", "u2"}), True),
        (Scope(organisations={"o1"}, people={"u2"}), False),
        (Scope(repositories={"r2"}), False),
        (Scope(refs={"refs/heads/release/*"}), True),
        (Scope(refs={"refs/tags/*"}), False),
        (Scope(ids={"b1"}), True),
        (Scope(span=Span(since=BEGAN)), True),
        (Scope(span=Span(until=BEGAN)), False),
    ],
    ids=[
        *("anything", "its class", "another class", "all agree", "one does not agree"),
        *("another repository", "a ref", "another ref", "its id", "since then", "before then"),
    ],
)
def test_a_scope_covers_what_agrees_in_everything_it_asks(scope, covers):
    assert scope.covers(WIDE) is covers


def test_what_is_not_known_is_covered():
    unknown = replace(WIDE, people=None, refs=None, organisation=None)
    scope = Scope(organisations={"o9"}, people={"u9"}, refs={"refs/tags/*"})

    assert scope.covers(unknown)
    assert not Scope(repositories={"r9"}, people={"u9"}).covers(unknown)


def test_what_a_thing_depends_on_holds_it():
    model = Item("model", "m1", BEGAN, parts=(replace(WIDE, parts=(ITEM,)),))

    assert Scope(ids={"s1"}).covers(model)
    assert not Scope(ids={"s2"}).covers(model)


def test_a_matter_without_a_scope_covers_nothing():
    assert not Hold("m1", ()).covers(ITEM)


DAYS = st.integers(0, 200)
RULES = st.builds(
    lambda effect, days, level, locked, basis, start, end: rule(
        effect,
        days,
        level,
        is_locked=locked and effect == "retain",
        legal_basis=basis,
        from_at=days_from(NOW, start),
        until_at=days_from(NOW, end),
    ),
    st.sampled_from(["retain", "delete"]),
    DAYS,
    st.sampled_from(list(Level)),
    st.booleans(),
    st.sampled_from([None, "law"]),
    st.one_of(st.none(), st.integers(-9, 9)),
    st.one_of(st.none(), st.integers(-9, 9)),
)
SETS = st.lists(RULES, max_size=6)
ITEMS = st.builds(
    lambda known, erased, locked: Item(
        known,
        "x",
        BEGAN,
        *("o1", "r1", "kept-short"),
        is_to_be_erased=erased,
        locked_until=days_from(BEGAN, locked),
    ),
    st.sampled_from(["session", "session", "session", "?"]),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 200)),
)
MANY = settings(max_examples=2_000, deadline=None)


@MANY
@given(ITEMS, SETS, st.sampled_from([None, TWO]))
def test_a_hold_always_wins(item, rules, bypass):
    assert decide(item, rules, [HOLD], NOW, bypass=bypass).action is not Action.DELETE


@MANY
@given(ITEMS, SETS, RULES)
def test_one_more_rule_that_retains_never_deletes_more(item, rules, more):
    with_it = decide(item, [*rules, replace(more, effect=Effect.RETAIN)], [], NOW)

    if with_it.action is Action.DELETE:
        assert decide(item, rules, [], NOW).action is Action.DELETE


@MANY
@given(ITEMS, SETS, st.sampled_from([None, TWO]))
def test_what_is_locked_goes_after_its_time_only(item, rules, bypass):
    ends = [r.ends_at(item) for r in rules if r.is_locked and r.counts_at(NOW) and r.is_about(item)]
    ends += [item.locked_until] if item.locked_until else []

    if any(end > NOW for end in ends):
        assert decide(item, rules, [], NOW, bypass=bypass).action is not Action.DELETE


@MANY
@given(ITEMS, SETS)
def test_the_order_of_rules_does_not_matter_and_all_is_said(item, rules):
    decision = decide(item, rules, [], NOW)
    turned = decide(item, rules[::-1], [], NOW)

    assert (turned.action, turned.not_before) == (decision.action, decision.not_before)
    assert decision.because
    if decision.action is Action.DELETE:
        assert decision.not_before is None or decision.not_before <= NOW
        deleting = {Because.ERASURE, Because.DELETE}
        assert {reason.because for reason in decision.because} <= deleting


@MANY
@given(RULES, RULES)
def test_a_locked_rule_only_becomes_longer(before, after):
    locked = replace(before, effect=Effect.RETAIN, is_locked=True, until_at=None)

    assert not may_replace(locked, None)
    if may_replace(locked, after):
        assert after.is_locked
        assert after.ends_at(ITEM) >= locked.ends_at(ITEM)
        assert after.is_about(ITEM) == locked.is_about(ITEM)


@pytest.mark.parametrize("item_class", list(ItemClass))
def test_every_class_is_kept_without_a_rule(item_class):
    assert decide(replace(ITEM, item_class=item_class), [], [], NOW).action is Action.KEEP
