"""Installs the OpenID provider that the tests start, as its lock file says, into an ignored folder.

Which registry the packages come from is npm's own configuration; the hashes in the lock say what is
accepted. No package runs anything while it is installed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "peers" / "openid"
LOCK = FOLDER / "package-lock.json"
STAMP = FOLDER / "node_modules" / "installed"
NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def main() -> int:
    """Install it unless it is there."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return 0
    print("Installing the OpenID provider for the tests.", file=sys.stderr, flush=True)
    if subprocess.run(NPM, cwd=FOLDER, stdin=subprocess.DEVNULL, check=False).returncode:
        print("npm did not bring it. The tests of OpenID Connect need it.", file=sys.stderr)
        return 1
    STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
