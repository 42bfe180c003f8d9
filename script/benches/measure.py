"""How long something took and what it cost, ours and the reference's in turn."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """One run: seconds on the wall, and seconds of processor time of whoever did the work."""

    wall_seconds: float
    cpu_seconds: float


def run_program(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Run:
    """Run a program to its end; its cost includes that of its own children.

    Errors:
        CalledProcessError: it failed, so its time means nothing.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(wall_seconds, usage.ru_utime + usage.ru_stime)


def serve(server: int, act: Callable[[], None]) -> Run:
    """Let a client act against a server; the cost is that of the server and all it starts."""
    before = tree_cpu_seconds(server)
    started = time.perf_counter()
    act()
    wall_seconds = time.perf_counter() - started
    return Run(wall_seconds, tree_cpu_seconds(server) - before)


def measured(act: Callable[[], object]) -> Run:
    """The cost of an act within this process, with that of every program it starts."""
    before = _cpu_seconds()
    started = time.perf_counter()
    act()
    return Run(time.perf_counter() - started, _cpu_seconds() - before)


def in_turn(
    ours: Callable[[], Run], reference: Callable[[], Run], *, rounds: int
) -> tuple[list[Run], list[Run]]:
    """Run both sides `rounds` times, after one round that only warms up.

    Who begins changes every round, so that neither always finds the caches warm.
    """
    ours(), reference()
    mine: list[Run] = []
    theirs: list[Run] = []
    for number in range(rounds):
        sides = [(ours, mine), (reference, theirs)]
        for side, results in sides if number % 2 else reversed(sides):
            results.append(side())
    return mine, theirs


def tree_cpu_seconds(pid: int) -> float:
    """Processor time that a process, its ended children and its living descendants have used.

    Source: proc_pid_stat(5), fields utime, stime, cutime and cstime.
    """
    used = 0
    for each in tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text("utf-8").rpartition(")")[2].split()
        except FileNotFoundError:
            continue  # It ended since; its parent has its time now.
        used += sum(int(field) for field in fields[11:15])
    return used / TICKS


def tree_memory_bytes(pid: int, field: str = "Pss") -> int:
    """Memory of a process and its descendants, each shared page counted once among its users.

    `Pss_Anon` leaves out files that are mapped, which the system takes back when it needs room.
    Source: proc_pid_smaps(5).
    """
    total = 0
    for each in tree(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text("utf-8").splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
    return total * 1024


def tree(pid: int) -> list[int]:
    """A process and its living descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text("utf-8").split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def _cpu_seconds() -> float:
    of = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in of)
