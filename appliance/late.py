"""Libraries and rooms that few processes ever need: imported when something of theirs is used.

Each takes some MiB of every process, and most appliances use none. What no idle process holds is
named in tests/cli/test_memory.py.
"""

from __future__ import annotations

import importlib
from typing import Any


class Late:
    """Stands for a module until somebody asks for something of it. Keeps its name alone.

    It stands beside an import for those who check types, so that they know the module all the same.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        return getattr(importlib.import_module(self._name), wanted)
