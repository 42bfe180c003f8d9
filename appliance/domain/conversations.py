"""Conversations, which are issues and pull requests: their words, limits, and who may do what.

Who may read a repository may open a conversation there and take part in it, unless it is locked.
Triagers sort: labels, assignees, milestones, closing, locking. Authors keep what they wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.audit_words import fold
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence

LONGEST_TITLE = 256
LARGEST_NUMBER = 2**31 - 1
LARGEST_TEXT_BYTES = 64 * 1024
MOST_LABELS = 20
MOST_ASSIGNEES = 10
MOST_PINNED = 3
MOST_LABELS_OF_REPOSITORY = 500
MOST_MILESTONES = 500
LONGEST_LABEL = 50
LONGEST_ABOUT = 100
LONGEST_MILESTONE = 100
COLOUR = re.compile(r"[0-9a-f]{6}\Z")


class ConversationKind(StrEnum):
    """What a conversation is about."""

    ISSUE = "issue"
    PULL_REQUEST = "pull_request"


class ConversationState(StrEnum):
    """Whether anything is left to do."""

    OPEN = "open"
    CLOSED = "closed"


class ClosedAs(StrEnum):
    """Why nothing is left to do."""

    COMPLETED = "completed"
    NOT_PLANNED = "not_planned"
    DUPLICATE = "duplicate"


class Reaction(StrEnum):
    """What one can say without words."""

    THUMBS_UP = "thumbs_up"
    THUMBS_DOWN = "thumbs_down"
    LAUGH = "laugh"
    HOORAY = "hooray"
    CONFUSED = "confused"
    HEART = "heart"
    ROCKET = "rocket"
    EYES = "eyes"


class Following(StrEnum):
    """Why somebody follows a conversation."""

    AUTHOR = "author"
    COMMENT = "comment"
    ASSIGNED = "assigned"
    MENTION = "mention"
    REVIEW = "review"
    """Their review is waited for."""
    CHOSEN = "chosen"


class Happening(StrEnum):
    """What stands in a conversation's timeline beside its comments."""

    CLOSED = "closed"
    REOPENED = "reopened"
    RENAMED = "renamed"
    LABELLED = "labelled"
    UNLABELLED = "unlabelled"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    MILESTONED = "milestoned"
    DEMILESTONED = "demilestoned"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    REFERENCED = "referenced"
    """Another conversation speaks of it."""
    COMMITTED = "committed"
    """A commit on the default branch speaks of it."""
    PUSHED = "pushed"
    """A pull request has a new patch set."""
    DRAFTED = "drafted"
    READY = "ready"
    RETARGETED = "retargeted"
    MERGED = "merged"
    SOURCE_DELETED = "source_deleted"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_NOT_REQUESTED = "review_not_requested"
    REVIEWED = "reviewed"
    REVIEW_DISMISSED = "review_dismissed"
    AUTO_MERGE_ON = "auto_merge_on"
    AUTO_MERGE_OFF = "auto_merge_off"
    QUEUED = "queued"
    DEQUEUED = "dequeued"


@dataclass(frozen=True)
class Which:
    """A conversation as a client names it."""

    path: str
    """`OWNER/NAME`."""
    number: int
    kind: ConversationKind = ConversationKind.ISSUE


@dataclass(frozen=True)
class Standing:
    """Who somebody is to a conversation."""

    allowed: frozenset[Permission]
    """What they may do with the repository."""
    is_author: bool
    is_locked: bool

    @property
    def may_triage(self) -> bool:
        """Whether they may label, assign, lock, and set milestones."""
        return {Permission.REPOSITORY_TRIAGE, Permission.REPOSITORY_DISCUSS} <= self.allowed

    @property
    def may_comment(self) -> bool:
        """Whether they may take part: comment, react, and change what they said."""
        is_let = Permission.REPOSITORY_DISCUSS in self.allowed
        return is_let and (not self.is_locked or self.may_triage)

    @property
    def may_edit(self) -> bool:
        """Whether they may change title and text."""
        return self.may_triage or (self.is_author and self.may_comment)

    @property
    def may_close(self) -> bool:
        """Whether they may close it and open it again."""
        return self.may_edit


def check_title(title: str) -> str:
    """A title on one line, without spaces around it.

    Errors:
        InvalidError: it says nothing, or too much.
    """
    found = " ".join(title.split())
    if not found or len(found) > LONGEST_TITLE or not found.isprintable():
        raise InvalidError.of(
            "title", sentence("A title has 1 to %(most)s characters.", most=LONGEST_TITLE)
        )
    return found


def check_text(text: str, *, field: str = "body", is_needed: bool = False) -> str:
    """What somebody wrote, with the line ends that we keep.

    Errors:
        InvalidError: it is too long, holds what no database keeps, or is missing.
    """
    found = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        size = len(found.encode())
    except UnicodeEncodeError:
        size = LARGEST_TEXT_BYTES + 1
    if size > LARGEST_TEXT_BYTES or "\x00" in found:
        raise InvalidError.of(
            field,
            sentence("A text has at most %(most)s KiB.", most=LARGEST_TEXT_BYTES // 1024),
        )
    if is_needed and not found.strip():
        raise InvalidError.of(field, sentence("Write something first."))
    return found


def check_name(name: str, *, longest: int, field: str = "name") -> str:
    """The name of a label, or the title of a milestone.

    Errors:
        InvalidError: nothing can be called so.
    """
    found = " ".join(name.split())
    if not found or len(found) > longest or not found.isprintable() or '"' in found:
        raise InvalidError.of(
            field,
            sentence("Use 1 to %(most)s characters and no quotation marks.", most=longest),
        )
    return found


def check_colour(colour: str) -> str:
    """A colour as six hexadecimal digits.

    Errors:
        InvalidError: it is none.
    """
    found = colour.strip().removeprefix("#").lower()
    if not COLOUR.match(found):
        raise InvalidError.of("colour", sentence("A colour has six hexadecimal digits: d73a4a."))
    return found


def name_key(name: str) -> str:
    """A name of a label or milestone as it is compared."""
    return fold(name)
