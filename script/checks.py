"""Every check of script/lint, two at a time, each with its name and its seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """One program that finds fault or does not."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a check said."""

    check: Check
    passed: bool
    seconds: float
    output: str


# The slow ones stand first, so that the quick ones fill the other lane.
CHECKS = (
    Check("types", ("mypy",)),
    Check(
        "architecture",
        ("pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "tests/architecture"),
    ),
    Check("format", ("ruff", "format", "--check", ".")),
    Check("lint", ("ruff", "check", ".")),
)


def run(check: Check) -> Outcome:
    """Run one check and keep what it says."""
    started = time.monotonic()
    finished = subprocess.run(
        [BIN / check.command[0], *check.command[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    return Outcome(check, finished.returncode == 0, seconds, finished.stdout + finished.stderr)


def main() -> int:
    """Run all checks, or those named; 1 when one finds fault."""
    chosen = [check for check in CHECKS if not sys.argv[1:] or check.name in sys.argv[1:]]
    unknown = set(sys.argv[1:]) - {check.name for check in CHECKS}
    if unknown:
        names = " ".join(check.name for check in CHECKS)
        print(f"There is no check {' '.join(sorted(unknown))}; there are: {names}", file=sys.stderr)
        return 2
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as lanes:
        for outcome in lanes.map(run, chosen):
            verdict = "ok" if outcome.passed else "FAILED"
            print(f"{outcome.check.name:<13} {verdict:<7} {outcome.seconds:5.1f} s", flush=True)
            if not outcome.passed:
                failed += 1
                print(outcome.output.rstrip(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
