"""The issues of a repository: a list that is searched and sorted, and acts on several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain.conversations import ClosedAs
from appliance.domain.issue_query import OPEN, Key, Query, Term, parse, spell
from appliance.errors import InvalidError
from appliance.services import (
    conversation_lists,
    conversation_sorting,
    conversations,
    labels,
    milestones,
)
from appliance.web import forms, requests
from appliance.web.pages import issue_frame, lists
from appliance.web.pages.page_forms import USUAL, after, listed
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.conversation_lists import Listed
    from appliance.web.pages.page_forms import Found

pages = blueprint("issues")

COLUMNS: lists.Columns = {
    "number": lambda each: each.conversation.number,
    "title": lambda each: each.conversation.title,
    "state": lambda each: each.conversation.state,
    "closed_as": lambda each: each.conversation.closed_as,
    "author": lambda each: each.author,
    "labels": lambda each: [label.name for label in each.labels],
    "assignees": lambda each: each.assignees,
    "milestone": lambda each: each.milestone.title if each.milestone else None,
    "comments": lambda each: each.conversation.comment_count,
    "created_at": lambda each: each.conversation.created_at,
    "updated_at": lambda each: each.conversation.updated_at,
    "closed_at": lambda each: each.conversation.closed_at,
}


@pages.get("/<owner>/<name>/issues")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """Those that a search finds; without one, the open ones."""
    frame = opened(owner, name)
    path = frame.repository.path
    text = flask.request.args.get("q", spell(OPEN)).strip()
    query, problem = _read(text)

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Listed]:
        return conversation_lists.listed(work, path, query, after=after, limit=limit)

    if file := lists.export(f"{name}-issues", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        counts = conversation_lists.counted(work, path, query)
        pinned = conversation_lists.pinned(work, path) if text == spell(OPEN) else []
        choices = {
            "labels": labels.choices(work, path),
            "milestones": milestones.choices(work, path),
        }
    return show(
        "issues/list.html",
        frame,
        found=listed(found),
        counts=counts,
        pinned=pinned if not after() else [],
        query=query,
        text=text,
        problem=problem,
        is_usual=text == spell(OPEN),
        choices=choices,
        hrefs=_hrefs(frame, query),
        acts=_acts(frame),
        **issue_frame.about(frame),
        **lists.tools(),
    )


@pages.post("/<owner>/<name>/issues")
def act_on_several(owner: str, name: str) -> ResponseReturnValue:
    """Label, close or reopen those that were chosen."""
    frame = opened(owner, name)

    def names(_work: UnitOfWork, chosen: list[str]) -> dict[str, str]:
        return {each: f"#{each}" for each in chosen}

    return lists.act_on_several(_acts(frame), back=f"{frame.links.home}/issues", names=names)


def _read(text: str) -> tuple[Query, str]:
    """What a search says; of one that is none, why, and no issue is left out."""
    try:
        return parse(text), ""
    except InvalidError as error:
        return Query(), forms.problems(error)["q"]


def _hrefs(frame: Frame, query: Query) -> dict[str, object]:
    others = tuple(
        each for each in query.terms if each.key is not Key.IS or each.value in {"locked", "pinned"}
    )
    base = Query(others, query.words, query.sort, query.is_rising)

    def with_state(state: str) -> str:
        states = (Term(Key.IS, state), *others)
        return issue_frame.address(frame, Query(states, query.words, query.sort, query.is_rising))

    return {
        "open": with_state("open"),
        "closed": with_state("closed"),
        "any": issue_frame.address(frame, base),
        "sorts": {each: issue_frame.sorted_by(frame, query, each) for each in issue_frame.SORTS},
        "sort": f"{query.sort}{'-asc' if query.is_rising else ''}",
        "states": set(query.values(Key.IS)),
    }


def _acts(frame: Frame) -> dict[str, lists.Act]:
    now = requests.now()

    def label(work: UnitOfWork, key: str) -> object:
        wanted = [issue_frame.said("label")] if issue_frame.said("label") else []
        which = issue_frame.which(frame, issue_frame.chosen(key))
        return conversation_sorting.add_labels(work, which, wanted, now=now)

    def close(work: UnitOfWork, key: str) -> object:
        which = issue_frame.which(frame, issue_frame.chosen(key))
        return conversations.close(work, which, ClosedAs.COMPLETED, now=now)

    def reopen(work: UnitOfWork, key: str) -> object:
        which = issue_frame.which(frame, issue_frame.chosen(key))
        return conversations.reopen(work, which, now=now)

    return {
        "label": lists.Act(lazy("Label"), label),
        "close": lists.Act(lazy("Close"), close),
        "reopen": lists.Act(lazy("Reopen"), reopen),
    }
