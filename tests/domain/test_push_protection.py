"""How long a bypass counts, and what a push option says."""

from datetime import timedelta

import pytest

from appliance.domain.push_protection import BypassFacts, BypassReason, BypassState, said_in
from tests.world import NOON

END = NOON + timedelta(days=7)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("state", list(BypassState))
def test_only_what_is_approved_counts_and_only_until_its_end(state):
    facts = BypassFacts(state, END)

    assert facts.lets_through(END - SECOND) == (state is BypassState.APPROVED)
    assert not facts.lets_through(END)
    if state in (BypassState.PENDING, BypassState.APPROVED):
        assert facts.at(END) is BypassState.EXPIRED
    else:
        assert facts.at(END) is state


@pytest.mark.parametrize(
    ("option", "reason", "words"),
    [
        ("used_in_tests: a dead one", BypassReason.USED_IN_TESTS, "a dead one"),
        ("False positive", BypassReason.FALSE_POSITIVE, ""),
        ("used-in-tests:", BypassReason.USED_IN_TESTS, ""),
        ("it is needed: now", BypassReason.FIX_LATER, "it is needed: now"),
    ],
)
def test_an_option_names_a_reason_or_promises_a_cure(option, reason, words):
    assert said_in(option) == (reason, words)
