"""What letters say: made when they are sent, of what is there and may be read then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from appliance.access import fetch_conversations, gate
from appliance.db import email_addresses
from appliance.db.conversations import Conversation
from appliance.db.notifications import Notification, NotificationMail
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.delivery.mail import Letter
from appliance.domain.conversations import ConversationKind
from appliance.domain.names import fold
from appliance.domain.notifications import Reason, Tale
from appliance.domain.permissions import Permission
from appliance.domain.pull_requests import Verdict
from appliance.errors import Sentence, sentence
from appliance.services import commit_subjects, said_texts
from appliance.services.letter_language import said
from appliance.services.mail_queue import Held
from appliance.services.notifications import SHORT_OID, place_of
from appliance.services.said_texts import Quoted

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

SAYS: dict[Tale, Sentence] = {
    Tale.OPENED: sentence("%(name)s opened this."),
    Tale.COMMENTED: sentence("%(name)s commented."),
    Tale.CLOSED: sentence("%(name)s closed this."),
    Tale.REOPENED: sentence("%(name)s reopened this."),
    Tale.MENTIONED: sentence("%(name)s edited the text."),
    Tale.ASSIGNED: sentence("%(name)s assigned this to you."),
    Tale.REVIEW_REQUESTED: sentence("%(name)s requested your review."),
    Tale.REVIEWED: sentence("%(name)s reviewed this."),
    Tale.REVIEW_DISMISSED: sentence("%(name)s dismissed a review."),
    Tale.PUSHED: sentence("%(name)s pushed new commits."),
    Tale.MERGED: sentence("%(name)s merged this."),
    Tale.QUEUED: sentence("%(name)s added this to the merge queue."),
    Tale.DEQUEUED: sentence("This left the merge queue without a merge."),
    Tale.MERGE_FAILED: sentence("This could not be merged."),
}
JUDGES: dict[Verdict, Sentence] = {
    Verdict.APPROVE: sentence("%(name)s approved this."),
    Verdict.REQUEST_CHANGES: sentence("%(name)s requests changes."),
}
BECAUSE: dict[Reason, Sentence] = {
    Reason.MENTION: sentence("You are receiving this because you were mentioned."),
    Reason.REVIEW_REQUESTED: sentence("You are receiving this because your review was requested."),
    Reason.ASSIGNED: sentence("You are receiving this because it was assigned to you."),
    Reason.TEAM_MENTION: sentence("You are receiving this because your team was mentioned."),
    Reason.AUTHOR: sentence("You are receiving this because you opened it."),
    Reason.COMMENT: sentence("You are receiving this because you are participating."),
    Reason.SUBSCRIBED: sentence("You are receiving this because you are subscribed."),
    Reason.WATCHING: sentence("You are receiving this because you watch the repository."),
}
SOMEBODY = sentence("Somebody")
COMMIT = sentence("Commit %(commit)s")
SETTINGS_AT = sentence("Notification settings: %(url)s")
DIGEST_SUBJECT = sentence("%(number)s conversations with updates")
ONE_SUBJECT = sentence("One conversation with updates")
WITH_TEXT_OF_ITS_OWN = frozenset(
    {Tale.OPENED, Tale.MENTIONED, Tale.ASSIGNED, Tale.REVIEW_REQUESTED}
)


@dataclass(frozen=True)
class Sender:
    """Who writes: the appliance, where it is and what it is called."""

    url: str
    name: str

    @property
    def host(self) -> str:
        """In the ids of letters."""
        return urlsplit(self.url).hostname or "localhost"


@dataclass(frozen=True)
class _Part:
    """What is to be said of one occasion."""

    row: NotificationMail
    conversation: Conversation | None
    """None: it is about a commit."""
    repository: Repository
    actor: str
    quoted: Quoted
    anchor: str
    subject: str = ""
    """Of a commit."""

    @property
    def thing(self) -> str:
        """What all occasions of one conversation or commit have in common."""
        if self.conversation is not None:
            return str(self.conversation.id)
        return f"{self.repository.id}.{self.row.commit_oid}"

    def url(self, sender: Sender) -> str:
        """Where it is read."""
        place = place_of(self.conversation, self.row.commit_oid or "")
        end = f"#{self.anchor}" if self.anchor else ""
        return f"{sender.url}/{self.repository.path}/{place}{end}"

    def line(self, locale: str) -> str:
        """What it is about, its number first."""
        if self.conversation is not None:
            return f"#{self.conversation.number} {self.conversation.title}"
        return self.title(locale)

    def title(self, locale: str) -> str:
        """What it is about, its number last."""
        if self.conversation is not None:
            return f"{self.conversation.title} (#{self.conversation.number})"
        oid = self.row.commit_oid or ""
        if self.subject:
            return commit_subjects.titled(self.subject, oid)
        return said(COMMIT, locale, commit=oid[:SHORT_OID])


def compose(
    work: UnitOfWork,
    held: Held,
    sender: Sender,
    *,
    repositories: RepositoryStore,
    now: datetime,
) -> Letter | None:
    """The letter as it is now; None where there is nothing left to say, or nobody to say it to."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    user = work.session.get(User, held.user_id)
    address = _address(work, user) if user is not None and user.is_active else ""
    if user is None or not address:
        return None
    found = [_part(work, row, user, held) for row in held.rows]
    parts = [_titled(part, repositories) for part in found if part is not None]
    if not parts:
        return None
    if held.is_digest:
        return _digest(parts, user, address, sender, now)
    return _single(parts[0], user, address, sender)


def _titled(part: _Part, repositories: RepositoryStore) -> _Part:
    """The same, with the subject of its commit if it is about one."""
    oid = part.row.commit_oid
    if part.conversation is not None or oid is None:
        return part
    return replace(part, subject=commit_subjects.one(repositories, part.repository.id, oid))


def _address(work: UnitOfWork, user: User) -> str:
    """Where somebody is written to, if somebody has vouched that it is theirs."""
    found = email_addresses.primary(work.session, user.id)
    vouched = email_addresses.verified(work.session, [user.id]).get(user.id, frozenset())
    return found if fold(found) in vouched else ""


def _part(work: UnitOfWork, row: NotificationMail, user: User, held: Held) -> _Part | None:
    session = work.session
    conversation = session.get(Conversation, row.conversation_id) if row.conversation_id else None
    home = conversation.repository_id if conversation else row.repository_id
    repository = session.get(Repository, home) if home else None
    if repository is None or repository.deleted_at is not None:
        return None
    is_issue = conversation is not None and conversation.kind is ConversationKind.ISSUE
    is_off = is_issue and not fetch_conversations.has_issues(work, repository)
    if is_off or not fetch_conversations.may_read(work, repository, user):
        return None
    quoted = _quoted(work, row, conversation)
    if quoted is None or (held.is_digest and _is_read(work, row)):
        return None
    actor = session.get(User, row.actor_id) if row.actor_id else None
    anchor = said_texts.anchors(work, [row.text_id]).get(row.text_id, "") if row.text_id else ""
    return _Part(row, conversation, repository, actor.name if actor else "", quoted, anchor)


def _quoted(
    work: UnitOfWork, row: NotificationMail, conversation: Conversation | None
) -> Quoted | None:
    """What was said; None where it was deleted since."""
    if row.text_id is not None:
        return said_texts.quoted(work, row.text_id)
    if conversation is None or row.tale not in WITH_TEXT_OF_ITS_OWN:
        return Quoted()
    return Quoted(conversation.body)


def _is_read(work: UnitOfWork, row: NotificationMail) -> bool:
    """Whether they have looked since, so that a digest need not say it."""
    query = sa.select(Notification.read_at).where(
        Notification.user_id == row.user_id,
        Notification.conversation_id == row.conversation_id
        if row.conversation_id
        else sa.and_(
            Notification.repository_id == row.repository_id,
            Notification.commit_oid == row.commit_oid,
        ),
    )
    read_at = work.session.scalar(query)
    return read_at is not None and read_at >= row.happened_at


def _single(part: _Part, user: User, address: str, sender: Sender) -> Letter:
    repository = part.repository
    thread = f"<{part.thing}@{sender.host}>"
    begins = part.row.tale is Tale.OPENED
    url = part.url(sender)
    return Letter(
        to=address,
        from_name=part.actor or sender.name,
        subject=f"[{repository.path}] {part.title(user.locale)}",
        text=_text(part, user, sender),
        message_id=thread if begins else f"<{part.row.event_id}@{sender.host}>",
        written_at=part.row.happened_at,
        answers="" if begins else thread,
        headers={
            "List-ID": f"{repository.path} <{_list_id(repository, sender)}>",
            "List-Archive": f"<{sender.url}/{repository.path}>",
            "List-Unsubscribe": f"<{url.partition('#')[0]}>",
            "X-Codara-Reason": str(part.row.reason),
        },
    )


def _list_id(repository: Repository, sender: Sender) -> str:
    """As RFC 2919 has it: the narrower name first."""
    return f"{repository.name}.{repository.owner_name}.{sender.host}"


def _text(part: _Part, user: User, sender: Sender) -> str:
    locale = user.locale
    lines = [_says(part, locale), ""]
    if part.quoted.text.strip():
        lines += [part.quoted.text.strip(), ""]
    return "\n".join([*lines, *_foot(part.url(sender), part.row.reason, locale, sender)])


def _says(part: _Part, locale: str) -> str:
    says = JUDGES.get(part.quoted.verdict) if part.quoted.verdict else None
    name = part.actor or said(SOMEBODY, locale)
    return said(says or SAYS[part.row.tale], locale, name=name)


def _foot(url: str, reason: Reason | None, locale: str, sender: Sender) -> Sequence[str]:
    settings = said(SETTINGS_AT, locale, url=f"{sender.url}/settings/notifications")
    because = [said(BECAUSE[reason], locale)] if reason else []
    return ["-- ", *([url] if url else []), *because, settings, ""]


def _digest(
    parts: Sequence[_Part], user: User, address: str, sender: Sender, now: datetime
) -> Letter:
    locale = user.locale
    last = {part.thing: part for part in parts}
    lines: list[str] = []
    path = ""
    for part in sorted(last.values(), key=lambda each: (each.repository.path, each.row.number)):
        if part.repository.path != path:
            path = part.repository.path
            lines += [path, ""]
        lines += [
            f"  {part.line(locale)}",
            f"  {_says(part, locale)}",
            f"  {part.url(sender)}",
            "",
        ]
    number = len(last)
    subject = said(ONE_SUBJECT if number == 1 else DIGEST_SUBJECT, locale, number=number)
    return Letter(
        to=address,
        from_name=sender.name,
        subject=f"[{sender.name}] {subject}",
        text="\n".join([*lines, *_foot("", None, locale, sender)]),
        message_id=f"<digest-{parts[0].row.event_id}-{user.id}@{sender.host}>",
        written_at=now,
    )
