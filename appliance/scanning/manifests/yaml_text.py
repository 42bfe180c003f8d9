"""YAML with line numbers, every scalar as it is written, and an end to how much there is.

It is read as events, so no type is guessed, no object made, and no alias grown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from appliance.late import Late
from appliance.scanning.manifests.refusal import (
    DEEPEST,
    MOST_ALIASES,
    MOST_VALUES,
    malformed,
    too_deep,
    too_many,
    unfit,
)
from appliance.scanning.manifests.tree import Rows, Tree

if TYPE_CHECKING:
    import yaml
else:
    yaml = Late("yaml")

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


def read(text: str) -> Tree:
    """The mapping that the last document of a text is.

    Errors:
        ManifestError: it is none, or there is too much in it.
    """
    documents = list(_documents(text))
    value = documents[-1] if documents else None
    if not isinstance(value, Tree):
        raise unfit(1, "YAML")
    return value


def _documents(text: str) -> Iterator[object]:
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentStartEvent):
                reader = _Reader()
            elif isinstance(event, yaml.DocumentEndEvent):
                yield reader.value
            else:
                reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise malformed(mark.line + 1 if mark else 1, "YAML") from error
    except yaml.YAMLError as error:
        raise malformed(1, "YAML") from error


class _Reader:
    """What of a document was read so far: the open mappings and lists, and their next key."""

    def __init__(self) -> None:
        self.value: object = None
        self._open: list[Tree | Rows] = []
        self._keys: list[tuple[str, int] | None] = []
        self._anchors: dict[str, object] = {}
        self._values = 0
        self._aliases = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event), line, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._repeat(event.anchor, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._start(Tree(line), line, event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start(Rows(line), line, event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()

    @staticmethod
    def _scalar(event: Any) -> str | None:
        is_plain = not event.style
        return None if is_plain and event.value in _NOTHING else str(event.value)

    def _repeat(self, anchor: str, line: int) -> None:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            raise too_many(line)
        repeated = self._anchors.get(anchor)
        if any(repeated is each for each in self._open):
            raise malformed(line, "YAML")  # A part that holds itself.
        self._put(repeated, line, None)

    def _start(self, value: Tree | Rows, line: int, anchor: str | None) -> None:
        if len(self._open) >= DEEPEST:
            raise too_deep(line)
        self._put(value, line, anchor)
        self._open.append(value)
        self._keys.append(None)

    def _put(self, value: object, line: int, anchor: str | None) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise too_many(line)
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.value = value
            return
        parent = self._open[-1]
        if isinstance(parent, Rows):
            parent.put(value, line)
        elif self._keys[-1] is None:
            if value is not None and not isinstance(value, str):
                raise unfit(line, "YAML")
            self._keys[-1] = (value or "", line)
        else:
            key, at = self._keys[-1]
            self._keys[-1] = None
            parent.put(key, value, at)
