"""Waits for programs to end. `Popen.wait` with a time limit looks only every other millisecond."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time


def ended(process: subprocess.Popen[bytes], seconds: float) -> int:
    """The exit status, as soon as there is one.

    Errors:
        subprocess.TimeoutExpired: there is none in time.
    """
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError):  # It was waited for already, or the system cannot tell.
        handle = os.pidfd_open(process.pid)
        try:
            poller = select.poll()
            poller.register(handle, select.POLLIN)
            poller.poll(max(0.0, seconds) * 1000)
        finally:
            os.close(handle)
    return process.wait(max(0.0, deadline - time.monotonic()))
