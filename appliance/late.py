"""Libraries and rooms that few processes ever need: imported when something of theirs is used.

Each takes some MiB of every process, and most appliances use none. What no idle process holds is
named in tests/cli/test_memory.py.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

EXTRAS = ("opentelemetry", "rich")
"""Libraries that others import where they find them, for uses that are none of ours: logs in
colours, and the metrics of the queue's client. Where traces are wanted, they are imported then.
"""


class Late:
    """Stands for a module until somebody asks for something of it. Keeps its name alone.

    It stands beside an import for those who check types, so that they know the module all the same.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        return getattr(importlib.import_module(self._name), wanted)


@contextmanager
def without(libraries: Iterable[str] = EXTRAS) -> Iterator[None]:
    """Let what is imported in the block find that these libraries are not installed."""
    modules = cast("dict[str, Any]", sys.modules)
    absent = [each for each in libraries if each not in modules]
    modules |= dict.fromkeys(absent)
    try:
        yield
    finally:
        for each in absent:
            del modules[each]
