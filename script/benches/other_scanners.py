"""Other scanners of secrets, each in an environment of its own that pip fills under `.cache`.

They never stand beside the product: trufflehog3 pins old versions of what the product needs.
"""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import UnavailableError

from .product import ROOT

FOLDER = ROOT / ".cache" / "scanners"

DETECT_SECRETS = """
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

def count(paths):
    with default_settings():
        return sum(1 for path in paths for _ in scan_file(path))
"""
TRUFFLEHOG3 = """
from trufflehog3 import DEFAULT_RULES_FILE
from trufflehog3.core import load_rules
from trufflehog3.models import File
from trufflehog3.search import search

rules = load_rules(DEFAULT_RULES_FILE)

def count(paths):
    return sum(len(search(File(path=path), rules, ignore_nosecret=True)) for path in paths)
"""
AROUND = """
import json, logging, pathlib, sys, time
logging.disable(logging.CRITICAL)
paths = sorted(str(each) for each in pathlib.Path(sys.argv[1]).iterdir())
started = time.process_time()
found = count(paths)
print(json.dumps({"cpu_seconds": time.process_time() - started, "findings": found}))
"""


@dataclass(frozen=True)
class Scanner:
    """A scanner as its package index has it, and how it is asked to count what it finds."""

    name: str
    version: str
    program: str


OF_HISTORIES = Scanner("trufflehog3", "3.0.10", TRUFFLEHOG3)
SCANNERS = (Scanner("detect-secrets", "1.5.0", DETECT_SECRETS), OF_HISTORIES)


@dataclass(frozen=True)
class Counted:
    """What a scanner took for a folder, once it was started, and how much it reported."""

    cpu_seconds: float
    findings: int


def run(scanner: Scanner, folder: Path) -> Counted:
    """Let a scanner look at each file of a folder, in one process."""
    words: list[str | Path] = [_python(scanner), "-c", scanner.program + AROUND, folder]
    finished = subprocess.run(words, check=True, capture_output=True, text=True, cwd=folder)
    return Counted(**json.loads(finished.stdout.splitlines()[-1]))


def whole_history(scanner: Scanner, repository: Path) -> float:
    """Seconds of the processor that trufflehog3 takes for the history of a branch, git included."""
    program = _python(scanner).parent / scanner.name
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--shared", repository, clone], check=True)
        # It would ask there.
        subprocess.run(["git", "-C", clone, "remote", "remove", "origin"], check=True)
        words: list[str | Path] = [
            program,
            "--no-current",
            "--format",
            "JSON",
            "--output",
            Path(folder) / "found",
        ]
        before = of_children()
        subprocess.run(
            [*words, clone], check=False, capture_output=True
        )  # Status 2: it found some.
        took = of_children() - before
        if not (Path(folder) / "found").exists():
            raise UnavailableError(f"{scanner.name} has not ended well.")
        return took


def of_children() -> float:
    """Seconds of the processor that programs took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _python(scanner: Scanner) -> Path:
    home = FOLDER / f"{scanner.name}-{scanner.version}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, clear=True, with_pip=True)
        words: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*words, f"{scanner.name}=={scanner.version}"], check=True)
        (home / "ready").touch()
    return python
