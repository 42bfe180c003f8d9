"""Makes and repairs the environment in .venv: the locked packages and the `codara` commands; and
compiles the translations, which need one of those packages, and the modules.

Runs before anything is installed, so it needs the standard library only; `pip_sources.py` finds the
pip. Which index the packages come from is pip's own configuration; the hashes in the locks say what
is accepted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from script.pip_sources import NoPipError, Words, find_pip

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "codara-environment.json"
UNFINISHED = ENVIRONMENT / "unfinished"
COMPILED = ENVIRONMENT / "codara-compiled"
"""As old as what was compiled last."""
LOG = ROOT / ".cache" / "install.log"
TRANSLATIONS = ROOT / "appliance" / "web" / "translations"
PATHS = ("", "clients/python")
PACKAGES = ("appliance", "audit")
LOCKS = {"app": ("app",), "dev": ("app", "dev")}

# Works for any path: a "#!" line may hold neither blanks nor more than 127 bytes.
COMMAND = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from {module} import {function}

if __name__ == "__main__":
    sys.exit({function}())
"""


class SetupFailedError(Exception):
    """The environment cannot be made; the message says what to do."""


def main() -> int:
    """Make .venv fit for `app` (run) or `dev` (run, test, lint); do nothing when it is."""
    profile = sys.argv[1] if len(sys.argv) > 1 else "app"
    try:
        # Looked at before anything is written: the checkout may be somebody else's, and ready.
        if not is_ready(profile) or stale_translations() or has_stale_modules():
            with only_one_at_a_time():
                make(profile)
                compile_translations()
                compile_modules()
    except (SetupFailedError, NoPipError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{ENVIRONMENT} cannot be set up: {error}.", file=sys.stderr)
    else:
        return 0
    return 1


def is_ready(profile: str) -> bool:
    """Whether the environment is what the locks and this place ask for."""
    return wanted_stamp(profile).items() <= read_stamp().items()


def make(profile: str) -> None:
    """Bring the environment to the state that the locks and this place ask for."""
    if is_ready(profile):
        return
    before, wanted = read_stamp(), wanted_stamp(profile)
    started = time.monotonic()
    print("Setting up .venv: about a minute the first time.", file=sys.stderr, flush=True)
    if is_unusable(before, wanted):
        venv.EnvBuilder(clear=True, symlinks=True).create(ENVIRONMENT)
        before = {}
    UNFINISHED.touch()
    changed = [lock for lock in LOCKS[profile] if before.get(lock) != wanted[lock]]
    pip = find_pip(ENVIRONMENT / "bin" / "python") if changed else ()
    for lock in changed:
        install(lock, pip)
    write_commands()
    COMPILED.unlink(missing_ok=True)
    compile_modules()
    STAMP.write_text(json.dumps({**before, **wanted}, indent=2), "utf-8")
    UNFINISHED.unlink()
    print(f"Ready after {time.monotonic() - started:.0f} s.", file=sys.stderr, flush=True)


def has_stale_modules() -> bool:
    """Whether modules of ours were changed since all were compiled, and we may compile here."""
    compiled_at = COMPILED.stat().st_mtime_ns if COMPILED.exists() else 0
    return os.access(ENVIRONMENT, os.W_OK) and any(
        source.stat().st_mtime_ns > compiled_at
        for package in PACKAGES
        for source in (ROOT / package).rglob("*.py")
    )


def compile_modules() -> None:
    """Import once what the processes of an appliance import: what compiling takes, they would keep
    for as long as they run. What does not go says so when somebody starts it.
    """
    if not has_stale_modules():
        return
    COMPILED.touch()
    program = (
        "import importlib; from appliance.cli.everything import COMPILED;"
        "[importlib.import_module(name) for name in COMPILED]"
    )
    # Of containers, many ask Python not to keep what it compiles; here it is all that is wanted.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(
            [ENVIRONMENT / "bin" / "python", "-c", program],
            cwd=ROOT,
            env=environment | {"CODARA_HOME": home},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )


def stale_translations() -> list[Path]:
    """Translations that were changed since they were compiled, or never were."""
    return [
        source
        for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po")
        for compiled in [source.with_suffix(".mo")]
        if not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns
    ]


def compile_translations() -> None:
    """Compile the translations where they are stale; see `translations.py`."""
    if not stale_translations():
        return
    finished = subprocess.run(
        [ENVIRONMENT / "bin" / "python", "-m", "script.translations", "compile"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise SetupFailedError(f"The translations could not be compiled:\n{finished.stderr}")


@contextmanager
def only_one_at_a_time() -> Generator[None]:
    """Let a second script wait until the first has set everything up."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_stamp() -> dict[str, str]:
    """What the environment was made from; nothing when it was not, or not to the end."""
    if UNFINISHED.exists() or not (ENVIRONMENT / "bin" / "python").exists():
        return {}
    try:
        return dict(json.loads(STAMP.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def wanted_stamp(profile: str) -> dict[str, str]:
    """What the environment should be made from: place, Python, commands and locks."""
    sources = {"commands": ROOT / "pyproject.toml"}
    sources |= {lock: ROOT / "requirements" / f"{lock}.lock" for lock in LOCKS[profile]}
    digests = {
        name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in sources.items()
    }
    return {"place": str(ROOT), "python": python_version(), **digests}


def python_version() -> str:
    """Which Python this is, as far as packages care."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def is_unusable(before: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether to start from nothing: another place, another Python, or interrupted."""
    if UNFINISHED.exists() or not (ENVIRONMENT / "bin" / "python").exists():
        return True
    return bool(before) and any(before.get(key) != wanted[key] for key in ("place", "python"))


def install(lock: str, pip: Words) -> None:
    """Install one lock: only wheels, only with the hashes it names."""
    command: list[str | Path] = [
        *pip,
        *("install", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
        # Bytecode comes with the first import: compiling everything now takes longer than that.
        *("--no-compile", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
        *("--requirement", ROOT / "requirements" / f"{lock}.lock"),
    ]
    with LOG.open("w") as log:
        finished = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if finished.returncode != 0:
        raise SetupFailedError(explain(lock))


def explain(lock: str) -> str:
    """The end of pip's words, and the way out."""
    lines = LOG.read_text("utf-8").splitlines()
    said = [line for line in lines if not line.startswith(("WARNING", "Ignoring", "Looking"))]
    return "\n".join(
        [
            *said[-15:],
            f"The packages of requirements/{lock}.lock could not be installed; {LOG} has it all.",
            "They come from the index that pip is configured with (PIP_INDEX_URL or pip.conf):",
            "is it reachable, and does it have them?",
        ]
    )


def write_commands() -> None:
    """Put our packages on the path and our commands beside Python, without a build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    python = ENVIRONMENT / "bin" / "python"
    packages = ENVIRONMENT / "lib" / f"python{python_version()}" / "site-packages"
    (packages / "codara.pth").write_text("".join(f"{ROOT / each}\n" for each in PATHS), "utf-8")
    for stale in packages.glob("codara_appliance-*.dist-info"):
        shutil.rmtree(stale)
    information = packages / f"codara_appliance-{project['version']}.dist-info"
    information.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (information / "METADATA").write_text(metadata, "utf-8")
    for name, target in project["scripts"].items():
        module, _, function = target.partition(":")
        command = ENVIRONMENT / "bin" / name
        command.write_text(COMMAND.format(python=python, module=module, function=function), "utf-8")
        command.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
