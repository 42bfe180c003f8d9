"""Makes the environment of trufflehog3 in `.cache/trufflehog3`, as its lock file says: a place of
its own, because it pins old versions of what the product and semgrep need.

Reports of it are handed in by `codara scan upload --format trufflehog3`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from script import tool_environment  # noqa: E402 - the path stands above.
from script.pip_sources import NoPipError  # noqa: E402 - as above.

NAME = "trufflehog3"


def main() -> int:
    """Install it unless it is there, and say where it is."""
    try:
        print(make())
    except (OSError, NoPipError, subprocess.CalledProcessError) as error:
        print(f"trufflehog3 could not be installed: {error}", file=sys.stderr)
        return 1
    return 0


def make() -> Path:
    """The program, installed if it is not there as the lock says."""
    return tool_environment.make(NAME)


if __name__ == "__main__":
    sys.exit(main())
