"""Merge queues by the command line: opened, filled, put in order, paused, closed."""

from __future__ import annotations

import pytest

from tests.services.pulling import NOTES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUEUE = ("repo", "merge-queue")


@pytest.fixture
def say(as_maintainer):
    return as_maintainer


def test_a_queue_is_opened_filled_and_closed(say):
    made = say(*QUEUE, "set", NOTES, "--check", "build", "--together", "2")
    assert (made["branch"], made["checks"], made["together"]) == ("main", ["build"], 2)
    assert say(*QUEUE, "pause", NOTES)["paused"] is True

    say("pr", "queue", NOTES, "1", "--priority", "low")
    say("pr", "prioritise", NOTES, "1", "high")
    (entry,) = say(*QUEUE, "show", NOTES)["entries"]
    assert (entry["number"], entry["title"], entry["priority"]) == (1, "Two", "high")
    say("pr", "unqueue", NOTES, "1")
    assert say(*QUEUE, "resume", NOTES)["entries"] == []

    say(*QUEUE, "close", NOTES, "--dry-run")
    say(*QUEUE, "close", NOTES, "--yes")
    say(*QUEUE, "show", NOTES, status=4)
    say("pr", "queue", NOTES, "1", status=5)
