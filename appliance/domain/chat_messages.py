"""What webhooks say to chats: the incoming messages that Slack, Mattermost and Teams know.

Names and titles are foreign words: none of them becomes a link, a mark or a call to a whole room.

Sources: Slack, "Formatting text for app surfaces"; Mattermost, "Incoming webhooks"; Microsoft
Teams, "Create incoming webhooks" with Adaptive Cards 1.4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class WebhookFormat(StrEnum):
    """What a receiver understands."""

    CODARA = "codara"
    """Everything, as the reference of events says it."""
    SLACK = "slack"
    MATTERMOST = "mattermost"
    TEAMS = "teams"


CHATS = frozenset(WebhookFormat) - {WebhookFormat.CODARA}
SOMEBODY = "Somebody"
MOST_REFS = 5
SHORT_OID = 10
MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>&])")
"""What Markdown may take for its own. Source: CommonMark 0.31, section 2.4."""
NO_CALL = "@\N{ZERO WIDTH SPACE}"
"""Instead of the sign by which a text calls people, or everybody in the room."""
ADDRESS = re.compile(r"(?i)(\w:|\bwww\.)(?=/|\w)")
"""Where chats find addresses in plain words, and make links of them."""
NO_ADDRESS = "\\1\N{ZERO WIDTH SPACE}"


@dataclass(frozen=True)
class Piece:
    """Some words of a message, and where they lead."""

    words: str
    url: str = ""


def message(form: WebhookFormat, payload: Mapping[str, Any], *, title: str = "") -> dict[str, Any]:
    """What is posted to a chat; `title` is that of the conversation that it is about."""
    pieces = _pieces(payload, title)
    if form is WebhookFormat.SLACK:
        # Stars and underscores in names are no marks then; links are links still.
        return {"text": "".join(_slack(each) for each in pieces), "mrkdwn": False}
    text = "".join(_markdown(each) for each in pieces)
    if form is WebhookFormat.MATTERMOST:
        return {"text": text}
    block = {"type": "TextBlock", "text": text, "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [block],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _pieces(payload: Mapping[str, Any], title: str) -> list[Piece]:
    event, data = str(payload["event"]), payload.get("data") or {}
    repository = payload.get("repository")
    actor = (payload.get("actor") or {}).get("name") or SOMEBODY
    words = DOES[event](data) if event in DOES else f"caused {event}"
    found = [Piece(f"{actor} {words}")]
    if repository is None:
        return found
    at = Piece(repository["path"], repository["url"])
    if "number" not in data:
        return [*found, Piece(" in "), at]
    kind = _page_of(event, data)
    name = f"#{data['number']} {title}".strip()
    url = f"{repository['url']}/{kind}/{data['number']}"
    return [*found, Piece(" "), Piece(name, url), Piece(" in "), at]


def _page_of(event: str, data: Mapping[str, Any]) -> str:
    if event.startswith("alert."):
        return "security"
    is_pull = event.startswith("pull_request.") or data.get("thing") == "pull_request"
    return "pulls" if is_pull else "issues"


def _moved(data: Mapping[str, Any]) -> str:
    rows: Sequence[Mapping[str, Any]] = data.get("refs") or ()
    names = [_short(each["ref"]) for each in rows[:MOST_REFS]]
    more = len(rows) - len(names)
    return "pushed to " + ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _stood(data: Mapping[str, Any]) -> str:
    commit, name = str(data.get("commit"))[:SHORT_OID], data.get("context") or data.get("name")
    return f"reported {name}: {data.get('conclusion') or data.get('state')} for {commit}"


def _plain(words: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _data: words


VERDICTS = {"approve": "approved", "request_changes": "requested changes to"}
"""What reviewers did; whoever only comments has reviewed."""
DOES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "ping": _plain("tries out whether this chat hears"),
    "push": _moved,
    "ref.created": lambda data: f"created {_short(data['ref'])}",
    "ref.deleted": lambda data: f"deleted {_short(data['ref'])}",
    "issue.opened": _plain("opened"),
    "issue.closed": _plain("closed"),
    "issue.reopened": _plain("reopened"),
    "issue.commented": _plain("commented on"),
    "issue.labelled": _plain("changed the labels of"),
    "issue.assigned": _plain("changed who is to deal with"),
    "pull_request.opened": _plain("asks to merge"),
    "pull_request.changed": _plain("changed"),
    "pull_request.pushed": _plain("pushed to"),
    "pull_request.review_requested": _plain("asked for a review of"),
    "pull_request.reviewed": lambda data: VERDICTS.get(data.get("verdict", ""), "reviewed"),
    "pull_request.review_dismissed": _plain("dismissed a review of"),
    "pull_request.review_commented": _plain("commented on lines of"),
    "pull_request.closed": _plain("closed without a merge"),
    "pull_request.reopened": _plain("reopened"),
    "pull_request.merged": _plain("merged"),
    "pull_request.queued": _plain("put in line to be merged"),
    "pull_request.dequeued": _plain("took out of the merge queue"),
    "merge_group.built": lambda data: (
        f"began to test what may be merged into {_short(data['into'])}"
    ),
    "commit.commented": lambda data: f"commented on commit {data['commit'][:SHORT_OID]}",
    "commit.labelled": lambda data: f"changed the labels of commit {data['commit'][:SHORT_OID]}",
    "wiki.changed": _plain("changed the wiki"),
    "alert.opened": _plain("opened alert"),
    "alert.reopened": _plain("reopened alert"),
    "alert.dismissed": _plain("dismissed, or wants to dismiss, alert"),
    "alert.fixed": _plain("closed alert"),
    "alert.changed": _plain("changed alert"),
    "status.reported": _stood,
    "check_run.created": _stood,
    "check_run.changed": _stood,
    "repository.created": _plain("created a repository"),
    "repository.forked": _plain("forked into"),
    "repository.imported": _plain("imported"),
    "repository.changed": _plain("changed the settings"),
    "repository.renamed": lambda data: f"renamed {data['before']} to {data['after']}",
    "repository.transferred": lambda data: f"transferred {data['before']} to {data['after']}",
    "repository.visibility_changed": lambda data: f"made it {data['after']}",
    "repository.archived": _plain("archived the repository"),
    "repository.unarchived": _plain("unarchived the repository"),
    "repository.deleted": _plain("deleted the repository"),
    "repository.restored": _plain("restored the repository"),
}
"""What an actor does, by the event's name."""


def _slack(piece: Piece) -> str:
    words = _quiet(piece.words)
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{piece.url}|{words.replace('|', ' ')}>" if piece.url else words


def _markdown(piece: Piece) -> str:
    words = MARKS.sub(r"\\\1", _quiet(piece.words))
    return f"[{words}]({piece.url})" if piece.url else words


def _quiet(words: str) -> str:
    """On one line, and calling nobody and leading nowhere by themselves."""
    line = "".join(each if each.isprintable() else " " for each in words)
    return ADDRESS.sub(NO_ADDRESS, line.replace("@", NO_CALL))
