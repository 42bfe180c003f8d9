"""The page of a merge queue, and the buttons that lead into it and out."""

from __future__ import annotations

import re

import pytest

from appliance.domain.jobs import Job
from appliance.domain.ruleset_words import Enforcement
from appliance.domain.rulesets import Target
from appliance.jobs import notifying
from appliance.services import rulesets
from appliance.services.ruleset_drafts import Draft
from appliance.services.rulesets import Place as Where
from tests.services.pulling import NOTES, Place
from tests.services.test_merge_queues import configure, drain
from tests.web.test_pull_pages import HOME, page, posted

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world) -> Place:
    place = Place(world)
    place.topic()
    place.open()
    return place


def test_a_queue_is_opened_filled_paused_and_closed(place):
    maintainer, writer = place.world.browser("maintainer"), place.world.browser("writer")
    assert "No merge queue" in page(maintainer, "merge-queue")
    form = {"checks": "build\nlint\n", "together": "2", "at_once": "2", "minutes": "30"}
    shown = posted(maintainer, "merge-queue", **form)
    assert "build, lint" in shown
    assert "The queue is empty" in shown

    assert "Add to merge queue" in page(writer, "pulls/1")
    shown = posted(writer, "pulls/1/merge", method="squash", act="queue")
    assert "Position 1 in the merge queue" in shown
    assert "added this to the merge queue" in shown
    place.run_jobs(Job.RUN_MERGE_QUEUES)
    shown = page(place.world.browser("reader"), "merge-queue")
    assert "Group 1" in shown
    assert "refs/queue/main/" in shown
    assert "Being tested" in shown
    assert 'value="leave"' not in shown

    assert "Last" in posted(writer, "pulls/1/queue", priority="1")
    assert writer.post(f"{HOME}/pulls/1/queue", data={"priority": "3"}).status_code == 403
    assert "Paused" in posted(maintainer, "merge-queue", act="pause")
    assert "Paused" not in posted(maintainer, "merge-queue", act="resume")
    assert "The queue is empty" in posted(writer, "pulls/1/queue", act="leave")
    assert "No merge queue" in posted(maintainer, "merge-queue/close")


def test_what_will_not_do_is_said_beside_the_field(place):
    maintainer = place.world.browser("maintainer")

    answer = maintainer.post(f"{HOME}/merge-queue", data={"together": "0"})

    assert answer.status_code == 422
    assert "Enter a number from 1 to 50." in answer.text


def test_a_queue_that_must_be_used_is_offered_and_is_no_fault(place):
    rules = ({"kind": "merge_queue"}, {"kind": "required_checks", "checks": ["build"]})
    draft = Draft("Trunk", Enforcement.ACTIVE, Target(("main",)), rules)
    place.do("owner", rulesets.create, Where(repository=NOTES), draft)
    writer = place.world.browser("writer")
    assert "accepts only changes that its merge queue has tested" in page(writer, "pulls/1")
    assert primaries(writer) == ["Enable auto-merge"]
    configure(place, checks=["build"])

    shown = page(writer, "pulls/1")
    assert "accepts only changes" not in shown
    assert "main takes changes through its merge queue." in shown
    assert primaries(writer) == ["Add to merge queue"]

    posted(writer, "pulls/1/merge", method="squash", act="queue")
    assert primaries(writer) == []
    assert "takes changes through its merge queue" not in page(writer, "pulls/1")


def test_a_queue_is_named_where_it_could_not_merge(place):
    configure(place, checks=["build"])
    writer, author = place.world.browser("writer"), place.world.browser("author")
    posted(writer, "pulls/1/merge", method="squash", act="queue")
    drain(place, fails="new")
    place.world.keep_log()
    notifying.tell(place.world.wiring)

    shown = page(author, "pulls/1")
    assert "<b>The merge queue</b> removed this from the merge queue: its checks failed" in shown
    inbox = author.get("/inbox/conversations").text
    assert "The merge queue removed it without merging it" in inbox
    assert "Somebody" not in inbox


def test_a_page_has_one_primary_button_or_none(place):
    writer, reader = place.world.browser("writer"), place.world.browser("reader")
    assert (primaries(writer), primaries(reader)) == (["Merge"], ["Comment"])
    posted(writer, "pulls/1/draft")
    assert primaries(writer) == ["Enable auto-merge"]
    posted(writer, "pulls/1/ready")
    posted(writer, "pulls/1/merge", method="merge")
    assert primaries(writer) == ["Comment"]


def primaries(browser):
    """What the buttons say that stand out on the page of a pull request."""
    found = re.findall(
        r'class="button primary[^>]*>(?:<svg.*?</svg>)?([^<]*)', page(browser, "pulls/1")
    )
    return [each.strip() for each in found]
