"""Pull requests under random pushes, reviews and merges, held against a simple oracle.

The oracle knows branches as names of commits and a pull request as five words; the appliance does
the same by its verbs, on a real repository, and its jobs run whenever chance has it.
"""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from appliance.domain.conversations import ConversationState
from appliance.domain.git_operations import MergeMethod
from appliance.domain.pull_requests import Verdict
from appliance.errors import ConflictError, PreconditionError
from appliance.services import pulls, reviews
from appliance.services.pull_merging import ObstructedError
from appliance.services.pulls import Change
from appliance.services.reviews import NewReview
from tests.services.pulling import Place, merge, which
from tests.world import World, copy_sqlite

OPEN, CLOSED, MERGED = "open", "closed", "merged"
METHODS = st.sampled_from(
    [MergeMethod.MERGE, MergeMethod.SQUASH, MergeMethod.REBASE, MergeMethod.SEMI_LINEAR]
)
SETTINGS = settings(
    max_examples=8,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class PullStates(RuleBasedStateMachine):
    """One pull request. Its state is what the oracle believes of it."""

    worlds: count[int]
    folder: object
    template: object

    @initialize()
    def begin(self):
        home = self.folder / f"home-{next(self.worlds)}"
        self.place = Place(World(home, copy_sqlite(self.template, home)))
        self.place.topic()
        self.place.open()
        self.state, self.is_draft, self.is_caught_up = OPEN, False, True
        self.sets = [self.place.head("topic")]
        self.pushed: list[str] = []
        self.verdicts: dict[str, Verdict] = {}
        self.names = (f"file-{number}" for number in count())
        self.merges = 0

    def teardown(self):
        if hasattr(self, "place"):
            self.place.world.close()

    @rule()
    def push(self):
        name = next(self.names)
        head = self.place.write("author", "topic", {name: name})
        self._moved(head)

    @rule()
    def rewrite(self):
        """The same branch, from the target anew."""
        name = next(self.names)
        self.place.push("author", "topic", self.place.head("main"))
        self._moved(self.place.head("topic"))
        self._moved(self.place.write("author", "topic", {name: name}))

    @rule()
    def push_to_target(self):
        name = next(self.names)
        self.place.write("maintainer", "main", {name: name})

    @rule()
    def catch_up(self):
        self.place.run_jobs()
        if self.state == OPEN:
            self._catch_up()

    @rule(is_draft=st.booleans())
    def draft(self, is_draft):
        if self.state == OPEN:
            self._change(Change(is_draft=is_draft))
            self.is_draft = is_draft

    @rule(who=st.sampled_from(["reader", "writer"]), verdict=st.sampled_from(Verdict))
    def review(self, who, verdict):
        new = NewReview(verdict, "So it is.")
        if self.state != OPEN and verdict is not Verdict.COMMENT:
            with_refusal(ConflictError, lambda: self._do(who, reviews.submit, new))
            return
        self._do(who, reviews.submit, new)
        if verdict is not Verdict.COMMENT:
            self.verdicts[who] = verdict

    @rule()
    def close(self):
        if self.state == OPEN:
            self._do("author", pulls.close)
            self.state = CLOSED
        else:
            with_refusal(ConflictError, lambda: self._do("author", pulls.close))

    @rule()
    def reopen(self):
        if self.state == CLOSED:
            self._do("author", pulls.reopen)
            self.state = OPEN
        else:
            with_refusal(ConflictError, lambda: self._do("author", pulls.reopen))

    @rule(method=METHODS)
    def merge(self, method):
        before = self.place.head("main")
        if self.state != OPEN:
            with_refusal(ConflictError, lambda: merge(self.place, method=method))
        elif self.is_draft:
            with_refusal(ObstructedError, lambda: merge(self.place, method=method))
        elif self.pushed:
            refused = (PreconditionError, ConflictError)
            with_refusal(refused, lambda: merge(self.place, method=method))
        elif self._is_in_target():
            with_refusal(ConflictError, lambda: merge(self.place, method=method))
        else:
            merge(self.place, method=method)
            self.state, self.merges = MERGED, self.merges + 1
            return
        assert self.place.head("main") == before

    @precondition(lambda self: hasattr(self, "place"))
    @invariant()
    def agrees(self):
        shown = self.place.show()
        facts, conversation = shown.facts, shown.described.conversation
        is_open = conversation.state is ConversationState.OPEN
        assert (is_open, facts.merged is not None) == (self.state == OPEN, self.state == MERGED)
        assert facts.is_draft is self.is_draft
        assert [each.head for each in self.place.sets()] == self.sets
        assert facts.head == self.sets[-1]
        standing = self._read(reviews.standing)
        assert {each.author: each.verdict for each in standing} == self.verdicts
        assert self.place.world.events().count("merge.merged") == self.merges
        if facts.merged is not None:
            assert self.place.git("merge-base", "--is-ancestor", facts.merged.as_oid, "main") == ""

    def _moved(self, head):
        self.pushed.append(head)

    def _catch_up(self):
        """All pushes became patch sets."""
        self.sets += self.pushed
        self.pushed = []

    def _is_in_target(self):
        head = self.sets[-1]
        found = self.place.git("rev-list", "--count", f"main..{head}")
        return found.strip() == "0"

    def _change(self, wanted):
        repositories = self.place.world.wiring.repositories
        self.place.do("author", pulls.change, which(), wanted, repositories=repositories)

    def _do(self, who, verb, *arguments: object):
        return self.place.do(who, verb, which(), *arguments)

    def _read(self, verb):
        with self.place.world.reading(self.place.world.actor("reader")) as work:
            return verb(work, which())


def with_refusal(kind, act):
    """Do something that is to be refused."""
    try:
        act()
    except kind:
        return
    raise AssertionError(f"not refused by {kind}")


def test_a_pull_request_is_what_a_simple_oracle_says(migrated_sqlite, tmp_path):
    class Here(PullStates):
        worlds = count()
        folder = tmp_path
        template = migrated_sqlite

    run_state_machine_as_test(Here, settings=SETTINGS)
