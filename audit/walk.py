"""The one pass over the headers of a log: tree, entries, details and heartbeats side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from audit import entry as entries
from audit import heartbeats
from audit.bundle import LogPart
from audit.contents import Contents, Problem
from audit.heartbeats import Heartbeats, NodeKeys, TooManyError
from audit.merkle import Frontier, leaf_hash
from audit.permissions import Permissions, Source
from audit.selection import Test
from audit.verdict import Verdict

FILE = "headers.jsonl.gz"
SET_ASIDE = "audit.row_set_aside"
Tell = Callable[[int, str, dict[str, Any]], None]
"""Takes what an entry allows, or says of the log: its index, action and body."""


@dataclass
class Walk:
    """One walk. Its state is how far it came, and what it found on the way."""

    part: LogPart
    problem: Problem
    tell: Tell
    contents: Contents
    permissions: Permissions
    beats: Heartbeats
    selected: Test
    node_keys: NodeKeys
    frontier: Frontier
    wanted: frozenset[int]
    """Sizes at which the root is to be kept."""
    doubt: Verdict = Verdict.TAMPERED
    """What it means that something is not signed by the log's key."""
    roots: dict[int, bytes] = field(default_factory=dict)
    count: int = 0
    _counts_sources: bool = True

    def run(self, headers: Iterator[bytes]) -> None:
        """Go from the first header to the last."""
        self._keep_root()
        number = self.part.end - self.part.first
        for line in headers:
            if self.count == number:
                self._say(Verdict.MALFORMED, "there are more headers than the manifest says")
                break
            index = self.part.first + self.count
            self.frontier.append(leaf_hash(line))
            self.count += 1
            self._keep_root()
            try:
                header = entries.read(line).members
            except entries.EntryError as error:
                self._say(Verdict.MALFORMED, f"entry {index}: {error}")
                self.contents.skip(index)
                continue
            self._take(index, header)
        if self.count == number:
            self.contents.finish()

    def _take(self, index: int, header: dict[str, Any]) -> None:
        if header["log"] != self.part.log:
            self._say(Verdict.TAMPERED, f"entry {index} is one of the log {header['log'][:80]}")
        body = self.contents.take(index, header, selected=self.selected(header))
        is_allowed = self.permissions.allows(index, header, body)
        self.contents.allow(index, header, body, is_allowed=is_allowed)
        if self._counts_sources:
            self._count(index, header, body)
        if body is not None and (is_allowed or header["action"] == SET_ASIDE):
            self.tell(index, header["action"], body)

    def _count(self, index: int, header: dict[str, Any], body: dict[str, Any] | None) -> None:
        source = header["src"]["node"], header["src"]["boot"]
        try:
            wrong = self.beats.see(source, header["src"]["n"])
        except TooManyError as error:
            self._counts_sources = False
            self.problem(Verdict.INCOMPLETE, "heartbeats", f"not followed to the end: {error}")
            return
        if body is not None and wrong is None:
            if header["action"] == heartbeats.ACTION:
                wrong = self.beats.beat(index, source, body)
            elif header["action"] == heartbeats.STARTED:
                self._meet(index, source, body)
        if wrong is not None:
            self.problem(Verdict.INCOMPLETE, "heartbeats", f"entry {index}: {wrong}")

    def _meet(self, index: int, source: Source, body: dict[str, Any]) -> None:
        wrong = self.beats.meet(index, source, body, self.node_keys)
        if wrong is not None:
            self.problem(self.doubt, "heartbeats", f"entry {index}: {wrong}")

    def _keep_root(self) -> None:
        size = self.part.first + self.count
        if size in self.wanted:
            self.roots[size] = self.frontier.root()

    def _say(self, verdict: Verdict, text: str) -> None:
        self.problem(verdict, "headers", text, f"{self.part.folder}/{FILE}")
