"""What issues can begin with: Markdown files of the default branch with a head of a few words.

They lie in `.codara/issue_templates/`, or where other code hosts look for them. The head stands
between two lines of three dashes and is the small part of YAML that such heads use: `name: words`,
and lists as `[one, two]`, as `one, two`, or one below the other with dashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.domain.conversations import LARGEST_TEXT_BYTES, LONGEST_TITLE
from appliance.errors import ApplianceError
from appliance.git import blobs, refs, tree
from appliance.git.tree import EntryKind
from appliance.services.conversation_sorting import Sorted

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.services.files import OpenRepository

FOLDERS = (b".codara/issue_templates", b".github/ISSUE_TEMPLATE")
ENDING = b".md"
MOST = 30
HEAD = re.compile(r"\A\ufeff?---[ \t]*\n(?P<head>.*?)^---[ \t]*\n?", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"(?P<key>[A-Za-z_]+)[ \t]*:[ \t]*(?P<value>.*)\Z")
ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.*)\Z")
LONGEST_WORDS = 200


@dataclass(frozen=True)
class Template:
    """What an issue can begin with."""

    key: str
    """The name of its file, without its ending."""
    name: str
    about: str
    title: str
    body: str
    given: Sorted = field(default_factory=Sorted)
    """The labels and assignees that an issue gets that begins with it."""


def listed(repository: OpenRepository) -> list[Template]:
    """The templates of a repository's default branch, by file; none where there is none."""
    try:
        folder = repository.folder
        commit = refs.resolve(folder, b"").commit
    except ApplianceError:
        return []
    for place in FOLDERS:
        found = _in_folder(folder, commit, place)
        if found:
            return found
    return []


def one(repository: OpenRepository, key: str) -> Template | None:
    """The template of that key; None where there is none."""
    return next((each for each in listed(repository) if each.key == key), None)


def parse(key: str, text: str) -> Template:
    """A template of what its file says."""
    text = text.replace("\r\n", "\n")
    match = HEAD.match(text)
    said = _head(match["head"]) if match else {}
    body = text[match.end() :] if match else text
    return Template(
        key,
        _words(said, "name") or key,
        _words(said, "about") or _words(said, "description"),
        _words(said, "title")[:LONGEST_TITLE],
        body.lstrip("\n"),
        Sorted(tuple(said.get("labels", ())), tuple(said.get("assignees", ()))),
    )


def _in_folder(folder: Path, commit: str, place: bytes) -> list[Template]:
    try:
        entries = tree.folder(folder, commit, place).entries
    except ApplianceError:
        return []
    named = [
        each
        for each in entries
        if each.kind is EntryKind.FILE and each.name.lower().endswith(ENDING)
    ]
    found = []
    for entry in named[:MOST]:
        file = blobs.file(folder, commit, entry.path, most_bytes=LARGEST_TEXT_BYTES)
        if file.content is not None and not blobs.is_binary(file.content):
            key = entry.name[: -len(ENDING)].decode("utf-8", "replace")
            found.append(parse(key, file.content.decode("utf-8", "replace")))
    return found


def _head(text: str) -> dict[str, list[str]]:
    """What a head says: each key with its values."""
    said: dict[str, list[str]] = {}
    key = ""
    for line in text.splitlines():
        if (match := ITEM.match(line)) and key:
            said[key].append(_plain(match["value"]))
        elif match := LINE.match(line):
            key = match["key"].lower()
            said[key] = _values(key, match["value"].strip())
    return said


def _values(key: str, value: str) -> list[str]:
    if key not in {"labels", "assignees"}:
        return [_plain(value)] if value else []
    inner = value[1:-1] if value.startswith("[") and value.endswith("]") else _plain(value)
    return [found for each in inner.split(",") if (found := _plain(each))]


def _plain(value: str) -> str:
    found = value.strip()
    is_quoted = len(found) > 1 and found[0] == found[-1] and found[0] in "'\""
    return (found[1:-1] if is_quoted else found)[:LONGEST_WORDS]


def _words(said: dict[str, list[str]], key: str) -> str:
    return " ".join(said.get(key, ()))
