"""The merge queue under random entries, results, pushes and races, against a simple oracle."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from appliance.domain.checks import required
from appliance.domain.merge_facts import CheckOutcome
from appliance.domain.merge_queue import (
    Build,
    Drop,
    Entry,
    Group,
    Halve,
    Land,
    Leave,
    Priority,
    Queue,
    Reason,
    Rules,
    Verdict,
    Wait,
    line,
    next_step,
    verdict,
)

KINDS = ("good", "good", "good", "bad", "left", "right", "up", "down")
"""A bad entry fails by itself; left and right fail together; up and down cannot be merged."""
MOST_STEPS = 1000


class World:
    """Commits, the queue, and what is known of both. It does what steps say."""

    def __init__(self, **rules: int) -> None:
        self.numbers = count(1)
        self.kinds = {}
        self.contents = {"root": ()}
        self.bases = {}
        self.passed = set()
        self.left = []
        self.landed = []
        self.built = 0
        self.queue = Queue("root", rules=Rules(**rules))

    def add(self, kind="good", priority=Priority.NORMAL):
        number = next(self.numbers)
        entry = Entry(UUID(int=number), number, priority)
        self.kinds[entry.id] = kind
        self.change(entries=(*self.queue.entries, entry))
        return entry.id

    def change(self, **new: object):
        self.queue = replace(self.queue, **new)

    def commit(self, *items: object, on):
        name = f"commit-{next(self.numbers)}"
        self.contents[name] = (*self.contents[on], *items)
        self.bases[name] = on
        return name

    def has(self, content, kind):
        return any(self.kinds.get(each) == kind for each in content)

    def is_bad(self, content):
        return self.has(content, "bad") or (
            self.has(content, "left") and self.has(content, "right")
        )

    def goes_on(self, entry, content):
        against = {"up": "down", "down": "up"}.get(self.kinds[entry])
        return against is None or not self.has(content, against)

    def judge(self, group, found):
        groups = tuple(
            replace(each, verdict=found) if each.id == group.id else each
            for each in self.queue.groups
        )
        self.change(groups=groups)

    def report(self, group):
        if group.verdict is Verdict.PENDING:
            is_bad = self.is_bad(self.contents[group.commit])
            if not is_bad:
                self.passed.add(group.commit)
            self.judge(group, Verdict.FAILED if is_bad else Verdict.PASSED)

    def remove(self, entry):
        self.change(entries=tuple(each for each in self.queue.entries if each.id != entry))

    def do(self, step):
        {
            Drop: self.drop,
            Halve: self.halve,
            Leave: self.leave,
            Build: self.build,
            Land: self.land,
            Wait: lambda _: None,
        }[type(step)](step)

    def drop(self, step):
        self.change(groups=tuple(g for g in self.queue.groups if g.id not in step.groups))

    def halve(self, step):
        self.limit(step.entries, step.most)

    def limit(self, ids, most):
        self.change(
            entries=tuple(
                replace(each, most_together=most) if each.id in ids else each
                for each in self.queue.entries
            )
        )

    def leave(self, step):
        content = self.contents[self.queue.target]
        if step.reason is Reason.CHECKS_FAILED:
            assert self.is_bad((*content, step.entry)), "it fails by itself"
            assert not self.is_bad(content)
        if step.reason is Reason.CONFLICTS:
            assert not self.goes_on(step.entry, content)
        self.left.append((step.entry, step.reason))
        self.remove(step.entry)
        self.limit({each.id for each in self.queue.entries}, None)

    def build(self, step):
        taken, content = [], self.contents[step.base]
        for each in step.entries:
            if not self.goes_on(each, (*content, *taken)):
                break
            taken.append(each)
        if not taken:
            entries = tuple(
                replace(each, blocked_on=step.base) if each.id == step.entries[0] else each
                for each in self.queue.entries
            )
            self.change(entries=entries)
            return
        self.built += 1
        commit = self.commit(*taken, on=step.base)
        group = Group(UUID(int=next(self.numbers)), step.base, commit, tuple(taken))
        self.change(groups=(*self.queue.groups, group))

    def land(self, step):
        self.intend(step)
        self.settle(step)

    def intend(self, step):
        first = [each.id for each in line(self.queue.entries)][: len(step.group.entries)]
        assert list(step.group.entries) == first, "in order"
        self.change(is_landing=True)

    def settle(self, step):
        group = step.group
        if self.queue.target == group.base:
            assert group.commit in self.passed, "only what was tested"
            assert self.bases[group.commit] == self.queue.target
            self.landed.extend(group.entries)
            self.change(target=group.commit)
            for each in group.entries:
                self.remove(each)
        self.change(is_landing=False)

    def drain(self):
        self.change(rules=replace(self.queue.rules, is_paused=False))
        for _ in range(MOST_STEPS):
            step = next_step(self.queue)
            if step == Wait():
                if not self.queue.groups:
                    break
                for group in self.queue.groups:
                    self.report(group)
            self.do(step)
        assert not self.queue.entries, "it is stuck"

    def one_after_the_other(self):
        """What a queue would land that tests each by itself."""
        content = self.contents[self.queue.target]
        for each in line(self.queue.entries):
            with_it = (*content, each.id)
            if self.goes_on(each.id, content) and not self.is_bad(with_it):
                content = with_it
        return content


class Races(RuleBasedStateMachine):
    """Anything may happen between a step's being planned and its being done."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(together=4, at_once=3)
        self.planned = None
        self.landing = None

    @rule(kind=st.sampled_from(KINDS), priority=st.sampled_from(Priority))
    def add(self, kind, priority):
        self.world.add(kind, priority)

    @precondition(lambda self: self.world.queue.entries)
    @rule(data=st.data())
    def cancel(self, data):
        self.world.remove(data.draw(st.sampled_from(self.world.queue.entries)).id)

    @precondition(lambda self: self.world.queue.entries)
    @rule(data=st.data(), priority=st.sampled_from(Priority))
    def hurry(self, data, priority):
        chosen = data.draw(st.sampled_from(self.world.queue.entries))
        others = tuple(each for each in self.world.queue.entries if each != chosen)
        self.world.change(entries=(*others, replace(chosen, priority=priority)))

    @rule()
    def push(self):
        self.world.change(target=self.world.commit("pushed", on=self.world.queue.target))

    @rule(is_paused=st.booleans())
    def pause(self, is_paused):
        self.world.change(rules=replace(self.world.queue.rules, is_paused=is_paused))

    @rule(together=st.integers(1, 5), at_once=st.integers(1, 4))
    def change_rules(self, together, at_once):
        rules = replace(self.world.queue.rules, together=together, at_once=at_once)
        self.world.change(rules=rules)

    @precondition(lambda self: self.world.queue.groups)
    @rule(data=st.data())
    def report(self, data):
        self.world.report(data.draw(st.sampled_from(self.world.queue.groups)))

    @precondition(lambda self: self.world.queue.groups)
    @rule(data=st.data())
    def be_late(self, data):
        group = data.draw(st.sampled_from(self.world.queue.groups))
        if group.verdict is Verdict.PENDING:
            self.world.judge(group, Verdict.LATE)

    @rule()
    def plan(self):
        self.planned = next_step(self.world.queue)

    @precondition(lambda self: self.planned is not None)
    @rule()
    def do(self):
        step, self.planned = self.planned, None
        if next_step(self.world.queue) != step:
            return
        if isinstance(step, Land):
            self.world.intend(step)
            self.landing = step
        else:
            self.world.do(step)

    @precondition(lambda self: self.landing is not None)
    @rule()
    def settle(self):
        self.world.settle(self.landing)
        self.landing = None

    @rule()
    def go_on(self):
        self.plan()
        self.do()

    @invariant()
    def the_branch_is_good(self):
        assert not self.world.is_bad(self.world.contents[self.world.queue.target])

    def teardown(self):
        if self.landing is not None:
            self.settle()
        is_late = any(each.verdict is Verdict.LATE for each in self.world.queue.groups)
        expected = self.world.one_after_the_other()
        self.world.drain()
        if not is_late:
            assert self.world.contents[self.world.queue.target] == expected


Races.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestRaces = Races.TestCase


@pytest.mark.parametrize("culprit", range(8))
def test_a_batch_that_fails_is_halved_until_one_fails_alone(culprit):
    world = World(together=8, at_once=1)
    added = [world.add("bad" if place == culprit else "good") for place in range(8)]

    world.drain()

    assert world.left == [(added[culprit], Reason.CHECKS_FAILED)]
    assert world.landed == [each for each in added if each != added[culprit]]
    assert world.built <= 8


def test_a_batch_that_passes_is_tested_once():
    world = World(together=8, at_once=1)
    added = [world.add() for _ in range(8)]

    world.drain()

    assert world.landed == added
    assert world.built == 1


def test_what_stands_on_a_group_that_landed_is_not_tested_again():
    world = World(together=1, at_once=3)
    added = [world.add() for _ in range(5)]

    world.drain()

    assert world.landed == added
    assert world.built == len(added)


def test_who_has_priority_comes_first_even_while_others_are_tested():
    world = World(together=1, at_once=2)
    first = world.add()
    world.do(next_step(world.queue))
    urgent = world.add(priority=Priority.HIGH)

    world.drain()

    assert world.landed == [urgent, first]


def test_a_paused_queue_neither_builds_nor_lands():
    world = World()
    world.add()
    world.do(next_step(world.queue))
    world.report(world.queue.groups[0])
    world.change(rules=Rules(is_paused=True))

    assert next_step(world.queue) == Wait()


def test_a_push_to_the_branch_makes_all_be_tested_anew():
    world = World()
    world.add()
    world.do(next_step(world.queue))
    (group,) = world.queue.groups
    world.report(group)
    world.change(target=world.commit("pushed", on="root"))

    assert next_step(world.queue) == Drop((group.id,))


@pytest.mark.parametrize(
    ("names", "found", "is_late", "expected"),
    [
        ((), {}, False, Verdict.PASSED),
        (("build",), {}, False, Verdict.PENDING),
        (("build",), {}, True, Verdict.LATE),
        (("build",), {"build": CheckOutcome.PENDING}, False, Verdict.PENDING),
        (("build",), {"build": CheckOutcome.PASSED}, True, Verdict.PASSED),
        (("build",), {"build": CheckOutcome.FAILED, "lint": CheckOutcome.PASSED}, False, "failed"),
        (("build",), {"build": CheckOutcome.PASSED, "lint": CheckOutcome.FAILED}, False, "passed"),
        (("build", "lint"), {"build": CheckOutcome.FAILED}, False, Verdict.FAILED),
        (("build", "lint"), {"build": CheckOutcome.PASSED}, False, Verdict.PENDING),
    ],
)
def test_only_required_checks_decide(names, found, is_late, expected):
    assert verdict(required(names, found), is_late=is_late) == expected
