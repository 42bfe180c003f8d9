"""Suspicious activity: a busy company is quiet, and each attack is told once."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain import activity, audit_query
from appliance.domain.activity import ActivityRule, Fact, Limits, Memory

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = Limits()
OFFICE, HOME, ELSEWHERE = "10.1.0.0/16", "84.3.0.0/16", "203.0.0.0/16"
TOKEN = "00000000-0000-0000-0000-000000000007"
DEVELOPERS, BOTS, REPOSITORIES = 50, 6, 120
DAYS = 33


class Watch:
    """Judges facts in a row, as the job does. Its state: memories, and what was told."""

    def __init__(self, limits=LIMITS) -> None:
        self.limits, self.known, self.tokens, self.told = limits, {}, {}, []

    def see(self, *facts: Fact):
        for fact in facts:
            known = self.known.get(fact.actor, Memory())
            token = self.tokens.get(fact.token, Memory())
            known, token, new = activity.judged(fact, known, token, self.limits)
            self.known[fact.actor], self.tokens[fact.token] = known, token
            self.told += new
        return [each.rule for each in self.told]


def fact(actor="dev", at=MONDAY, action="git.fetched", **more: Any):
    made = {"event": f"{actor}-{action}-{at.isoformat()}-{more.get('target', '')}", "log": "lab"}
    return Fact(actor=actor, at=at, action=action, **(made | more))


def day_of_developer(number, day):
    """Nine hours with fetches and pushes, half of them from home, some branches cleaned up."""
    name, place = f"dev-{number}", HOME if (number + day) % 2 else OFFICE
    start = MONDAY + timedelta(days=day, hours=7 + number % 3)
    for step in range(9):
        at = start + timedelta(hours=step, minutes=number % 50)
        target = str((number * 7 + step * 3) % REPOSITORIES)
        token = f"token-{number}" if step % 2 else ""
        yield fact(name, at, target=target, network=place, token=token)
        cleaned = 8 if day % 7 == 4 and step == 8 else 0
        later = at + timedelta(minutes=5)
        yield fact(name, later, "git.pushed", target=target, network=place, deleted_refs=cleaned)


def day_of_bot(number, day):
    """One bot builds all day; others work at night, and one of them fetches a great many."""
    name = f"bot-{number}"
    for hour in range(24) if number == 0 else (2, 3):
        at = MONDAY + timedelta(days=day, hours=hour, minutes=number)
        for target in range(60 if number == 1 else 4):
            seen = at + timedelta(seconds=target)
            yield fact(name, seen, target=str(target), is_machine=True, token=name, network=OFFICE)
        yield fact(name, at, "git.pushed", is_machine=True, token=name, network=OFFICE)


def busy(days):
    for day in days:
        people = range(DEVELOPERS) if day % 7 < 5 else range(3)
        found = [each for number in people for each in day_of_developer(number, day)]
        found += [each for number in range(BOTS) for each in day_of_bot(number, day)]
        yield from sorted(found, key=lambda each: each.at)


@pytest.fixture(scope="module")
def company():
    watch = Watch()
    watch.see(*busy(range(DAYS)))
    return watch


@pytest.fixture
def used(company):
    """A company that has worked for weeks, to do something in."""
    watch = Watch()
    watch.known, watch.tokens = dict(company.known), dict(company.tokens)
    return watch


NOW = MONDAY + timedelta(days=DAYS, hours=13)


def test_busy_weeks_of_fifty_developers_and_their_bots_tell_nothing(company):
    assert company.told == []
    for memory in company.known.values():
        assert activity.from_json(json.loads(json.dumps(activity.as_json(memory)))) == memory


def many(count, action="git.fetched", actor="dev-3", **more: Any):
    return [
        fact(actor, NOW + timedelta(seconds=each), action, target=f"repository-{each}", **more)
        for each in range(count)
    ]


ATTACKS = [
    (ActivityRule.MASS_CLONE, many(150)),
    (ActivityRule.MASS_CLONE, many(300, actor="bot-2", is_machine=True)),
    (ActivityRule.MASS_DELETION, many(20, "repo.deleted")),
    (ActivityRule.MASS_DELETION, many(10, "git.pushed", deleted_refs=60)),
    (ActivityRule.NEW_PLACE, many(30, token="token-3", network=ELSEWHERE)[:20]),
    (
        ActivityRule.ODD_HOURS,
        [
            fact("bot-2", NOW + timedelta(minutes=each), "git.pushed", is_machine=True)
            for each in range(40)
        ],
    ),
    (ActivityRule.FOREIGN_AUTHOR, many(60, "git.pushed", foreign=1)),
    (ActivityRule.FOREIGN_AUTHOR, many(60, "git.pushed", foreign=1, foreign_protected=1)),
    (
        ActivityRule.DORMANT,
        [fact("dev-3", NOW + timedelta(days=120, minutes=each)) for each in range(40)],
    ),
]


@pytest.mark.parametrize(("rule", "facts"), ATTACKS)
def test_an_attack_is_told_once_with_its_events(used, rule, facts):
    assert used.see(*facts) == [rule]

    found = used.told[0]
    events = [each for named in found.events.values() for each in named]
    assert set(events) <= {each.event for each in facts} | {found.events["lab"][-1]}
    assert len(events) >= 1
    assert found.count >= found.limit or rule in (ActivityRule.NEW_PLACE, ActivityRule.ODD_HOURS)
    assert used.see(*busy([DAYS + 1])) == [rule]


@pytest.mark.parametrize(("rule", "facts"), ATTACKS)
def test_a_rule_that_is_off_tells_nothing(used, rule, facts):
    used.limits = replace(LIMITS, rules=LIMITS.rules - {rule})
    assert rule not in used.see(*facts)


def test_one_repository_fetched_again_and_again_is_one():
    watch = Watch()
    at = [MONDAY + timedelta(seconds=each) for each in range(500)]
    assert watch.see(*(fact(at=each, target="same") for each in at)) == []


def test_what_a_bot_does_every_night_becomes_usual():
    watch = Watch()
    for day in range(60):
        at = MONDAY + timedelta(days=day, hours=2)
        watch.see(
            *(
                fact("mirror", at + timedelta(seconds=each), target=str(each), is_machine=True)
                for each in range(150)
            )
        )
    assert [each.rule for each in watch.told] == [ActivityRule.MASS_CLONE]


@pytest.mark.parametrize("networks", [3, 12])
def test_a_token_that_travels_is_not_watched_for_new_places(networks):
    watch = Watch()
    for day in range(80):
        at = MONDAY + timedelta(days=day)
        watch.see(fact(at=at, token="t", network=f"10.{day % networks}.0.0/16"))
    assert watch.see(fact(at=MONDAY + timedelta(days=81), token="t", network=ELSEWHERE)) == []


def test_where_its_owner_was_seen_a_token_is_expected():
    watch = Watch()
    for day in range(40):
        watch.see(fact(at=MONDAY + timedelta(days=day), token="t", network=OFFICE))
    later = MONDAY + timedelta(days=41)
    watch.see(fact(at=later, action="user.signed_in", network=HOME))
    assert watch.see(fact(at=later, token="t", network=HOME)) == []


def test_an_hour_beside_the_usual_ones_is_not_odd():
    watch = Watch()
    for day in range(30):
        at = MONDAY + timedelta(days=day, hours=2)
        watch.see(fact("bot", at, "git.pushed", is_machine=True))
    assert watch.see(fact("bot", at + timedelta(hours=23), "git.pushed", is_machine=True)) == []
    later = at + timedelta(days=1, hours=12)
    assert watch.see(fact("bot", later, "git.pushed", is_machine=True)) == [ActivityRule.ODD_HOURS]


ACTS = st.builds(
    fact,
    st.just("someone"),
    st.integers(0, 3_000_000).map(lambda each: MONDAY + timedelta(seconds=each)),
    st.sampled_from(["git.fetched", "git.pushed", "repo.deleted", "user.signed_in"]),
    target=st.integers(0, 9).map(str),
    is_machine=st.booleans(),
    token=st.sampled_from(["", "t"]),
    network=st.sampled_from(["", OFFICE, HOME, ELSEWHERE]),
    deleted_refs=st.integers(0, 3),
    foreign=st.integers(0, 2),
)
SMALL = Limits(
    clone_repositories=3, clone_repositories_of_machines=4, deleted_refs=6, deleted_repositories=2
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ACTS, max_size=40))
def test_a_rule_says_nothing_twice_in_its_quiet_days(facts):
    watch = Watch(SMALL)
    watch.see(*sorted(facts, key=lambda each: each.at))

    by_rule = {}
    for each in watch.told:
        by_rule.setdefault(each.rule, []).append(each.at)
    for times in by_rule.values():
        for one, other in itertools.pairwise(times):
            assert other - one >= timedelta(days=SMALL.quiet_days)
    assert max(Counter(each.rule for each in watch.told).values(), default=0) <= 6


def test_the_search_for_an_alert_is_one_that_the_log_understands():
    for rule in ActivityRule:
        text = activity.search_terms(rule, "p_" + "a" * 26, MONDAY, MONDAY, TOKEN)
        assert audit_query.parse(text)
