"""What a comment speaks of becomes links: `@name`, `#12`, `owner/repo#12`, commit ids.

Only what the reader may see: the service that found the targets has asked. Source of the words:
`domain.references`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markdown_it.token import Token
from markupsafe import escape

from appliance.domain.conversations import ConversationKind
from appliance.domain.references import SPOKEN
from appliance.services.conversation_references import Links

SHORT = 10
PLACES = {ConversationKind.ISSUE: "issues", ConversationKind.PULL_REQUEST: "pulls"}


@dataclass(frozen=True)
class Target:
    """Where something that is spoken of leads."""

    href: str
    words: str
    title: str = ""


Refer = Callable[[re.Match[str]], Target | None]
"""Says where something leads that a text speaks of; None where it leads nowhere."""


def referring(found: Links, home: str) -> Refer:
    """Targets for one reader, on pages of the repository at `home`."""

    def refer(match: re.Match[str]) -> Target | None:
        if match["mention"]:
            return _person(found, match["mention"])
        if match["commit"]:
            oid = found.commits.get(match["commit"], "")
            return Target(f"{home}/commit/{oid}", oid[:SHORT]) if oid else None
        target = found.conversations.get(match[0])
        if target is None:
            return None
        href = f"/{target.path}/{PLACES[target.kind]}/{target.number}"
        return Target(href, match[0], target.title)

    return refer


def linked(tokens: list[Token], refer: Refer) -> list[Token]:
    """The tokens of a line with links in them; what is a link already stays as it is."""
    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text" and not depth:
            found += _pieces(token, refer)
        else:
            found.append(token)
    return found


def _pieces(token: Token, refer: Refer) -> Iterator[Token]:
    place = 0
    for match in SPOKEN.finditer(token.content):
        target = refer(match)
        if target is None:
            continue
        if match.start() > place:
            yield _text(token.content[place : match.start()])
        yield _link(target)
        place = match.end()
    if place < len(token.content) or not place:
        yield _text(token.content[place:])


def _person(found: Links, mention: str) -> Target | None:
    if team := found.teams.get(mention):
        organisation, _, name = team.partition("/")
        return Target(f"/{organisation}/-/teams/{name}", f"@{team}")
    name = found.people.get(mention, "")
    return Target(f"/{name}", f"@{name}") if name else None


def _text(words: str) -> Token:
    token = Token("text", "", 0)
    token.content = words
    return token


def _link(target: Target) -> Token:
    token = Token("html_inline", "", 0)
    title = f' title="{escape(target.title)}"' if target.title else ""
    token.content = f'<a href="{escape(target.href)}"{title}>{escape(target.words)}</a>'
    return token
