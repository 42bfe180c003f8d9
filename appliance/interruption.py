"""A process that is asked to end in the middle of its work ends at once, but never in the middle of
what it shares with all that follows: a connection left half used would let nothing be written down.
"""

from __future__ import annotations

import threading


class Shield(threading.local):
    """What must not be interrupted, in the thread that signals come to: the main one.

    Its state is how deep we are in such blocks, and the interruption that waits for their end.
    """

    depth = 0
    waiting: BaseException | None = None

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if not self.depth and self.waiting:
            waiting, self.waiting = self.waiting, None
            raise waiting

    def interrupt(self, by: BaseException) -> None:
        """Raise this here and now, or at the end of the block that must not be interrupted.

        Called by a handler of signals.
        """
        if not self.depth:
            raise by
        self.waiting = by


shield = Shield()
