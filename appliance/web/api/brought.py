"""`/import/conversations` of a repository: issues and pull requests from elsewhere."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from appliance.domain.brought import Said, Talk
from appliance.domain.conversations import LARGEST_NUMBER
from appliance.services import brought_conversations
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("conversations from elsewhere", "Issues and pull requests of another system.")


class BroughtComment(frame.Body):
    """A comment."""

    author: str = Field("", max_length=255)
    body: str
    created_at: AwareDatetime


class BroughtConversation(frame.Body):
    """An issue or a pull request, or more comments of one that was brought before."""

    number: int = Field(ge=1, le=LARGEST_NUMBER)
    title: str
    body: str = ""
    author: str = Field("", max_length=255)
    created_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    labels: list[str] = Field(default_factory=list, max_length=100)
    assignees: list[str] = Field(default_factory=list, max_length=100)
    milestone: str = Field("", max_length=400)
    is_locked: bool = False
    about: str = Field("", max_length=2000, description="Of a pull request: what came of it")
    first_comment: int = Field(0, ge=0, description="Which of its comments is the first one here")
    comments: list[BroughtComment] = Field(default_factory=list, max_length=5000)


class BroughtBody(frame.Body):
    """Some of them at a time; what is here already is not brought again."""

    items: list[BroughtConversation] = Field(min_length=1, max_length=500)
    people: dict[str, str] = Field(
        default_factory=dict, description="Who elsewhere is which user here: for administrators"
    )


class BroughtConversationsAnswer(frame.Answer):
    """What came of it."""

    brought: list[int]
    already: list[int]
    comments: int
    unknown: list[str] = Field(
        description="Who is nobody here: a note above their texts names them"
    )


@api.post(
    "/repos/<owner>/<name>/import/conversations",
    summary="Bring conversations in",
    responses={"200": BroughtConversationsAnswer},
)
def bring_conversations(path: RepositoryPath, body: BroughtBody) -> Any:
    """For owners. Under their numbers, with times and texts as they were; nobody is told of it."""
    talks = [(each.first_comment, _talk(each)) for each in body.items]
    with requests.begin() as work:
        found = brought_conversations.bring(work, path.path, talks, body.people, now=requests.now())
    return frame.answer(
        BroughtConversationsAnswer(
            brought=found.brought,
            already=found.already,
            comments=found.comments,
            unknown=sorted(found.unknown),
        )
    )


def _talk(said: BroughtConversation) -> Talk:
    return Talk(
        number=said.number,
        title=said.title,
        body=said.body,
        author=said.author,
        created_at=said.created_at.isoformat(),
        updated_at=said.updated_at.isoformat() if said.updated_at else "",
        closed_at=said.closed_at.isoformat() if said.closed_at else None,
        labels=tuple(said.labels),
        assignees=tuple(said.assignees),
        milestone=said.milestone,
        is_locked=said.is_locked,
        about=said.about,
        comments=tuple(
            Said(each.author, each.body, each.created_at.isoformat()) for each in said.comments
        ),
    )
