"""Environments of tools that do not go together with our packages, each in `.cache/<name>`, with
the versions and hashes of `requirements/<name>.lock`.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from script.pip_sources import find_pip

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
PIP_SAYS = (
    *("install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"),
    *("--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--quiet"),
)


def make(name: str) -> Path:
    """The program of that name, installed if it is not there as the lock says.

    Errors:
        OSError, NoPipError, subprocess.CalledProcessError: it could not be installed.
    """
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(name)
    return CACHE / name / "bin" / name


def _make(name: str) -> None:
    pinned, environment = ROOT / "requirements" / f"{name}.lock", CACHE / name
    stamp = environment / "installed"
    wanted = hashlib.sha256(pinned.read_bytes()).hexdigest() + str(environment)
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"Installing {name}: less than a minute.", file=sys.stderr, flush=True)
        venv.EnvBuilder(clear=True, symlinks=True).create(environment)
        pip = find_pip(environment / "bin" / "python")
        words = [*pip, *PIP_SAYS, "--requirement", pinned]
        subprocess.run(words, stdin=subprocess.DEVNULL, check=True)
        stamp.write_text(wanted)
