"""Does something again and again in a thread beside the work of a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger()
SHORTEST_PAUSE = 0.25
"""Of the time from one call to the next."""


@contextmanager
def repeating(
    act: Callable[[], None], *, name: str, every_seconds: float, first_after_seconds: float = 0
) -> Iterator[None]:
    """Call `act` again and again for the length of the block. When that ends, it is waited for.

    From one call to the next it is `every_seconds`; a slow one is followed by a short pause.

    What it raises is written down, and it is called again: a thread that ends would be missed late.
    """
    is_over = threading.Event()

    def run() -> None:
        pause_seconds = first_after_seconds
        while not is_over.wait(pause_seconds):
            began = time.monotonic()
            try:
                act()
            except Exception:
                log.exception("repeating.stumbled", act=name)
            pause_seconds = every_seconds - (time.monotonic() - began)
            pause_seconds = max(pause_seconds, every_seconds * SHORTEST_PAUSE)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
