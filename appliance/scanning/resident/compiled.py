"""Compiled rules that are kept in a file: to compile them takes a second and memory, to load none.

The file may vanish at any time. One of other rules, another engine or another processor is passed
over, and made anew by a process that ends with it, so that its memory is given back.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.scanning.secrets.matching import (
    HyperscanTriggers,
    KeywordTriggers,
    Triggers,
    compiled,
)
from appliance.scanning.secrets.rules import Rule, Ruleset


def triggers(rules: Sequence[Rule], folder: Path) -> Triggers:
    """What says where rules may match, from its file if there is one that fits."""
    try:
        hyperscan = importlib.import_module("hyperscan")
    except ImportError:
        return KeywordTriggers(rules)
    file = folder / f"secret-rules-{_name(rules, hyperscan)}.hs"
    database = _loaded(file, hyperscan)
    if database is None:
        _let_make(rules, file, hyperscan)
        database = _loaded(file, hyperscan)
    return HyperscanTriggers(rules, hyperscan, database)


def _name(rules: Sequence[Rule], hyperscan: Any) -> str:
    said = f"{Ruleset(tuple(rules)).digest} {hyperscan.__version__} {platform.machine()}"
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def _loaded(file: Path, hyperscan: Any) -> Any:
    """None where there is none, or none for this engine and processor."""
    try:
        return hyperscan.loadb(file.read_bytes(), mode=hyperscan.HS_MODE_BLOCK)
    except (OSError, hyperscan.error):
        return None


def _let_make(rules: Sequence[Rule], file: Path, hyperscan: Any) -> None:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    status = 1
    with suppress(OSError, hyperscan.error):
        database = compiled(hyperscan, [rule.trigger for rule in rules], [0] * len(rules))
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        unfinished.write_bytes(hyperscan.dumpb(database))
        unfinished.replace(file)
        status = 0
    os._exit(status)
