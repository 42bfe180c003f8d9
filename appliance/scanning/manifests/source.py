"""A file to be read, and what stands beside it."""

from __future__ import annotations

import codecs
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.errors import sentence
from appliance.scanning.manifests import json_text, toml_text, yaml_text
from appliance.scanning.manifests.refusal import LARGEST_BYTES, LONGEST_LINE, MIB, too_many, wrong
from appliance.scanning.manifests.tree import Tree

Beside = Callable[[str], bytes | None]
"""Gives another file of the same tree by its path from the root, or None where there is none."""


def nothing_beside(_path: str) -> bytes | None:
    """For a file that stands alone."""
    return None


@dataclass(frozen=True)
class Source:
    """A file as it came."""

    path: str
    content: bytes
    beside: Beside = nothing_beside

    @property
    def name(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self.path)

    def text(self) -> str:
        """What it says.

        Errors:
            ManifestError: it is too large, no text, or neither UTF-8 nor marked as UTF-16.
        """
        if len(self.content) > LARGEST_BYTES:
            most = LARGEST_BYTES // MIB
            raise wrong(1, sentence("The file is larger than %(most)s MiB.", most=most))
        is_wide = self.content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = self.content.decode("utf-16" if is_wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            raise wrong(line, sentence("This is not UTF-8.")) from error
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise wrong(line, sentence("This is no text."))
        return text.replace("\r\n", "\n")

    def lines(self) -> Iterator[tuple[int, str]]:
        """Its lines, counted from 1, without the space behind them."""
        for number, line in enumerate(self.text().split("\n"), 1):
            if len(line) > LONGEST_LINE:
                raise too_many(number)
            yield number, line.rstrip()

    def json(self, *, is_lenient: bool = False) -> Tree:
        """The mapping that it is as JSON."""
        return json_text.read(self.text(), is_lenient=is_lenient)

    def toml(self) -> Tree:
        """The mapping that it is as TOML."""
        return toml_text.read(self.text())

    def yaml(self) -> Tree:
        """The mapping that it is as YAML."""
        return yaml_text.read(self.text())

    def other(self, path: str) -> Source | None:
        """A file by its path from this one's folder; None where there is none in the tree."""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))
        if target.startswith(("../", "/")) or target in {".", ".."}:
            return None
        content = self.beside(target)
        return Source(target, content, self.beside) if content is not None else None
