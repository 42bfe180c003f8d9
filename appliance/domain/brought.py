"""Conversations that come from elsewhere: what all archives have in common, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from appliance.domain.conversations import LARGEST_TEXT_BYTES, LONGEST_TITLE, ConversationKind

CUT = " […]"
NOTE_BYTES = 400
"""Room for the words that say who wrote a text, and when."""


@dataclass(frozen=True)
class Said:
    """A comment. Times are as RFC 3339 writes them."""

    author: str
    body: str
    created_at: str


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
    """Of a pull request: from where to where, and what came of it."""
    comments: tuple[Said, ...] = ()


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


def pieces(talk: Talk, *, most_bytes: int) -> Iterator[tuple[int, Talk]]:
    """A conversation in pieces that fit into a request: which comment comes first, and the rest.

    The first piece has the text; what follows adds comments.
    """
    first, size, taken = 0, len(talk.body), list[Said]()
    for number, each in enumerate(talk.comments):
        if taken and size + len(each.body) > most_bytes:
            yield first, replace(talk, comments=tuple(taken))
            first, size, taken = number, len(talk.body), []
        taken.append(each)
        size += len(each.body)
    yield first, replace(talk, comments=tuple(taken))


def attributed(body: str, note: str) -> str:
    """A text with a note above it of who wrote it; cut where it is longer than texts may be."""
    most = LARGEST_TEXT_BYTES - NOTE_BYTES
    text = body.replace("\r\n", "\n").replace("\0", "")
    if len(text.encode()) > most:
        text = text.encode()[: most - len(CUT.encode())].decode("utf-8", "ignore") + CUT
    return f"{note}\n\n{text}" if note else text


def titled(title: str) -> str:
    """A title that is possible here."""
    plain = " ".join(title.replace("\0", "").split()) or "(no title)"
    return plain if len(plain) <= LONGEST_TITLE else plain[: LONGEST_TITLE - 1] + "…"
