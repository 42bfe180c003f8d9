"""Keeps the processes of one appliance alive, and ends all of them together."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import orphans
from appliance.cli import programs
from appliance.errors import UnavailableError

ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
AWAITED = ENDING | {signal.SIGCHLD}
PATIENCE_SECONDS = 1.0
QUICK_LOOK_SECONDS = 0.02
START_SECONDS = 60.0
HOPELESS = 3  # So many ends during the start are no accident.
# All of it has to be over within 5 s: these for the processes, the rest for the queue server.
GRACE_SECONDS = 4.2
LAST_GRACE_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
NEEDED_LOOK_SECONDS = 0.2  # Whoever waits for a process that is not there yet hardly notices.
HEALTHY_SECONDS = 60.0
LOG_BYTES = 20 * 1024 * 1024
OLD_LOGS = 3


class EndedError(Exception):
    """Somebody asked us to end."""


@dataclass
class Child:
    """One process and how it has fared; the supervisor's bookkeeping."""

    name: str
    run: programs.Run
    log: Path | None
    ends_last: bool = False
    is_needed: Callable[[], bool] | None = None
    """Whether it is to be started; without, always."""
    pid: int = 0
    started_at: float = 0.0
    failures: int = 0
    again_at: float = 0.0


class Supervisor:
    """The processes of one appliance; `tell` shows a sentence to the person at the terminal."""

    def __init__(
        self, *, logs: Path | None, tell: Callable[[str], None], log_bytes: int = LOG_BYTES
    ) -> None:
        self._logs = logs
        self._tell = tell
        self._log_bytes = log_bytes
        self._children: dict[str, Child] = {}
        self._errands: dict[int, int | None] = {}

    def add(
        self,
        name: str,
        run: programs.Run,
        *,
        ends_last: bool = False,
        when: Callable[[], bool] | None = None,
    ) -> None:
        """Start a process and keep it running from now on.

        With `when`, it is started each time that says so, and may end by itself when it has no more
        to do: what nobody uses takes no memory.
        """
        # From the first child on, a wish that we end must not end us before the children.
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        log = self._logs / f"{name}.log" if self._logs else None
        child = self._children[name] = Child(name, run, log, ends_last, when)
        if when is None or when():
            self._start(child)

    def watch(self) -> None:
        """Look after the children until we are asked to end, and end what killed ones leave."""
        with suppress(EndedError):
            while True:
                self._look_after(self._patience())

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Look after the children until all of them work.

        Errors:
            EndedError: we were asked to end before.
            UnavailableError: one of them keeps ending, or it took too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while not is_so():
            self._look_after(QUICK_LOOK_SECONDS)
            hopeless = [child for child in self._children.values() if child.failures >= HOPELESS]
            if hopeless:
                raise UnavailableError(
                    f"{hopeless[0].name} does not start.{self._where_to_look(hopeless[0])}"
                )
            if time.monotonic() > deadline:
                raise UnavailableError("The appliance did not start in time.")

    def errand(self, run: programs.Run) -> int:
        """Let a process do something once, while we look after all of them; its exit status.

        Errors:
            EndedError: we were asked to end meanwhile.
        """
        pid = programs.start(run, log=None)
        self._errands[pid] = None
        try:
            while self._errands[pid] is None:
                self._look_after(PATIENCE_SECONDS)
        except EndedError:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            raise
        return self._errands.pop(pid) or 0

    def stop(self) -> None:
        """End every process: politely, then not; those that the others need, last."""
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        for last, grace_seconds in ((False, GRACE_SECONDS), (True, LAST_GRACE_SECONDS)):
            children = [each for each in self._children.values() if each.ends_last is last]
            self._send(children, signal.SIGTERM)
            self._wait_for(children, grace_seconds)
            self._send(children, signal.SIGKILL)
            self._wait_for(children, LAST_GRACE_SECONDS)
        orphans.end(())

    def _look_after(self, seconds: float) -> None:
        """Wait that long for something to happen, and deal with it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        received = signal.sigtimedwait(AWAITED, seconds)
        if received is not None and received.si_signo in ENDING:
            raise EndedError
        self._reap()
        self._start_again()
        self._turn_logs()

    def _start(self, child: Child) -> None:
        child.pid = programs.start(child.run, log=child.log)
        child.started_at = time.monotonic()

    def _patience(self) -> float:
        present = time.monotonic()
        absent = [each for each in self._children.values() if each.pid == 0]
        looks = [NEEDED_LOOK_SECONDS for each in absent if each.is_needed]
        due = [each.again_at - present for each in absent if not each.is_needed]
        return max(0.01, min([PATIENCE_SECONDS, *looks, *due]))

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._errands:
                self._errands[pid] = os.waitstatus_to_exitcode(status)
            for child in self._children.values():
                if child.pid == pid:
                    self._note_end(child, os.waitstatus_to_exitcode(status))

    def _note_end(self, child: Child, status: int) -> None:
        child.pid = 0
        if child.is_needed and status == 0:
            child.failures = 0
            return
        if time.monotonic() - child.started_at > HEALTHY_SECONDS:
            child.failures = 0
        pause = min(FIRST_PAUSE_SECONDS * 2**child.failures, LONGEST_PAUSE_SECONDS)
        child.failures += 1
        child.again_at = time.monotonic() + pause
        orphans.end({each.pid for each in self._children.values()} | self._errands.keys())
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        self._tell(f"{child.name} {how}; starting it again.{self._where_to_look(child)}")

    def _start_again(self) -> None:
        for child in self._children.values():
            is_due = child.pid == 0 and time.monotonic() >= child.again_at
            if is_due and (child.is_needed is None or child.is_needed()):
                self._start(child)

    def _send(self, children: list[Child], number: signal.Signals) -> None:
        for child in children:
            if child.pid:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    def _wait_for(self, children: list[Child], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            for child in children:
                if child.pid and os.waitpid(child.pid, os.WNOHANG)[0] == child.pid:
                    child.pid = 0
            left = deadline - time.monotonic()
            if left <= 0 or not any(child.pid for child in children):
                return
            signal.sigtimedwait({signal.SIGCHLD}, min(left, 0.1))

    def _where_to_look(self, child: Child | None = None) -> str:
        if self._logs is None:
            return ""
        return f" See {self._logs / child.name}.log." if child else f" See {self._logs}."

    def _turn_logs(self) -> None:
        """Keep each log file and its predecessors within bounds. A few lines may get lost."""
        for child in self._children.values():
            if child.log is None or not child.log.exists():
                continue
            if child.log.stat().st_size < self._log_bytes:
                continue
            for number in range(OLD_LOGS, 1, -1):
                older = child.log.with_suffix(f".log.{number - 1}")
                if older.exists():
                    older.replace(child.log.with_suffix(f".log.{number}"))
            shutil.copyfile(child.log, child.log.with_suffix(".log.1"))
            os.truncate(child.log, 0)
