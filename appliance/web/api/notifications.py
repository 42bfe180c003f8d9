"""`/user/notifications`, `…/watch`: what one is told of conversations, of which repositories."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.domain.conversations import ConversationState
from appliance.domain.notifications import DigestEvery, MailWhen, Reason, Tale, WatchLevel
from appliance.services import commit_subjects, notification_choices, notifications, watching
from appliance.services.notification_choices import Changes, Shown
from appliance.services.notifications import MOST_AT_ONCE, Mark, Part, Subject, Told, Wanted
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("notifications", "What one is told of conversations, and of which repositories.")

OWN = "/user/notifications"
WATCH = "/repos/<owner>/<name>/watch"
PATH = r"^([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)?$"
Path = Annotated[str, Field(max_length=140, pattern=PATH, description="OWNER/NAME")]


class NotificationQuery(frame.PageQuery):
    """Which notifications."""

    part: Part = Part.UNREAD
    reason: Reason | None = None
    repository: Path = ""


class NotificationPath(frame.Body):
    """Which notification."""

    id: UUID


class NotificationAnswer(frame.Answer):
    """A conversation or a commit in one's inbox, with what happened there last."""

    id: UUID
    repository: str
    kind: Subject
    number: int | None = Field(description="Of a conversation")
    commit: str = Field(description="The commit that it is about, if it is about one")
    title: str
    state: ConversationState | None = Field(description="Of a conversation")
    reason: Reason
    last: Tale = Field(description="What happened last")
    by: str = Field(description="Who did that")
    happened_at: datetime
    is_unread: bool
    is_done: bool
    web_url: str


class NotificationPage(frame.Answer):
    """Some notifications."""

    items: list[NotificationAnswer]
    next: str | None


class MarkBody(frame.Body):
    """What to do with a notification."""

    mark: Mark


class MarkSeveralBody(MarkBody):
    """What to do with several: those named, or all of a part in which nothing happened since."""

    ids: Annotated[list[UUID], Field(max_length=MOST_AT_ONCE)] | None = None
    part: Part = Part.INBOX
    reason: Reason | None = None
    repository: Path = ""
    until: AwareDatetime | None = Field(None, description="Without ids; now if left out")


class MarkedAnswer(frame.Answer):
    """How many were marked."""

    marked: int


class NotificationSettingsBody(frame.Body):
    """How one wants to be told; what is left out stays."""

    own_mail: MailWhen | None = Field(None, description="Of what is one's own")
    watching_mail: MailWhen | None = Field(None, description="Of what one watches")
    digest: DigestEvery | None = None
    tells_own: bool | None = Field(None, description="Of what one does oneself, too")


class NotificationSettingsAnswer(frame.Answer):
    """How one is told."""

    own_mail: MailWhen
    watching_mail: MailWhen
    digest: DigestEvery
    tells_own: bool
    address: str
    is_vouched: bool = Field(description="Whether letters are written to the address")
    is_sent: bool = Field(description="Whether the appliance writes letters")


class WatchBody(frame.Body):
    """How much of a repository one wants to be told."""

    level: WatchLevel


class WatchAnswer(frame.Answer):
    """How much of a repository one is told."""

    level: WatchLevel


class WatchedAnswer(frame.Answer):
    """A repository of which one is told all, or nothing."""

    path: str
    level: WatchLevel
    since: datetime


class WatchedPage(frame.Answer):
    """Such repositories."""

    items: list[WatchedAnswer]
    next: str | None


class WatcherAnswer(frame.Answer):
    """Who is told all of a repository."""

    name: str


class WatcherPage(frame.Answer):
    """Some of them."""

    items: list[WatcherAnswer]
    next: str | None


@api.get(OWN, summary="List notifications", responses={"200": NotificationPage})
def list_notifications(query: NotificationQuery) -> Any:
    """Those that one has not read, unless another part is asked for; the latest first."""
    wanted = Wanted(query.part, query.reason, query.repository)
    with requests.reading() as work:
        page = notifications.listed(
            work, wanted, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.get(f"{OWN}/<uuid:id>", summary="Show a notification", responses={"200": NotificationAnswer})
def show(path: NotificationPath) -> Any:
    """One of one's own."""
    with requests.reading() as work:
        return frame.answer(_present(notifications.show(work, path.id)))


@api.patch(f"{OWN}/<uuid:id>", summary="Mark a notification", responses={"200": NotificationAnswer})
def mark(path: NotificationPath, body: MarkBody) -> Any:
    """As read, unread, done, or back in the inbox. Safe to repeat."""
    with requests.begin() as work:
        notifications.show(work, path.id)
        notifications.mark(work, [path.id], body.mark, now=requests.now())
        return frame.answer(_present(notifications.show(work, path.id)))


@api.post(f"{OWN}/mark", summary="Mark several notifications", responses={"200": MarkedAnswer})
def mark_several(body: MarkSeveralBody) -> Any:
    """Those named, or all of a part. Safe to repeat."""
    now = requests.now()
    with requests.begin() as work:
        if body.ids is not None:
            number = notifications.mark(work, body.ids, body.mark, now=now)
        else:
            wanted = Wanted(body.part, body.reason, body.repository)
            until = body.until or now
            number = notifications.mark_all(work, body.mark, wanted, until=until, now=now)
    return frame.answer(MarkedAnswer(marked=number))


@api.get(
    "/user/notification-settings",
    summary="Show your notification settings",
    responses={"200": NotificationSettingsAnswer},
)
def show_settings() -> Any:
    """What one chose of letters, and whether they can arrive."""
    with requests.reading() as work:
        return frame.answer(_present_settings(notification_choices.show(work)))


@api.patch(
    "/user/notification-settings",
    summary="Change your notification settings",
    responses={"200": NotificationSettingsAnswer},
)
def change_settings(body: NotificationSettingsBody) -> Any:
    """What is left out stays."""
    wanted = Changes(body.own_mail, body.watching_mail, body.digest, body.tells_own)
    with requests.begin() as work:
        notification_choices.change(work, wanted)
        return frame.answer(_present_settings(notification_choices.show(work)))


@api.get("/user/watches", summary="List watched repositories", responses={"200": WatchedPage})
def list_watches() -> Any:
    """Those of which one is told all, or nothing."""
    with requests.reading() as work:
        return frame.page([WatchedAnswer.model_validate(each) for each in watching.own(work)], None)


@api.get(WATCH, summary="Show how you watch a repository", responses={"200": WatchAnswer})
def show_watch(path: RepositoryPath) -> Any:
    """Of a repository."""
    with requests.reading() as work:
        return frame.answer(WatchAnswer(level=watching.level(work, path.path)))


@api.put(WATCH, summary="Watch a repository", responses={"200": WatchAnswer})
def watch(path: RepositoryPath, body: WatchBody) -> Any:
    """Be told all of it, nothing, or only what is one's own. Safe to repeat."""
    with requests.begin() as work:
        watching.set_level(work, path.path, body.level, now=requests.now())
    return frame.answer(WatchAnswer(level=body.level))


@api.delete(WATCH, summary="Unwatch a repository", responses={"204": None})
def unwatch(path: RepositoryPath) -> Any:
    """Be told only what is one's own. Safe to repeat."""
    with requests.begin() as work:
        watching.set_level(work, path.path, WatchLevel.PARTICIPATING, now=requests.now())
    return frame.nothing()


@api.get("/repos/<owner>/<name>/watchers", summary="List watchers", responses={"200": WatcherPage})
def list_watchers(path: RepositoryPath, query: frame.PageQuery) -> Any:
    """Who is told all of a repository, by name."""
    with requests.reading() as work:
        page = watching.watchers(
            work, path.path, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([WatcherAnswer(name=each) for each in page.items], page.next)


def _present_settings(shown: Shown) -> NotificationSettingsAnswer:
    chosen = shown.choices
    return NotificationSettingsAnswer(
        own_mail=chosen.own_mail,
        watching_mail=chosen.watching_mail,
        digest=chosen.digest,
        tells_own=chosen.tells_own,
        address=shown.address,
        is_vouched=shown.is_vouched,
        is_sent=shown.is_sent,
    )


def _subject(told: Told) -> str:
    home, oid = told.row.repository_id, told.commit
    return commit_subjects.one(requests.wiring().repositories, home, oid) if home else ""


def _present(told: Told) -> NotificationAnswer:
    one, row = told.conversation, told.row
    return NotificationAnswer(
        id=row.id,
        repository=told.path,
        kind=told.subject,
        number=one.number if one else None,
        commit=told.commit,
        title=one.title if one else _subject(told) or told.name,
        state=one.state if one else None,
        reason=row.reason,
        last=row.tale,
        by=told.actor,
        happened_at=row.happened_at,
        is_unread=row.is_unread,
        is_done=row.done_at is not None,
        web_url=requests.wiring().addresses.web(told.path) + told.place[len(told.path) + 1 :],
    )
