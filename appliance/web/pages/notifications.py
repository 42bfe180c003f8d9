"""The conversations and commits in the inbox: what happened, and what one does about that."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext

from appliance.domain.conversations import Which
from appliance.domain.notifications import Reason
from appliance.errors import ApplianceError
from appliance.services import commit_subjects, conversation_following, notifications
from appliance.services.notifications import Mark, Part, Wanted
from appliance.web import cookies, links, requests
from appliance.web.pages import inbox, lists, words
from appliance.web.pages.notification_words import WORDS
from appliance.web.pages.page_forms import USUAL, after, asked, listed, signed_in

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.notifications import Told
    from appliance.web.pages.page_forms import Found

pages = flask.Blueprint("notifications", __name__)
words.give_to_templates(pages)

COLUMNS: lists.Columns = {
    "repository": lambda each: each.path,
    "number": lambda each: each.conversation.number if each.conversation else "",
    "title": lambda each: each.conversation.title if each.conversation else each.commit,
    "reason": lambda each: each.row.reason,
    "last": lambda each: each.row.tale,
    "by": lambda each: each.actor,
    "happened_at": lambda each: each.row.happened_at,
    "is_unread": lambda each: each.row.is_unread,
    "kind": lambda each: each.subject,
}


@pages.get("/inbox/conversations")
def listing() -> ResponseReturnValue:
    """Those of a part of the inbox; what was not looked at, unless one asks for another."""
    signed_in()
    wanted = _wanted()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Told]:
        return notifications.listed(work, wanted, after=after, limit=limit)

    if file := lists.export("inbox", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        counts = notifications.counted(work)
        todo = len(inbox.waiting(work))
    told = [(each.row.repository_id, each.row.commit_oid) for each in found.items]
    flask.g.inbox_count = todo + counts.unread
    return flask.render_template(
        "inbox/conversations.html",
        found=listed(found),
        subjects=commit_subjects.several(requests.wiring().repositories, told),
        counts=counts,
        todo=todo,
        wanted=wanted,
        hrefs=_hrefs(wanted),
        acts=_acts(wanted.part),
        now=requests.now(),
        said=WORDS,
        **lists.tools(),
    )


@pages.post("/inbox/conversations")
def act_on_several() -> ResponseReturnValue:
    """Mark those that were chosen, or follow them no longer."""

    def names(work: UnitOfWork, chosen: list[str]) -> dict[str, str]:
        found = [notifications.show(work, lists.id_of(each)) for each in chosen]
        return {str(each.row.id): each.name for each in found}

    acts = _acts(Part.INBOX) | _acts(Part.DONE)
    return lists.act_on_several(acts, back=flask.url_for(".listing"), names=names)


@pages.post("/inbox/conversations/all")
def mark_all() -> ResponseReturnValue:
    """Have looked at everything, or be done with it, as far as this page knew of it."""
    signed_in()
    form = flask.request.form
    mark = Mark.DONE if form.get("act") == Mark.DONE else Mark.READ
    until = _moment(form.get("until", ""))
    with requests.begin() as work:
        number = notifications.mark_all(work, mark, _wanted(), until=until, now=requests.now())
    flask.flash(
        ngettext("%(num)s conversation is marked.", "%(num)s conversations are marked.", number),
        "good",
    )
    return flask.redirect(cookies.own_path(form.get("back"), flask.url_for(".listing")), 303)


@pages.post("/inbox/seen")
def seen() -> ResponseReturnValue:
    """Have looked at one: its own page says so."""
    signed_in()
    form = flask.request.form
    with requests.begin() as work:
        ids = [lists.id_of(form.get("notification", ""))]
        notifications.mark(work, ids, Mark.READ, now=requests.now())
    return flask.redirect(cookies.own_path(form.get("back"), flask.url_for(".listing")), 303)


def unseen(thing_id: UUID, commit: str = "") -> Any:
    """The reader's notification of a conversation, or of a repository's commit, if they did not
    look at it since.
    """
    if not requests.actor_or_stranger().is_signed_in:
        return None
    try:
        with requests.reading() as work:
            if commit:
                return notifications.of_commit(work, thing_id, commit)
            return notifications.of_conversation(work, thing_id)
    except ApplianceError:
        return None


def install(app: flask.Flask) -> None:
    """Let the page of a conversation ask whether its reader was told of it."""

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {"unseen": unseen}


def _moment(text: str) -> datetime:
    """When a page was made; what is no such time is now."""
    now = requests.now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return now
    return min(found, now) if found.tzinfo else now


def _wanted() -> Wanted:
    part = asked("part")
    reason = asked("reason")
    return Wanted(
        Part(part) if part in set(Part) else Part.UNREAD,
        Reason(reason) if reason in set(Reason) else None,
        asked("repository")[:140],
    )


def _hrefs(wanted: Wanted) -> dict[str, Any]:
    return {
        "parts": {each: links.with_query(part=each, cursor=None) for each in Part},
        "reasons": {
            each: links.with_query(reason=None if each is wanted.reason else each, cursor=None)
            for each in Reason
        },
        "without_reason": links.with_query(reason=None, cursor=None),
        "without_repository": links.with_query(repository=None, cursor=None),
        "all": flask.url_for(
            ".mark_all",
            part=wanted.part,
            reason=wanted.reason,
            repository=wanted.path or None,
        ),
    }


def _acts(part: Part) -> dict[str, lists.Act]:
    now = requests.now()

    def act(label: Any, mark: Mark) -> lists.Act:
        return lists.Act(
            label, lambda work, key: notifications.mark(work, [lists.id_of(key)], mark, now=now)
        )

    def leave(work: UnitOfWork, key: str) -> None:
        found = notifications.show(work, lists.id_of(key))
        one = found.conversation
        if one is not None:  # Of commits one is told only when one is mentioned.
            which = Which(found.path, one.number, one.kind)
            conversation_following.set_following(work, which, follows=False, now=now)
        notifications.mark(work, [found.row.id], Mark.DONE, now=now)

    if part is Part.DONE:
        return {"inbox": act(lazy("Back to the inbox"), Mark.INBOX)}
    return {
        "read": act(lazy("Mark as read"), Mark.READ),
        "unread": act(lazy("Mark as unread"), Mark.UNREAD),
        "done": act(lazy("Done"), Mark.DONE),
        "leave": lists.Act(lazy("Unsubscribe"), leave),
    }
