"""Makes the environment of semgrep in `.cache/semgrep`, as its lock file says: a place of its own,
because its packages would not go together with ours.

The tests start it, and so does an appliance in a checkout, where `scanning.code_program` names it.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from script.pip_sources import NoPipError, find_pip  # noqa: E402 - the path stands above.

LOCK = ROOT / "requirements" / "semgrep.lock"
ENVIRONMENT = ROOT / ".cache" / "semgrep"
PROGRAM = ENVIRONMENT / "bin" / "semgrep"
STAMP = ENVIRONMENT / "installed"
PIP_SAYS = (
    *("install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"),
    *("--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--quiet"),
)


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
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with (ENVIRONMENT.parent / "semgrep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make()
    return PROGRAM


def _make() -> None:
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest() + str(ENVIRONMENT)
    if not STAMP.is_file() or STAMP.read_text() != wanted:
        print("Installing semgrep: less than a minute.", file=sys.stderr, flush=True)
        venv.EnvBuilder(clear=True, symlinks=True).create(ENVIRONMENT)
        pip = find_pip(ENVIRONMENT / "bin" / "python")
        words = [*pip, *PIP_SAYS, "--requirement", LOCK]
        subprocess.run(words, stdin=subprocess.DEVNULL, check=True)
        STAMP.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main())
