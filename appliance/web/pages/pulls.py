"""The pull requests of a repository: a list that is searched and sorted, and acts on several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy

from appliance.domain.issue_query import OPEN, Key, Query, Term, parse, spell
from appliance.errors import InvalidError
from appliance.services import conversation_sorting, labels, milestones, pull_lists, pulls
from appliance.web import forms, requests
from appliance.web.pages import issue_frame, lists, pull_frame
from appliance.web.pages.page_forms import USUAL, after, listed
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.pull_lists import ListedPull
    from appliance.web.pages.page_forms import Found

pages = blueprint("pulls")
STATES = frozenset({"open", "closed", "merged", "draft"})

COLUMNS: lists.Columns = {
    "number": lambda each: each.listed.conversation.number,
    "title": lambda each: each.listed.conversation.title,
    "state": lambda each: _state(each),  # noqa: PLW0108 - it stands further down.
    "author": lambda each: each.listed.author,
    "source": lambda each: each.facts.source_branch.decode("utf-8", "backslashreplace"),
    "into": lambda each: each.facts.target_branch.decode("utf-8", "backslashreplace"),
    "labels": lambda each: [label.name for label in each.listed.labels],
    "assignees": lambda each: each.listed.assignees,
    "waits_for": lambda each: [*each.facts.users_waited_for, *each.facts.teams_waited_for],
    "milestone": lambda each: each.listed.milestone.title if each.listed.milestone else None,
    "comments": lambda each: each.listed.conversation.comment_count,
    "created_at": lambda each: each.listed.conversation.created_at,
    "updated_at": lambda each: each.listed.conversation.updated_at,
    "closed_at": lambda each: each.listed.conversation.closed_at,
}


@pages.get("/<owner>/<name>/pulls")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """Those that a search finds; without one, the open ones."""
    frame = opened(owner, name)
    path = frame.repository.path
    text = flask.request.args.get("q", spell(OPEN)).strip()
    query, problem = _read(text)

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[ListedPull]:
        return pull_lists.listed(work, path, query, after=after, limit=limit)

    if file := lists.export(f"{name}-pulls", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        counts = pull_lists.counted(work, path, query)
        choices = {
            "labels": labels.choices(work, path),
            "milestones": milestones.choices(work, path),
        }
    return show(
        "pulls/list.html",
        frame,
        found=listed(found),
        state_of=_state,
        counts=counts,
        query=query,
        text=text,
        problem=problem,
        is_usual=text == spell(OPEN),
        choices=choices,
        hrefs=_hrefs(frame, query),
        acts=_acts(frame),
        pull_words=pull_frame.WORDS,
        **issue_frame.about(frame),
        **lists.tools(),
    )


@pages.post("/<owner>/<name>/pulls")
def act_on_several(owner: str, name: str) -> ResponseReturnValue:
    """Label, close or reopen those that were chosen."""
    frame = opened(owner, name)

    def names(_work: UnitOfWork, chosen: list[str]) -> dict[str, str]:
        return {each: f"#{each}" for each in chosen}

    return lists.act_on_several(_acts(frame), back=f"{frame.links.home}/pulls", names=names)


def _state(each: ListedPull) -> str:
    return pull_frame.state_of(each.facts, is_open=each.listed.conversation.is_open)


def _read(text: str) -> tuple[Query, str]:
    """What a search says; of one that is none, why, and none is left out."""
    try:
        return parse(text), ""
    except InvalidError as error:
        return Query(), forms.problems(error)["q"]


def _hrefs(frame: Frame, query: Query) -> dict[str, object]:
    others = tuple(
        each for each in query.terms if each.key is not Key.IS or each.value not in STATES
    )

    def with_state(state: str) -> str:
        states = (Term(Key.IS, state), *others)
        return issue_frame.address(frame, Query(states, query.words, query.sort, query.is_rising))

    return {
        **{state: with_state(state) for state in STATES},
        "sorts": {each: issue_frame.sorted_by(frame, query, each) for each in issue_frame.SORTS},
        "sort": f"{query.sort}{'-asc' if query.is_rising else ''}",
        "states": set(query.values(Key.IS)),
    }


def _acts(frame: Frame) -> dict[str, lists.Act]:
    now = requests.now()

    def label(work: UnitOfWork, key: str) -> object:
        wanted = [issue_frame.said("label")] if issue_frame.said("label") else []
        which = pull_frame.which(frame, issue_frame.chosen(key))
        return conversation_sorting.add_labels(work, which, wanted, now=now)

    def close(work: UnitOfWork, key: str) -> object:
        pulls.close(work, pull_frame.which(frame, issue_frame.chosen(key)), now=now)
        return None

    def reopen(work: UnitOfWork, key: str) -> object:
        pulls.reopen(work, pull_frame.which(frame, issue_frame.chosen(key)), now=now)
        return None

    return {
        "label": lists.Act(lazy("Label"), label),
        "close": lists.Act(lazy("Close"), close),
        "reopen": lists.Act(lazy("Reopen"), reopen),
    }
