"""Merge queues under random pushes, approvals, rules, reports and jobs, held against an oracle.

The oracle knows of each pull request a few words, and which commits were reported to be good. What
it insists on: only what was tested lands, and only while all that is demanded is so; who leaves has
a reason; and in the end nobody is stuck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from appliance.domain.checks import StatusState
from appliance.domain.jobs import Job
from appliance.domain.pull_requests import Verdict
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.services import checks, merge_queues, pulls, queued_pulls, reviews, rulesets
from appliance.services.checks import NewStatus
from appliance.services.merge_queues import Wanted
from appliance.services.pull_merging import Merging, ObstructedError
from appliance.services.pulls import Change
from appliance.services.reviews import NewReview
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, Place, which
from tests.world import World, copy_sqlite

OPEN, CLOSED, MERGED = "open", "closed", "merged"
NUMBERS = st.sampled_from([1, 2, 3])
HOME = Where(repository=NOTES)
APPROVED = {"kind": "pull_request", "approvals": 1, "dismiss_stale": True}
SETTINGS = settings(
    max_examples=4,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Pull:
    """What the oracle believes of a pull request."""

    branch: str
    head: str
    """Where its branch is."""
    known: str
    """The head of its last patch set."""
    state: str = OPEN
    is_draft: bool = False
    approved: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


class QueueStates(RuleBasedStateMachine):
    """Three pull requests into one branch. Its state is what the oracle believes."""

    worlds: count[int]
    folder: object
    template: object

    @initialize()
    def begin(self):
        home = self.folder / f"home-{next(self.worlds)}"
        self.place = Place(World(home, copy_sqlite(self.template, home)))
        self.pulls = {}
        for number, name in enumerate(("one", "two", "three"), start=1):
            head = self.place.topic(name, {name: name})
            assert self.place.open(name) == number
            self.pulls[number] = Pull(name, head, head, files={name})
        self.line: dict[int, str] = {}
        self.groups: dict[str, tuple[int, ...]] = {}
        self.passed: set[str] = set()
        self.failed: set[str] = set()
        self.landed, self.ruleset, self.left = {"file"}, None, 0
        self.names = (f"file-{number}" for number in count())
        repositories = self.place.world.wiring.repositories
        wanted = Wanted(["build"], together=2, at_once=2)
        self._do("maintainer", merge_queues.change, NOTES, "", wanted, repositories=repositories)
        self.enter(1)
        self.enter(2)
        self.work()

    def teardown(self):
        if hasattr(self, "place"):
            self.place.world.close()

    @rule(number=NUMBERS)
    def push(self, number):
        pull = self.pulls[number]
        if pull.state == OPEN:
            name = next(self.names)
            pull.head = self.place.write("author", pull.branch, {name: name})
            pull.files.add(name)

    @rule()
    def push_to_target(self):
        if self.ruleset is not None:
            return  # The rule refuses it.
        name = next(self.names)
        self.place.write("maintainer", "main", {name: name})
        self.landed.add(name)

    @rule()
    def catch_up(self):
        self.place.run_jobs()
        for number, pull in self.pulls.items():
            if pull.state == OPEN and pull.known != pull.head:
                pull.known = pull.head
                self._out(number, "new_commits")

    @rule(number=NUMBERS)
    def approve(self, number):
        pull = self.pulls[number]
        if pull.state == OPEN:
            self._do("maintainer", self._review, number)
            pull.approved.add(pull.known)

    @rule(is_needed=st.booleans())
    def demand(self, is_needed):
        if is_needed and self.ruleset is None:
            draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), (APPROVED,))
            self.ruleset = self._do("owner", rulesets.create, HOME, draft).row.id
        elif not is_needed and self.ruleset is not None:
            with self.place.world.begin(self.place.world.actor("owner")) as work:
                rulesets.remove(work, HOME, self.ruleset)
            self.ruleset = None

    @rule(number=NUMBERS)
    def enter(self, number):
        pull, world = self.pulls[number], self.place.world
        if pull.state != OPEN:
            return
        looked = queued_pulls.look(
            lambda: world.reading(world.actor("writer")),
            which(number),
            repositories=world.wiring.repositories,
        )
        try:
            self._do("writer", queued_pulls.enter, which(number), Merging(), looked=looked)
        except ObstructedError:
            assert pull.is_draft or not self._is_approved(number)
            return
        assert not pull.is_draft
        assert self._is_approved(number)
        self.line[number] = pull.known

    @rule(number=NUMBERS)
    def leave(self, number):
        if self.pulls[number].state == OPEN:
            self._do("author", queued_pulls.leave, which(number))
            self._out(number, "by_hand")

    @rule(number=NUMBERS)
    def close_or_reopen(self, number):
        pull = self.pulls[number]
        if pull.state == OPEN and pull.head == pull.known:
            self._do("author", pulls.close, which(number))
            pull.state = CLOSED
            self._out(number, "closed")
        elif pull.state == CLOSED:
            self._do("author", pulls.reopen, which(number))
            pull.state = OPEN

    @rule(number=NUMBERS, is_draft=st.booleans())
    def draft(self, number, is_draft):
        pull, repositories = self.pulls[number], self.place.world.wiring.repositories
        if pull.state == OPEN and pull.is_draft is not is_draft:
            change = Change(is_draft=is_draft)
            self._do("author", pulls.change, which(number), change, repositories=repositories)
            pull.is_draft = is_draft
            self._out(number, "changed")

    @rule(is_good=st.booleans(), place=st.integers(0, 1))
    def report(self, is_good, place):
        found = self._shown().groups
        if found:
            self._report(found[min(place, len(found) - 1)].commit, is_good=is_good)

    @rule()
    def work(self):
        self.place.run_jobs(Job.RUN_MERGE_QUEUES)
        for group in self._shown().groups:
            self.groups[group.commit] = group.numbers
        for number in list(self.line):
            if self.place.facts(number).merged is not None:
                self._landed(number)
        self._gone()

    @rule()
    def all_is_good_in_the_end(self):
        """Whoever stands in line lands or leaves, if every test is good."""
        for _ in range(8):
            self.catch_up()
            self.work()
            for group in self._shown().groups:
                self._report(group.commit, is_good=True)
        assert self.line == {}

    @precondition(lambda self: hasattr(self, "place"))
    @invariant()
    def agrees(self):
        shown = self._shown()
        assert {each.number for each in shown.entries} == set(self.line)
        for number, pull in self.pulls.items():
            assert (self.place.facts(number).merged is not None) == (pull.state == MERGED)
        tree = self.place.git("ls-tree", "--name-only", "main").split()
        assert set(tree) == self.landed

    def _landed(self, number):
        pull = self.pulls[number]
        assert (pull.state, pull.is_draft) == (OPEN, False)
        assert self.line.pop(number) == pull.head, "nothing lands that was overtaken by a push"
        assert self._is_approved(number)
        tested = [
            commit
            for commit, numbers in self.groups.items()
            if number in numbers and commit in self.passed and self._is_in_target(commit)
        ]
        assert tested, "what lands is what was tested"
        pull.state = MERGED
        self.landed |= pull.files

    def _gone(self):
        """Who has left had a reason."""
        events = self.place.world.recorded("merge.dequeued")
        for event in events[self.left :]:
            number, reason = event.body["number"], event.body["reason"]
            pull, head = self.pulls[number], self.line.pop(number)
            reasons = {
                "checks_failed": any(
                    numbers == (number,) and commit in self.failed
                    for commit, numbers in self.groups.items()
                ),
                "new_commits": pull.head != head,
                "obstructed": not self._is_approved(number),
            }
            assert reasons[reason], (number, reason)
        self.left = len(events)

    def _out(self, number, reason):
        """What people do is known at once."""
        was_in_line = self.line.pop(number, None) is not None
        events = self.place.world.recorded("merge.dequeued")[self.left :]
        found = [each.body["reason"] for each in events if each.body["number"] == number]
        assert found == ([reason] if was_in_line else [])
        self.left += len(found)

    def _report(self, commit, *, is_good):
        state = StatusState.SUCCESS if is_good else StatusState.FAILURE
        self._do("author", checks.report, NOTES, commit, NewStatus(state, "build"))
        (self.passed if is_good else self.failed).add(commit)
        (self.failed if is_good else self.passed).discard(commit)

    def _is_approved(self, number):
        pull = self.pulls[number]
        return self.ruleset is None or pull.known in pull.approved

    def _is_in_target(self, commit):
        return self.place.git("rev-list", "--count", f"main..{commit}").strip() == "0"

    def _review(self, work, number, *, now):
        reviews.submit(work, which(number), NewReview(Verdict.APPROVE, "So be it."), now=now)

    def _shown(self):
        return self.place.do("reader", merge_queues.show, NOTES, "")

    def _do(self, who, verb, *arguments: object, **named: object):
        return self.place.do(who, verb, *arguments, **named)


@pytest.mark.promise("P86")
def test_a_queue_lands_what_a_simple_oracle_lets_it(migrated_sqlite, tmp_path):
    class Here(QueueStates):
        worlds = count()
        folder = tmp_path
        template = migrated_sqlite

    run_state_machine_as_test(Here, settings=SETTINGS)
