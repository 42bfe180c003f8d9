"""Words that come from elsewhere: whose they are, and whom they speak of.

`@name` elsewhere means somebody there: here it is written as who that is here, or as code, so that
it speaks of nobody who happens to be called the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from appliance.domain.brought import CUT, NOTE_BYTES, Said, Talk
from appliance.domain.conversations import LARGEST_TEXT_BYTES
from appliance.domain.references import CODE, SPOKEN, without_code

UNSEEN = "\u2060"
"""A word joiner: what follows a sign is no name then."""


def voices(talks: Iterable[Talk]) -> Counter[str]:
    """Everybody who said or did something, by their names there, with how often."""
    found = Counter(name for talk in talks for name in _names(talk))
    del found[""]
    return found


def attributed(body: str, note: str, people: Mapping[str, str]) -> str:
    """A text with a note above it of who wrote it; cut where it is longer than texts may be.
    `people` says by small letters which user somebody elsewhere is here.
    """
    most = room = LARGEST_TEXT_BYTES - NOTE_BYTES
    text = body.replace("\r\n", "\n").replace("\0", "")
    said = renamed(text, people)
    while (length := len(said.encode())) > most:
        # Names here may be longer than those there.
        room = room if len(text.encode()) > room else max(room - (length - most), room // 2)
        text = text.encode()[: room - len(CUT.encode())].decode("utf-8", "ignore") + CUT
        said = renamed(text, people)
    return "\n\n".join(filter(None, (note, said)))


def renamed(text: str, people: Mapping[str, str]) -> str:
    """A text whose `@name` are people here; those who are nobody here stand there as code."""
    if "@" not in text:
        return text
    said = _renamed(text, people, "`@%s`")
    users = set(people.values())
    if all(each["mention"] in users | {None} for each in SPOKEN.finditer(without_code(said))):
        return said
    # It has single backticks, with which ours would pair.
    return _renamed(text, people, f"@{UNSEEN}%s")


def _renamed(text: str, people: Mapping[str, str], nobody: str) -> str:
    pieces, end = list[str](), 0
    for code in CODE.finditer(text):
        pieces += [_of_words(text[end : code.start()], people, nobody), code[0]]
        end = code.end()
    return "".join([*pieces, _of_words(text[end:], people, nobody)])


def _of_words(text: str, people: Mapping[str, str], nobody: str) -> str:
    pieces, end = list[str](), 0
    for found in SPOKEN.finditer(text):
        name = found["mention"]
        if name is None:
            continue
        user = people.get(name.lower())
        pieces += [text[end : found.start()], f"@{user}" if user else nobody % name]
        end = found.end()
    return "".join([*pieces, text[end:]])


def _names(talk: Talk) -> Iterator[str]:
    yield talk.author
    yield from talk.assignees
    yield from _authors(talk.comments)
    if talk.pull is not None:
        yield talk.pull.merged_by
        yield from (each.author for each in talk.pull.reviews)
        for thread in talk.pull.threads:
            yield from _authors(thread.comments)


def _authors(comments: Iterable[Said]) -> Iterator[str]:
    return (each.author for each in comments)
