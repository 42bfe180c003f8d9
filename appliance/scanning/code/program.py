"""Runs semgrep, or OpenGrep in its place, over a folder: without a network, with an end to time,
memory and output, and with rules from a file. What fails together is tried again in halves, so
that one hostile file costs the others nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import UnavailableError, sentence
from appliance.scanning.code import files, results
from appliance.scanning.code.files import Skipped, SourceFile
from appliance.scanning.code.results import Result, UnreadableError
from appliance.scanning.code.rules import CodeRuleset

MIB = 1024 * 1024
BATCH_FILES = 1000
BATCH_BYTES = 16 * MIB
SECONDS_A_RULE = 5
SECONDS_A_BATCH = 600
MEMORY_BYTES = 3 * 1024 * MIB
WORDS = (
    *("scan", "--quiet", "--json", "--metrics=off", "--disable-version-check", "--disable-nosem"),
    *("--no-git-ignore", "--jobs=1", "--timeout-threshold=3", "--no-rewrite-rule-ids"),
    *(f"--timeout={SECONDS_A_RULE}", f"--max-target-bytes={files.LARGEST_BYTES}"),
    f"--max-memory={MEMORY_BYTES // MIB // 2}",
)


class NoProgramError(UnavailableError):
    """There is no such program, or it cannot be started."""


@dataclass(frozen=True)
class CodeProgram:
    """Which program looks, and with which rules. It keeps no state."""

    path: Path
    rules: CodeRuleset

    def look(self, sources: Sequence[SourceFile], *, until: float) -> Result:
        """Look at files; `until` is a moment of the monotonic clock.

        Errors:
            NoProgramError: it cannot be started.
        """
        if not os.access(self.path, os.X_OK):
            raise NoProgramError(
                sentence(
                    "There is no program %(path)s to look for weaknesses.", path=str(self.path)
                )
            )
        found: list[results.Found] = []
        skipped: dict[bytes, Skipped] = {}
        batches = _batches(sources)
        while batches:
            batch = batches.pop()
            seconds = min(SECONDS_A_BATCH, until - time.monotonic())
            if seconds <= 0:
                skipped |= {each.path: Skipped.NO_MORE_TIME for each in batch}
                continue
            try:
                result = self._run(batch, seconds)
            except UnreadableError:
                if len(batch) == 1:
                    skipped[batch[0].path] = Skipped.PROGRAM_FAILED
                else:
                    middle = len(batch) // 2
                    batches += [batch[middle:], batch[:middle]]
                continue
            found += result.found
            skipped |= result.skipped
        return Result(tuple(found), skipped)

    def _run(self, batch: Sequence[SourceFile], seconds: float) -> Result:
        with tempfile.TemporaryDirectory(prefix="codara-code-") as scratch:
            at = Path(scratch)
            target, home = at / "files", at / "home"
            target.mkdir()
            home.mkdir()
            placed = files.lay_out(target, batch)
            (at / "rules.json").write_bytes(self.rules.document)
            said = at / "said.json"
            words = [*WORDS, "--config", str(at / "rules.json"), "--output", str(said), str(target)]
            self._start(target, words, home, seconds)
            if not said.exists():
                raise UnreadableError
            return results.read(said.read_bytes(), placed)

    def _start(self, target: Path, words: Sequence[str], home: Path, seconds: float) -> None:
        program = [sys.executable, "-m", "appliance.scanning.code.apart"]
        limits = [str(int(seconds) + 1), str(MEMORY_BYTES), str(target)]
        running = subprocess.Popen(
            [*program, *limits, str(self.path), *words],
            env=self._environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            raise UnreadableError from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()

    def _environment(self, home: Path) -> dict[str, str]:
        here = Path(__file__).resolve().parents[3]
        return {
            "PATH": f"{self.path.parent}:/usr/bin:/bin",
            "PYTHONPATH": str(here),
            "HOME": str(home),
            "TMPDIR": str(home),
            "LC_ALL": "C.UTF-8",
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_ENABLE_VERSION_CHECK": "0",
            "SEMGREP_SETTINGS_FILE": str(home / "settings.yml"),
        }


def _batches(sources: Sequence[SourceFile]) -> list[list[SourceFile]]:
    batches: list[list[SourceFile]] = []
    size = 0
    for each in sources:
        size += len(each.content)
        if not batches or len(batches[-1]) >= BATCH_FILES or size > BATCH_BYTES:
            batches.append([])
            size = len(each.content)
        batches[-1].append(each)
    return batches
