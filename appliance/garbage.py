"""What a process has once it is built stays until it ends; garbage collections need not look at it.

Looking at everything that was imported takes a third of a large export's time, and pauses requests.
"""

from __future__ import annotations

import gc


def settle() -> None:
    """Leave out of later collections what is there now; children share it until they touch it."""
    gc.collect()
    gc.freeze()
