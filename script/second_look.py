"""Runs pytest, and looks a second time at the few tests that failed beside others.

What fails once in a thousand runs must not refuse a change that has nothing to do with it. So a few
that failed run once more, alone and one by one, and if all pass then the run does. They are named
last and written down nevertheless: each is a bug, and somebody mends it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

MOST = 5  # More have a reason in common, and no chance of it.
UNSTEADY = Path(".cache", "unsteady-tests")
"""In the folder of the run: a line for each time, the day and the test."""


class Failed:
    """The tests that failed in a run, in their order."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """As pytest tells of each part of a test."""
        if report.failed:
            self._names[report.nodeid] = None


def main(words: list[str]) -> int:
    """Run pytest with these words; gives how to end."""
    failed = Failed()
    ended = pytest.main(words, plugins=[failed])
    if ended != pytest.ExitCode.TESTS_FAILED or not 0 < len(failed) <= MOST:
        return ended
    print("\nA second look at what failed, each test alone.", flush=True)
    if not all(passes_alone(name) for name in failed):
        return ended
    write_down(list(failed))
    return 0


def passes_alone(name: str) -> bool:
    """Whether a test passes with no other in its process or beside it."""
    return subprocess.run([sys.executable, "-m", "pytest", name], check=False).returncode == 0


def write_down(names: list[str]) -> None:
    """Say of these, where nobody overlooks it, that they passed only now."""
    today = datetime.now(UTC).date()
    UNSTEADY.parent.mkdir(exist_ok=True)
    with UNSTEADY.open("a", encoding="utf-8") as file:
        file.writelines(f"{today} {name}\n" for name in names)
    print("\n" + " UNSTEADY TESTS: failed beside others, passed alone ".center(100, "!"))
    print("\n".join(names))
    print(f"The run passes, but each of them is a bug: mend it. They are kept in {UNSTEADY}.")
    print("!" * 100, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
