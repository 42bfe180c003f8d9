"""Writes the hooks that every repository runs; a push can never change them.

They lie once in the home folder, and `core.hooksPath` of every repository names them.

    hooks/pre-receive, post-receive     ask and tell the appliance (appliance/ssh/git_hook.py)
    hooks/reference-transaction         refuses to move a ref for anyone but the appliance
    hooks/push/                         the first two only

A transfer runs with `hooks/push`: there the guard would be started twice for every ref, which made
a push of 2,000 tags take 4.5 s instead of 0.1 s, and pre-receive already insists on more than the
guard does. Source: githooks(5).
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import appliance

NAMES = ("pre-receive", "post-receive")

GUARD = """#!/bin/sh
# Refs move only where the appliance knows of it; see appliance/git/hooks.py.
[ "$1" = prepared ] || exit 0
[ -n "$CODARA_PUSH$CODARA_INTERNAL" ] && exit 0
echo 'Refs of this repository are moved only through the appliance.' >&2
exit 1
"""


def push_hooks(home: Path) -> Path:
    """The folder that a transfer's `core.hooksPath` names."""
    return home / "hooks/push"


def install(home: Path, *, python: Path | None = None) -> None:
    """Write all hooks anew where they are not as they should be; safe to repeat and while serving.

    `python` is the interpreter that runs them; this process's own by default.
    """
    client = Path(appliance.__file__).parent / "ssh/git_hook.py"
    for name in NAMES:
        text = _script(python or Path(sys.executable), client, name)
        _write(home / "hooks" / name, text)
        _write(push_hooks(home) / name, text)
    _write(home / "hooks/reference-transaction", GUARD)


def _script(python: Path, client: Path, name: str) -> str:
    words = [os.fspath(python), "-I", "-S", "-E", os.fspath(client), name]
    return (
        "#!/bin/sh\n"
        "# Asks the running appliance; see appliance/git/hooks.py.\n"
        f"exec {shlex.join(words)}\n"
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.is_file() and path.read_text() == text and os.access(path, os.X_OK):
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text)
    unfinished.chmod(0o755)
    unfinished.replace(path)
