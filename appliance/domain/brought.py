"""Conversations that come from elsewhere: what all archives have in common, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from appliance.domain.conversations import LONGEST_TITLE, ConversationKind
from appliance.domain.pull_requests import Side, Verdict

CUT = " […]"
MOST_HEADS = 50
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
MOST_COMMENTS = 250
"""In one piece: while it is written down, an embedded database lets nobody else write."""
NOTE_BYTES = 400
"""Room for the words that say who wrote a text, and when."""


@dataclass(frozen=True)
class Said:
    """A comment. Times are as RFC 3339 writes them."""

    author: str
    body: str
    created_at: str


@dataclass(frozen=True)
class Place:
    """Lines of a file, as they were in a commit; without numbers the file as a whole."""

    commit: str
    path: str
    side: Side = Side.NEW
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Thread:
    """Lines that were spoken of: the first place whose commit came along is theirs."""

    places: tuple[Place, ...]
    comments: tuple[Said, ...]
    is_resolved: bool = False


@dataclass(frozen=True)
class Judged:
    """What a reviewer said of the whole."""

    author: str
    verdict: Verdict
    submitted_at: str
    body: str = ""
    head: str = ""
    """The commit that was looked at, where that is known."""
    is_dismissed: bool = False


@dataclass(frozen=True)
class Pull:
    """What a pull request has beside a conversation. Commits may not have come along."""

    source: str
    target: str
    head: str
    base: str = ""
    """Where the target was then."""
    is_from_fork: bool = False
    is_draft: bool = False
    merged_at: str | None = None
    merged_by: str = ""
    merged_as: str = ""
    reviews: tuple[Judged, ...] = ()
    threads: tuple[Thread, ...] = ()


@dataclass(frozen=True)
class Talk:
    """An issue or a pull request, as it was elsewhere."""

    number: int
    title: str
    body: str
    author: str
    created_at: str
    kind: ConversationKind = ConversationKind.ISSUE
    updated_at: str = ""
    closed_at: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    is_locked: bool = False
    about: str = ""
    """Of a pull request: from where to where, and what came of it, for where it is none here."""
    comments: tuple[Said, ...] = ()
    pull: Pull | None = None


@dataclass(frozen=True)
class LabelElsewhere:
    """A label."""

    name: str
    colour: str
    description: str = ""


@dataclass(frozen=True)
class MilestoneElsewhere:
    """A milestone."""

    title: str
    description: str = ""
    due_on: str | None = None
    is_closed: bool = False


@dataclass(frozen=True)
class Whole:
    """All that an archive holds of one repository, and how much of it has no place here."""

    form: str
    name: str
    git: str = ""
    """Where in the archive its Git content is: a bundle, or a folder."""
    labels: tuple[LabelElsewhere, ...] = ()
    milestones: tuple[MilestoneElsewhere, ...] = ()
    talks: tuple[Talk, ...] = ()
    people: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By their names there, their e-mail addresses."""
    left_out: dict[str, int] = field(default_factory=dict)


def weight(talk: Talk) -> int:
    """About how long it is, without its comments."""
    size = len(talk.body)
    if talk.pull is not None:
        size += sum(len(each.body) for each in talk.pull.reviews)
        size += sum(len(said.body) for each in talk.pull.threads for said in each.comments)
    return size


def effort(talk: Talk) -> int:
    """How much work it is to bring it in, about: an issue without comments is 1. For a pull request
    Git is asked.
    """
    return (5 if talk.pull else 1) + len(talk.comments) // 5


def said_of_code(talk: Talk) -> int:
    """How many reviews and comments on lines a pull request has, which no issue can have."""
    if talk.pull is None:
        return 0
    return len(talk.pull.reviews) + sum(len(each.comments) for each in talk.pull.threads)


def pieces(talk: Talk, *, most_bytes: int) -> Iterator[tuple[int, Talk]]:
    """A conversation in pieces that fit into a request: which comment comes first, and the rest.

    The first piece has the text; what follows adds comments.
    """
    first, size, taken = 0, weight(talk), list[Said]()
    for number, each in enumerate(talk.comments):
        is_full = len(taken) >= MOST_COMMENTS or size + len(each.body) > most_bytes
        if taken and is_full:
            yield first, replace(talk, comments=tuple(taken))
            talk = replace(talk, pull=talk.pull and replace(talk.pull, reviews=(), threads=()))
            first, size, taken = number, weight(talk), []
        taken.append(each)
        size += len(each.body)
    yield first, replace(talk, comments=tuple(taken))


def heads(pull: Pull) -> list[str]:
    """The commits that its source was at, as far as somebody spoke of them; the last one last."""
    spoken = [(each.submitted_at, each.head) for each in pull.reviews if each.head]
    for thread in pull.threads:
        spoken += [(said.created_at, thread.places[0].commit) for said in thread.comments[:1]]
    spoken.sort(key=lambda each: datetime.fromisoformat(each[0]))
    earlier = dict.fromkeys(commit for _, commit in spoken if commit and commit != pull.head)
    return [*list(earlier)[1 - MOST_HEADS :], pull.head]


def hunk_end(hunk: str) -> tuple[Side, int] | None:
    """The last line of a piece of a diff: systems show it above what was said of that line."""
    first, *lines = hunk.split("\n")
    begun = HUNK.match(first)
    if begun is None or not lines:
        return None
    old, new, side = int(begun[1]) - 1, int(begun[2]) - 1, Side.NEW
    for line in lines:
        if not line.startswith("\\"):
            old += not line.startswith("+")
            new += not line.startswith("-")
            side = Side.OLD if line.startswith("-") else Side.NEW
    return side, old if side is Side.OLD else new


def titled(title: str) -> str:
    """A title that is possible here."""
    plain = " ".join(title.replace("\0", "").split()) or "(no title)"
    return plain if len(plain) <= LONGEST_TITLE else plain[: LONGEST_TITLE - 1] + "…"
