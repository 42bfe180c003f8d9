"""Makes the environment of semgrep in `.cache/semgrep`, as its lock file says: a place of its own,
because its packages would not go together with ours.

The tests start it, and so does an appliance in a checkout, where `scanning.code_program` names it.
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

NAME = "semgrep"


def main() -> int:
    """Install it unless it is there."""
    try:
        make()
    except (OSError, NoPipError, subprocess.CalledProcessError) as error:
        print(f"semgrep could not be installed: {error}", file=sys.stderr)
        print("The tests of rules for code need it.", file=sys.stderr)
        return 1
    return 0


def make() -> Path:
    """The program, installed if it is not there as the lock says."""
    return tool_environment.make(NAME)


if __name__ == "__main__":
    sys.exit(main())
