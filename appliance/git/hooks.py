"""Writes the hooks that every repository runs; a push can never change them.

They lie once in the home folder, and `core.hooksPath` of every repository names them.

    hooks/pre-receive, post-receive     ask and tell the appliance
    hooks/reference-transaction         refuses to move a ref for anyone but the appliance
    hooks/push/                         the first two only
    hooks/reported/                     pre-receive only
    hooks/silent                        no hook: what git runs in place of ssh-keygen

Where the process that started git stays beside it, they speak to it over a line of two pipes
(hook_line.py); otherwise, and for a push that is signed or has options, over the appliance's socket
(appliance/ssh/git_hook.py).

A transfer runs with `hooks/push`: there the guard would be started twice for every ref, which made
a push of 2,000 tags take 4.5 s instead of 0.1 s, and pre-receive already insists on more than the
guard does. Where git's own report says what came of a transfer (push_report.py), it runs with
`hooks/reported`. Source: githooks(5).
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import appliance

BEFORE, AFTER = "pre-receive", "post-receive"
NAMES = (BEFORE, AFTER)

# Each step only after the one before: half a list of refs must not look like a whole one. Most
# pushes move one ref, and need no program to say so.
LINE = """\
if [ -w "$CODARA_ASK" ] && [ -r "$CODARA_HEAR" ] &&
    [ "${{GIT_PUSH_OPTION_COUNT:-0}}$GIT_PUSH_CERT" = 0 ]; then
    {{
        IFS= read -r first && if IFS= read -r next; then
            printf '%s\\n' {name} "$GIT_QUARANTINE_PATH" "$first" "$next" && cat &&
            printf '%s\\n' "$CODARA_PUSH"
        else
            [ -z "$next" ] &&
            printf '%s\\n' {name} "$GIT_QUARANTINE_PATH" "$first" "$CODARA_PUSH"
        fi
    }} >"$CODARA_ASK" || exit 1
    if IFS= read -r answer <"$CODARA_HEAR"; then
        [ "$answer" = yes ] && exit 0
        cat <"$CODARA_HEAR" >&2
    else
        echo {silence} >&2
    fi
    exit 1
fi
"""
SILENCE = {
    BEFORE: "The appliance does not answer now. Nothing was changed.",
    AFTER: "Your push is stored. The appliance will notice it a little later.",
}

GUARD = """#!/bin/sh
# Refs move only where the appliance knows of it; see appliance/git/hooks.py.
[ "$1" = prepared ] || exit 0
[ -n "$CODARA_PUSH$CODARA_INTERNAL" ] && exit 0
echo 'Refs of this repository are moved only through the appliance.' >&2
exit 1
"""


SILENT = """#!/bin/sh
# Stands for ssh-keygen where a push is signed, and finds nothing; the appliance checks it itself.
# What it is given it must read, or git dies of the broken pipe; what is not for it, it must not.
case "$2" in check-novalidate|verify) cat >/dev/null ;; esac
exit 1
"""


def silent_program(home: Path) -> Path:
    """What git runs in place of ssh-keygen."""
    return home / "hooks/silent"


def push_hooks(home: Path) -> Path:
    """The folder that a transfer's `core.hooksPath` names."""
    return home / "hooks/push"


def reported_hooks(home: Path) -> Path:
    """The same for a transfer whose outcome we learn from git's report."""
    return home / "hooks/reported"


def install(home: Path, *, python: Path | None = None) -> None:
    """Write all hooks anew where they are not as they should be; safe to repeat and while serving.

    `python` is the interpreter that runs them; this process's own by default.
    """
    client = Path(appliance.__file__).parent / "ssh/git_hook.py"
    for name in NAMES:
        text = _script(python or Path(sys.executable), client, name)
        _write(home / "hooks" / name, text)
        _write(push_hooks(home) / name, text)
        if name == BEFORE:
            _write(reported_hooks(home) / name, text)
    _write(home / "hooks/reference-transaction", GUARD)
    _write(silent_program(home), SILENT)


def _script(python: Path, client: Path, name: str) -> str:
    words = [os.fspath(python), "-I", "-S", "-E", os.fspath(client), name]
    return (
        "#!/bin/sh\n"
        "# Asks the running appliance; see appliance/git/hooks.py.\n"
        + LINE.format(name=name, silence=shlex.quote(SILENCE[name]))
        + f"exec {shlex.join(words)}\n"
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.is_file() and path.read_text() == text and os.access(path, os.X_OK):
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text)
    unfinished.chmod(0o755)
    unfinished.replace(path)
