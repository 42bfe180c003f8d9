"""Gives up the network and takes on limits, and then becomes the program that looks at code.
Before that it says Python more plainly, here where a hostile file ends nothing but this.

Started with `python -m`, by `program.py` alone: CPU_SECONDS MEMORY_BYTES FOLDER PROGRAM WORDS...
Source: unshare(2), setrlimit(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path

from appliance.scanning.code.plain_python import plain

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
MOST_WRITTEN_BYTES = 64 * 1024 * 1024


def main() -> None:
    """Become it. Where the kernel gives nobody a network of their own, its words keep it off."""
    cpu_seconds, memory_bytes = int(sys.argv[1]), int(sys.argv[2])
    parts = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    ctypes.CDLL(None).unshare(parts)
    for kind, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    for path in Path(sys.argv[3]).rglob("*.py"):
        path.write_bytes(plain(path.read_bytes()))
    os.execve(sys.argv[4], sys.argv[4:], dict(os.environ))  # noqa: S606 - words, no shell.


if __name__ == "__main__":
    main()
