"""What killed processes of ours had started is ended by the process that looks after them.

Git that was asked something by a killed process mostly ends by itself, because nobody listens; but
a check or an import says nothing for hours, and would go on beside the next attempt. Linux gives
orphans to the nearest ancestor that wants them. Source: prctl(2), PR_SET_CHILD_SUBREAPER.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37


def adopt() -> None:
    """Become the parent of every descendant whose own parent dies."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(ours: Container[int]) -> None:
    """End all children that are not ours, each with what it started.

    They are told to end, not forced: git removes its lock files first. Nothing happens in a process
    that has not adopted any: there, all children are its own.
    """
    if not _adopts():
        return
    for pid in _children():
        # Git has a group of its own; what shares ours is one of us that we have just started.
        if pid in ours or _group(pid) in {0, os.getpgrp()}:
            continue
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(_group(pid), signal.SIGTERM)


def _adopts() -> bool:
    answer = ctypes.c_int()
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
    return bool(answer.value)


def _children() -> list[int]:
    found: list[int] = []
    for tasks in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found += [int(pid) for pid in tasks.read_text("ascii").split()]
    return found


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0
