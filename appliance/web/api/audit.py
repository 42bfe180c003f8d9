"""`/audit/events`: what happened, searched, read and followed. Each search is itself recorded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import flask
from pydantic import Field

from appliance.domain import audit_query
from appliance.domain.events import Outcome
from appliance.domain.identity import ActorKind, Method
from appliance.errors import InvalidError
from appliance.services.audit_log import search as audit_search
from appliance.services.audit_log.events import ReadableEvent
from appliance.services.audit_log.search import Asked, Search
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLogs

api = frame.area("audit", "What happened: search the audit log, read an event, follow the log.")

USUAL_LIMIT, LARGEST_LIMIT = 50, 1000
NOTED_FOR = timedelta(hours=1)
"""So long somebody follows a log on one recorded search; then it is recorded again."""
DAY = "A day or a time: 2026-10-31, or 2026-10-31T09:30Z"


class EventsQuery(OfLogs):
    """What to look for, and where to go on."""

    q: str = Field(
        "", max_length=audit_query.LONGEST, description="As in `actor:writer action:repo.* notes`"
    )
    since: str = Field("", max_length=40, alias="from", description=f"{DAY}; 90 days ago otherwise")
    until: str = Field("", max_length=40, alias="to", description=f"{DAY}, included")
    as_of: int | None = Field(
        None, ge=0, le=2**53, description="As the log was when it had so many entries; of one log"
    )
    limit: int = Field(USUAL_LIMIT, ge=1, le=LARGEST_LIMIT)
    cursor: str | None = Field(None, max_length=1024, description="`next` of the page before")
    after: str | None = Field(
        None,
        max_length=1024,
        description="`newer` of an answer before: what came since, oldest first",
    )

    @property
    def asked(self) -> Asked:
        """The search without the place in it."""
        return Asked(self.q, self.log, self.since, self.until, self.as_of)


class EventPath(frame.Body):
    """Which event."""

    id: UUID


class ActorAnswer(frame.Answer):
    """Who did it."""

    type: ActorKind
    ref: str = Field(description="A pseudonym, the same for all that they do")
    name: str | None = Field(description="Their name now; null if they are no user any more")
    name_then: str | None = Field(description="When it happened, where it was another one")


class TargetAnswer(frame.Answer):
    """What it was done to."""

    type: str
    ref: str
    name: str | None
    name_then: str | None = Field(description="When it happened, where it was another one")


class AuthAnswer(frame.Answer):
    """How the actor showed who they are."""

    method: Method
    token_ref: str
    mfa: bool


class EventAnswer(frame.Answer):
    """An event."""

    id: UUID
    log: str = Field(description="`instance`, or the id of an organisation")
    log_name: str
    index: int = Field(description="Its place in the log")
    time: datetime
    action: str
    category: str
    outcome: Outcome
    actor: ActorAnswer
    target: TargetAnswer
    auth: AuthAnswer
    address: str | None
    request_id: str
    fields: dict[str, Any] = Field(description="What else it says; null where it was erased")
    erased: list[str] = Field(description="The fields of which nothing is left")


class EventPage(frame.Answer):
    """Some events."""

    items: list[EventAnswer]
    next: str | None = Field(description="For `cursor`: where older ones are; never with `after`")
    newer: str = Field(description="For `after`: what will have come since; at once, if full")
    as_of: int | None = Field(description="The size of the log that was searched, where it is one")
    since: datetime | None = Field(description="Where the usual period begins, if it was applied")


@dataclass(frozen=True)
class _Place:
    """A search, where in it a page begins, and when it was recorded."""

    search: Search
    noted_at: datetime
    after: str | None = None


@api.get("/audit/events", summary="Search the audit log", responses={"200": EventPage})
def events(query: EventsQuery) -> Any:
    """Newest first. A search is recorded once, whatever number of its pages is read.

    Beside each other, terms must all hold; `OR`, parentheses and `-` do what they say. There are
    `actor:` `action:` `category:` `outcome:` `repo:` `org:` `team:` `user:` `token:` `log:`
    `method:` `ip:` `request:` `id:` and `created:`; everything else is looked for as words.
    """
    if query.after is not None:
        return _newer(query, query.after)
    if query.cursor is not None:
        place = _resumed(query, query.cursor, "older")
        with requests.reading() as work:
            found = audit_search.page(
                work, place.search, sealer=_sealer(), after=place.after, limit=query.limit
            )
        return _page(query, found.items, place, found.next)
    with requests.reading() as work:
        search = audit_search.begin(work, query.asked, now=requests.now())
        found = audit_search.page(work, search, sealer=_sealer(), limit=query.limit)
    _note(search, len(found.items))
    return _page(query, found.items, _Place(search, requests.now()), found.next)


@api.get("/audit/events/<uuid:id>", summary="Read an event", responses={"200": EventAnswer})
def event(path: EventPath) -> Any:
    """That somebody read it is recorded."""
    with requests.reading() as work:
        found = audit_search.show(work, path.id, sealer=_sealer())
    with requests.begin() as work:
        audit_search.note_read(work, path.id)
    return frame.answer(_present(found))


def _newer(query: EventsQuery, cursor: str) -> Any:
    place = _resumed(query, cursor, "newer")
    with requests.reading() as work:
        found = audit_search.newer(work, place.search, sealer=_sealer(), limit=query.limit)
    noted_at = place.noted_at
    if requests.now() - noted_at > NOTED_FOR:
        _note(found.search, len(found.items))
        noted_at = requests.now()
    answer = EventPage(
        items=[_present(each) for each in found.items],
        next=None,
        newer=_cursor(query, _Place(found.search, noted_at), "newer"),
        as_of=None,
        since=None,
    )
    return frame.answer(answer)


def _page(
    query: EventsQuery, items: list[ReadableEvent], place: _Place, after: str | None
) -> flask.Response:
    following = _Place(place.search, place.noted_at, after)
    answer = EventPage(
        items=[_present(each) for each in items],
        next=None if after is None else _cursor(query, following, "older"),
        newer=_cursor(query, _Place(place.search, place.noted_at), "newer"),
        as_of=place.search.as_of,
        since=place.search.since,
    )
    response: flask.Response = frame.answer(answer)
    response.headers.update(paging.next_link(answer.next))
    return response


def _note(search: Search, shown: int) -> None:
    """Record the search; what was found is shown only when that is committed."""
    with requests.begin() as work:
        audit_search.note(work, search, shown=shown)


def _cursor(query: EventsQuery, place: _Place, kind: str) -> str:
    """A place of this very search by this very actor, so that nothing is read unrecorded."""
    search = place.search
    moments = [search.begun_at.isoformat(), place.noted_at.isoformat()]
    return paging.cursor([_proof(query, kind), search.place, search.as_of, *moments, place.after])


def _resumed(query: EventsQuery, cursor: str, kind: str) -> _Place:
    found = paging.after(cursor)
    if not isinstance(found, list) or not found or found[0] != _proof(query, kind):
        raise InvalidError.of("cursor", "This cursor belongs to another search. Begin without one.")
    _, place, as_of, begun_at, noted_at, after = found
    search = Search(query.asked, datetime.fromisoformat(begun_at), place, as_of)
    return _Place(search, datetime.fromisoformat(noted_at), after)


def _proof(query: EventsQuery, kind: str) -> str:
    asked = query.asked
    said = [kind, requests.actor().pseudonym, *(asked.text, asked.log, asked.since, asked.until)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def _present(found: ReadableEvent) -> EventAnswer:
    is_known = "address" not in found.erased and bool(found.address)
    return EventAnswer(
        id=found.id,
        log=found.log,
        log_name=found.log_name,
        index=found.index,
        time=found.occurred_at,
        action=found.kind,
        category=found.kind.partition(".")[0],
        outcome=found.outcome,
        actor=ActorAnswer(
            type=found.actor_kind,
            ref=found.actor_ref,
            name=_name(found.actor, found.actor_ref),
            name_then=found.actor_then or None,
        ),
        target=TargetAnswer(
            type=found.target_kind,
            ref=found.target_ref,
            name=_name(found.target, found.target_ref),
            name_then=found.target_then or None,
        ),
        auth=AuthAnswer(
            method=found.method, token_ref=found.token_ref, mfa=found.used_second_factor
        ),
        address=found.address if is_known else None,
        request_id=found.request_id,
        fields={
            name: None if name in found.erased else value for name, value in found.fields.items()
        },
        erased=sorted(found.erased),
    )


def _name(name: str, ref: str) -> str | None:
    return None if name == ref else name


def _sealer() -> Any:
    return requests.wiring().sealer
