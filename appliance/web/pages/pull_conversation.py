"""The conversation of a pull request as a page: what was said, what happened, and merging it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask

from appliance.domain.pull_requests import Verdict
from appliance.services import (
    conversation_timeline,
    labels,
    merge_queues,
    merge_rules,
    merge_settings,
    milestones,
    pull_obstacles,
    reviews,
)
from appliance.web import requests
from appliance.web.pages import checks, issue_frame, pull_frame, pull_talk, pull_threads
from appliance.web.pages.page_forms import Problems, after, listed
from appliance.web.pages.repository_frame import Frame

if TYPE_CHECKING:
    from appliance.web.pages.pull_frame import Opened

ENTRIES = 100


def page(frame: Frame, number: int, problems: Problems, preview: str | None = None) -> str:
    """The page; `problems` are with what somebody sent."""
    return of(pull_frame.of(frame, number), problems, preview)


def of(pull: Opened, problems: Problems, preview: str | None = None) -> str:
    """The page of a pull request that is open already."""
    repositories = requests.wiring().repositories
    merging = pull_obstacles.asked(requests.reading, pull.which, repositories=repositories)
    if pull.state in {"open", "draft"} and any(each.rule == "state" for each in merging.obstacles):
        # Somebody has merged or closed it while this was read: all of the page says so, or nothing.
        pull = pull_frame.of(pull.frame, pull.which.number)
    frame, which, conversation = pull.frame, pull.which, pull.found.described.conversation
    with requests.reading() as work:
        entries = conversation_timeline.timeline(work, which, after=after(), limit=ENTRIES)
        said = [each.said.comment.body for each in entries.items if each.said]
        texts = issue_frame.texts(work, frame, [conversation.body, preview or "", *said])
        people = conversation_timeline.participants(work, conversation)
        choices = {
            "labels": labels.choices(work, which.path),
            "milestones": milestones.choices(work, which.path),
        }
    spoken = pull_threads.read(pull)
    with requests.reading() as work:
        settings = merge_settings.show(work, which.path)
        standing = reviews.standing(work, which)
        queue = merge_queues.of_pull(work, which, now=requests.now())
    return pull_frame.show_page(
        "pulls/show.html",
        pull,
        "conversation",
        threads=pull_talk.in_conversation(spoken),
        reviews={str(each.id): each for each in spoken.reviews},
        review_texts=spoken.texts,
        merging=merging,
        settings=settings,
        queue=queue,
        queue_rules=merge_rules.OF_QUEUES,
        checks=checks.of_commit(frame, pull.facts.head),
        approvals=pull_threads.counted(standing, Verdict.APPROVE),
        refusals=pull_threads.counted(standing, Verdict.REQUEST_CHANGES),
        standing=standing,
        entries=listed(entries),
        texts=texts,
        people=sorted({*people, *_speakers(spoken)} - {""}, key=str.lower),
        choices=choices,
        problems=problems,
        filled=flask.request.form,
        preview=preview,
    )


def _speakers(spoken: pull_threads.Said) -> set[str]:
    """Who has reviewed, or said something of lines."""
    said = {each.author for thread in spoken.threads for each in thread.comments}
    return said | {each.author for each in spoken.reviews}
