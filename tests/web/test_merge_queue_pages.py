"""The page of a merge queue, and the buttons that lead into it and out."""

from __future__ import annotations

import pytest

from appliance.domain.jobs import Job
from tests.services.pulling import Place
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
