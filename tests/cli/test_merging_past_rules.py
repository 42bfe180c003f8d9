"""Merging past rulesets by the command line: only with a reason, and not by itself."""

from __future__ import annotations

import pytest

from appliance.domain.ruleset_words import Enforcement, SubjectKind
from appliance.domain.rulesets import Target
from appliance.services import rulesets
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.services.rulesets import Place
from tests.cli.test_merge_queues import say
from tests.services.pulling import NOTES
from tests.world import NOON

__all__ = ["say"]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.promise("P84")
def test_who_is_on_the_list_says_why_and_merges(world, say):
    by = (SaidSubject(SubjectKind.USER, "maintainer", reason="They mend what is down."),)
    rules = ({"kind": "pull_request", "approvals": 1},)
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), rules, by)
    with world.begin(world.actor("owner")) as work:
        rulesets.create(work, Place(repository=NOTES), draft, now=NOON)
    (obstacle,) = say("pr", "obstacles", NOTES, "1")
    assert (obstacle["rule"], obstacle["may_bypass"]) == ("pull_request", True)

    say("pr", "merge", NOTES, "1", status=5)
    say("pr", "merge", NOTES, "1", "--auto", "--bypass", "The site is down.", status=2)
    say("pr", "merge", NOTES, "1", "--bypass", "The site is down.")

    assert world.events().count("branch_rule.bypassed") == 1
