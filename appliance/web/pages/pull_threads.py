"""Threads of a pull request as pages draw them: who said what of which lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask_babel import gettext as _
from markupsafe import Markup

from appliance.domain.conversations import Reaction
from appliance.domain.pull_requests import Anchor, Side, Verdict
from appliance.domain.suggestions import split
from appliance.errors import ApplianceError
from appliance.services import files, review_drafts, review_threads, reviews, viewed_files
from appliance.web import highlight, requests
from appliance.web.pages import issue_frame, pull_frame

if TYPE_CHECKING:
    from appliance.services.review_facts import CommentFacts, DraftFacts, ReviewFacts, ThreadFacts
    from appliance.services.viewed_files import Viewed
    from appliance.web.pages.issue_frame import Texts
    from appliance.web.pages.pull_frame import Opened

LARGEST_BYTES = 1024 * 1024
"""Of a file of which lines are shown beside a comment."""
BEFORE = 3
"""Lines before those that are spoken of, as a conversation shows them."""


@dataclass(frozen=True)
class Suggestion:
    """Lines, and what is suggested instead."""

    old: list[Markup]
    new: list[Markup]
    may_apply: bool


@dataclass(frozen=True)
class Comment:
    """What somebody said; `is_draft`: nobody else sees it yet."""

    id: UUID
    anchor: str
    author: str
    at: datetime
    edited_at: datetime | None
    html: Markup
    suggestions: list[Suggestion]
    applied_as: str
    acts_at: str
    """Below which address one changes it; empty where the reader may not."""
    is_deleted: bool = False
    is_draft: bool = False
    reactions: Sequence[tuple[Reaction, int, frozenset[UUID]]] = ()


@dataclass(frozen=True)
class Thread:
    """A thread as it is drawn."""

    id: UUID
    anchor: str
    href: str
    path: bytes
    """Of its file, where it does not stand beside it."""
    where: str
    is_outdated: bool
    resolved_by: str | None
    comments: list[Comment]
    may_reply: bool
    may_resolve: bool
    waiting: int
    snippet: list[Markup]
    first: int


@dataclass(frozen=True)
class Said:
    """All that is said of the lines of a pull request, and what its reader has noted."""

    pull: Opened
    threads: list[ThreadFacts]
    drafts: list[DraftFacts]
    viewed: dict[bytes, Viewed]
    reviews: list[ReviewFacts]
    texts: Texts

    @property
    def since(self) -> int | None:
        """The last patch set that the reader has reviewed, if there are newer ones."""
        own = [each.patch_set for each in self.reviews if each.is_own]
        return own[-1] if own and own[-1] < self.pull.facts.patch_set else None

    @property
    def may_say(self) -> bool:
        """Whether to offer forms; never for protection."""
        standing = self.pull.found.described.standing
        return standing.may_comment and not self.pull.frame.repository.archived_at

    def lone_drafts(self) -> list[DraftFacts]:
        """What the reader has noted that begins a thread."""
        return [each for each in self.drafts if each.thread_id is None]

    def thread(self, facts: ThreadFacts, *, is_outdated: bool, has_snippet: bool = False) -> Thread:
        """A thread with the reader's own notes in it."""
        standing = self.pull.found.described.standing
        own = any(each.is_own for each in facts.comments[:1])
        notes = [each for each in self.drafts if each.thread_id == facts.id]
        return Thread(
            id=facts.id,
            anchor=f"thread-{facts.id}",
            href=f"{self.pull.here}/files#thread-{facts.id}",
            path=facts.anchor.path if has_snippet else b"",
            where=where(facts.anchor),
            is_outdated=is_outdated,
            resolved_by=facts.resolved_by if facts.is_resolved else None,
            comments=[
                *(self._comment(each, facts) for each in facts.comments),
                *(self._draft(each) for each in notes),
            ],
            may_reply=self.may_say,
            may_resolve=standing.is_author or standing.may_triage or own,
            waiting=len(self.drafts),
            snippet=self._lines(facts.anchor, before=BEFORE) if has_snippet else [],
            first=max(1, (facts.anchor.start_line or 1) - BEFORE),
        )

    def note(self, draft: DraftFacts) -> Thread:
        """What the reader has noted, as the thread that it will be."""
        return Thread(
            draft.id,
            f"draft-{draft.id}",
            f"{self.pull.here}/files#draft-{draft.id}",
            b"",
            where(draft.anchor),
            is_outdated=False,
            resolved_by=None,
            comments=[self._draft(draft)],
            may_reply=False,
            may_resolve=False,
            waiting=len(self.drafts),
            snippet=[],
            first=1,
        )

    def _comment(self, facts: CommentFacts, thread: ThreadFacts) -> Comment:
        may_change = facts.is_own or self.pull.found.described.standing.may_triage
        text, suggested = split(facts.body)
        return Comment(
            facts.id,
            f"said-{facts.id}",
            facts.author,
            facts.at,
            facts.edited_at,
            self.texts.html(text, f"{facts.id.hex[-8:]}-"),
            self._suggestions(thread.anchor, suggested),
            facts.applied_as,
            f"{self.pull.here}/said/{facts.id}" if may_change and self.may_say else "",
            is_deleted=facts.is_deleted,
            reactions=facts.reactions,
        )

    def _draft(self, facts: DraftFacts) -> Comment:
        text, suggested = split(facts.body)
        return Comment(
            facts.id,
            f"said-{facts.id}",
            requests.actor().label,
            facts.at,
            None,
            self.texts.html(text, f"{facts.id.hex[-8:]}-"),
            self._suggestions(facts.anchor, suggested),
            "",
            f"{self.pull.here}/drafts/{facts.id}",
            is_draft=True,
        )

    def _suggestions(self, anchor: Anchor, texts: Sequence[str]) -> list[Suggestion]:
        if not texts or anchor.side is Side.OLD:
            return []
        may_apply = self.may_say and self.pull.state in {"open", "draft"}
        old = self._lines(anchor)
        return [
            Suggestion(old, lines_of(text.encode(), anchor.path), may_apply) for text in texts[:1]
        ]

    def _lines(self, anchor: Anchor, *, before: int = 0) -> list[Markup]:
        """The lines that somebody spoke of, with a few before them, as they were then."""
        if anchor.start_line is None or anchor.end_line is None:
            return []
        content = content_of(self.pull, anchor)
        if content is None:
            return []
        return lines_of(content, anchor.path)[
            max(0, anchor.start_line - 1 - before) : anchor.end_line
        ]


def read(pull: Opened) -> Said:
    """All that is said of the lines of a pull request, for who reads it."""
    which = pull.which
    with requests.reading() as work:
        threads = review_threads.listed(work, which)
        given = reviews.listed(work, which)
        is_somebody = requests.actor().is_signed_in
        drafts = review_drafts.listed(work, which) if is_somebody else []
        viewed = viewed_files.listed(work, which) if is_somebody else {}
        said = [comment.body for thread in threads for comment in thread.comments]
        said += [each.body for each in drafts] + [each.body for each in given]
        texts = issue_frame.texts(work, pull.frame, said)
    return Said(pull, threads, drafts, viewed, given, texts)


def macros(template: str, pull: Opened) -> Any:
    """The macros of a template that need what a page of this pull request has."""
    context = pull_frame.context_of(pull)
    context |= {"links": pull.frame.links, "repository": pull.frame.repository}
    flask.current_app.update_template_context(context)
    return flask.current_app.jinja_env.get_template(template).make_module(context)


def where(anchor: Anchor) -> str:
    """Which lines are meant, in words."""
    first, last = anchor.start_line, anchor.end_line
    if first is None:
        return str(_("The whole file"))
    if anchor.side is Side.OLD:
        if first == last:
            return str(_("Line %(line)s as it was", line=first))
        return str(_("Lines %(first)s to %(last)s as they were", first=first, last=last))
    if first == last:
        return str(_("Line %(line)s", line=first))
    return str(_("Lines %(first)s to %(last)s", first=first, last=last))


def content_of(pull: Opened, anchor: Anchor) -> bytes | None:
    """The file that somebody spoke of, as it was then."""
    patch_set = next((each for each in pull.sets if each.number == anchor.patch_set), None)
    if patch_set is None:
        return None
    commit = patch_set.base if anchor.side is Side.OLD else patch_set.head
    try:
        found = files.read(pull.frame.repository, commit, anchor.path, most_bytes=LARGEST_BYTES)
    except ApplianceError:  # Then the comment stands without the lines.
        return None
    return found.content


def lines_of(content: bytes, path: bytes) -> list[Markup]:
    """Lines with their colours."""
    text = highlight.decode(content)[0].replace("\r\n", "\n").removesuffix("\n")
    rows = highlight.pieces(text, highlight.lexer_for(path, text))
    return [highlight.line(row) for row in rows]


def counted(reviews_given: Sequence[ReviewFacts], verdict: Verdict) -> int:
    """How many reviewers who may write give a verdict."""
    return sum(each.verdict is verdict and each.may_write for each in reviews_given)
