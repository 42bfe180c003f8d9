"""`/users/{name}/sessions`: where somebody is signed in, and ending that."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.services import sessions
from appliance.web import paging, requests
from appliance.web.api import frame

api = frame.area("sessions", "Where people are signed in.")


class UserPath(frame.Body):
    """Whose."""

    name: str = Field(max_length=39)


class SessionPath(frame.Body):
    """Which session."""

    id: UUID


class SessionAnswer(frame.Answer):
    """A session in force."""

    id: UUID
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


class SessionPage(frame.Answer):
    """Some sessions."""

    items: list[SessionAnswer]
    next: str | None


class SignOutBody(frame.Body):
    """Whether tokens end, too."""

    tokens: bool = Field(default=False, description="Revoke every access token, too")


class EndedAnswer(frame.Answer):
    """How many there were."""

    sessions: int
    tokens: int


@api.get("/users/<name>/sessions", summary="List sessions", responses={"200": SessionPage})
def list_sessions(path: UserPath, query: frame.PageQuery) -> Any:
    """One's own, or anybody's for administrators; newest first."""
    with requests.reading() as work:
        found = sessions.list_sessions(
            work,
            name=path.name,
            after=paging.after(query.cursor),
            limit=query.limit,
            now=requests.now(),
        )
        return frame.page([SessionAnswer.model_validate(each) for each in found.items], found.next)


@api.delete("/sessions/<uuid:id>", summary="End a session", responses={"204": None})
def revoke(path: SessionPath) -> Any:
    """At the next request that it makes."""
    with requests.begin() as work:
        sessions.revoke_session(work, path.id, now=requests.now())
    return frame.nothing()


@api.post("/users/<name>/sign-out", summary="Sign out everywhere", responses={"200": EndedAnswer})
def sign_out(path: UserPath, body: SignOutBody) -> Any:
    """Every session ends, and every token, if asked."""
    with requests.begin() as work:
        ended = sessions.sign_out_everywhere(
            work, name=path.name, with_tokens=body.tokens, now=requests.now()
        )
    return frame.answer(EndedAnswer(sessions=ended.sessions, tokens=ended.tokens))
