"""The audit log: searched, followed, and one event of it with all that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain import audit_query
from appliance.domain.audit_query import Not, Term
from appliance.domain.audit_terms import INSTANCE
from appliance.domain.audit_terms import Field as Name
from appliance.domain.identity import Method
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError
from appliance.services.audit_log import (
    details,
    saved_searches,
    state,
    trees,
)
from appliance.services.audit_log import (
    search as audit_search,
)
from appliance.services.audit_log.search import Asked, Search
from appliance.web import forms, language, paging, requests
from appliance.web.pages import audit_chips, words
from appliance.web.pages.audit_frame import frame, log_of, routes
from appliance.web.pages.page_forms import Problems, asked, attempt, done, page, signed_in

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.audit_log.events import ReadableEvent

pages = flask.Blueprint("audit", __name__)
words.give_to_templates(pages)

ROWS = 50
MOST_NEW = 100
LOOKS = Not(Term(Name.ACTION, "audit.searched"))
"""Whoever follows a log looks at it all the time; that alone must not keep it growing."""


class SavedForm(forms.Form):
    """A search that somebody wants to keep."""

    name: str = Field(max_length=200)
    q: str = Field("", max_length=audit_query.LONGEST)


@pages.get("/audit")
def logs() -> ResponseReturnValue:
    """The logs that somebody may read, so that whoever was given one finds it."""
    signed_in()
    with requests.reading() as work:
        rooms = state.readable(work)
    return page("audit/logs.html", rooms=rooms)


@pages.get("/audit/words.json")
def vocabulary() -> ResponseReturnValue:
    """What can stand in a search, for the script that completes it."""
    signed_in()
    answer = flask.jsonify(audit_chips.vocabulary())
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@routes(pages, "", methods=["GET"])
def show(owner: str) -> ResponseReturnValue:
    """The log: what was searched for, newest first, bound to the size that it has now."""
    try:
        return _log_page(owner, {})
    except InvalidError as error:
        return _log_page(owner, {"q": language.said(error.message)}, text=""), error.http_status


@routes(pages, "/newer", methods=["GET"])
def newer(owner: str) -> ResponseReturnValue:
    """What came since, as rows for the script that follows the log."""
    begun = _begun(asked("from"), owner)
    with requests.reading() as work:
        found = audit_search.newer(work, begun, sealer=_sealer(), limit=MOST_NEW)
    if found.items:
        with requests.begin() as work:
            audit_search.note(work, begun, shown=len(found.items))
    return {
        "count": len(found.items),
        "rows": flask.render_template(
            "audit/newer.html",
            items=found.items[::-1],
            owner=owner,
            of_all=not begun.asked.log,
        ),
        "next": _place(found.search),
    }


@routes(pages, "/events/<uuid:event_id>", methods=["GET"])
def event(owner: str, event_id: UUID) -> ResponseReturnValue:
    """One event; that somebody looked at it is recorded before it is shown."""
    with requests.begin() as work:
        context = _event(work, owner, event_id)
        audit_search.note_read(work, event_id)
    return page("audit/event.html", **context)


@routes(pages, "/events/<uuid:event_id>/proof", methods=["GET"])
def proof(owner: str, event_id: UUID) -> ResponseReturnValue:
    """The proof that an event is in the log, as a file for verifiers."""
    with requests.begin() as work:
        frame(work, owner, "log")
        found = trees.prove(work, event_id)
    return _file(str(found), f"event-{found.index}.tlog-proof")


@routes(pages, "/searches", methods=["POST"])
def save(owner: str) -> ResponseReturnValue:
    """Keep a search."""

    def act() -> ResponseReturnValue:
        form = SavedForm.parse(flask.request.form)
        with requests.begin() as work:
            kept = saved_searches.save(
                work, log_of(owner), name=form.name, query=form.q, now=requests.now()
            )
        return done(_("%(name)s was saved.", name=kept.name), ".show", owner=owner, q=kept.query)

    return attempt(act, lambda problems: _log_page(owner, problems), at="name")


@routes(pages, "/searches/<uuid:search_id>/delete", methods=["POST"])
def forget(owner: str, search_id: UUID) -> ResponseReturnValue:
    """Delete a search that was kept."""
    with requests.begin() as work:
        saved_searches.delete(work, search_id)
    return done(_("The search was deleted."), ".show", owner=owner)


@pages.get("/administration/events")
@pages.get("/<owner>/-/events")
def moved(owner: str = "") -> ResponseReturnValue:
    """Where these pages were before."""
    return flask.redirect(flask.url_for(".show", owner=owner), 301)


def _log_page(owner: str, problems: Problems, *, text: str | None = None) -> str:
    wanted = audit_chips.wanted() if text is None else text
    follows = asked("live") == "1"
    with requests.reading() as work:
        context = frame(work, owner, "log")
        begun, place = _asked_for(work, owner, wanted, follows=follows)
        found = audit_search.page(work, begun, sealer=_sealer(), after=place, limit=ROWS)
        came = None
        if place is not None:
            came = len(audit_search.newer(work, begun, sealer=_sealer(), limit=MOST_NEW).items)
        saved = saved_searches.listed(work, log_of(owner))
    with requests.begin() as work:
        audit_search.note(work, begun, shown=len(found.items))
    shown = asked("q") if text is not None else wanted
    return page(
        "audit/log.html",
        problems,
        items=found.items,
        query=shown,
        search=begun,
        follows=follows,
        came=came,
        most_new=MOST_NEW,
        is_first=place is None,
        older=_place(begun, found.next) if found.next else None,
        place=_place(begun),
        saved=saved,
        chips=audit_chips.chips(owner, wanted),
        fields=audit_chips.HELP,
        of_all=not owner and Permission.AUDIT_READ in context["room"].allowed,
        **context,
    )


def _asked_for(
    work: UnitOfWork, owner: str, text: str, *, follows: bool
) -> tuple[Search, str | None]:
    """The search that the page's address means, and where in it the page begins."""
    cursor = asked("cursor")
    if cursor:
        return _begun(cursor, owner), paging.after(cursor)[1]
    log = log_of(owner)
    if not owner:
        room = state.room(work, INSTANCE)
        # By a role, one reads all logs; who was given this one reads this one.
        log = "" if Permission.AUDIT_READ in room.allowed else INSTANCE
    if follows:
        text = audit_query.spell(audit_query.both(audit_query.parse(text), LOOKS))
    return audit_search.begin(work, Asked(text=text, log=log), now=requests.now()), None


def _place(search: Search, after: str | None = None) -> str:
    """A search and a place in it, as a signed word."""
    begun = [search.asked.text, search.asked.log, search.begun_at.isoformat(), search.place]
    return paging.cursor([[*begun, search.as_of], after])


def _begun(cursor: str, owner: str) -> Search:
    """The search of such a word.

    Errors:
        InvalidError: it is none of ours, or belongs to another page.
    """
    begun = paging.after(cursor)
    if not begun:
        raise InvalidError.of("from", "Unknown cursor. Start without one.")
    text, log, at, place, as_of = begun[0]
    if bool(owner) is not (log not in {"", INSTANCE}):
        raise InvalidError.of("from", "Unknown cursor. Start without one.")
    found = Search(Asked(text=text, log=log), datetime.fromisoformat(at), place, as_of)
    return replace(found, asked=replace(found.asked, log=owner or log))


def _event(work: UnitOfWork, owner: str, event_id: UUID) -> dict[str, Any]:
    context = frame(work, owner, "log")
    found = audit_search.show(work, event_id, sealer=_sealer())
    return {
        **context,
        "event": found,
        "title": audit_chips.sentence_of(found.kind),
        "details": details.of(work, event_id),
        "members": _members(found),
        "target_page": details.page_of_target(work, found),
        "actor_page": details.page_of_actor(work, found),
        "has_credential": found.method not in {Method.NONE, Method.INTERNAL},
    }


def _members(event: ReadableEvent) -> list[tuple[str, str, bool]]:
    """What an event says: name, words, and whether nothing is left of it."""
    return [
        (
            name,
            value if isinstance(value, str) else audit_chips.compact(value),
            name in event.erased,
        )
        for name, value in event.fields.items()
    ]


def _sealer() -> Any:
    return requests.wiring().sealer


def _file(text: str, name: str) -> flask.Response:
    response = flask.Response(text, mimetype="text/plain")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
