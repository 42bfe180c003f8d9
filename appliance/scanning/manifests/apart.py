"""Reads manifests in a process of its own, which has given up the network, files and most calls.

Whoever writes a manifest is a stranger. One that takes too much time or memory ends that process
and nothing else: it is told as not scanned, with the reason, and the next gets a new process.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.domain.components import Component, Scope
from appliance.errors import sentence
from appliance.scanning.manifests.refusal import LARGEST_BYTES, ManifestError
from appliance.scanning.manifests.source import Beside, nothing_beside

LENGTH = struct.Struct(">I")
CPU_SECONDS = 30
WALL_SECONDS = 60
ANSWER_BYTES = 256 * 1024 * 1024
NOTHING = 0xFFFFFFFF
"""Said in place of a length: there is no such file."""


class _EndedError(Exception):
    """The process is gone, or says what nobody understands."""


@dataclass(frozen=True)
class Limits:
    """What reading one manifest may take."""

    cpu_seconds: int = CPU_SECONDS
    wall_seconds: float = WALL_SECONDS


@dataclass
class Reader:
    """Keeps the process that reads; starts one when it is asked, and again when it has ended."""

    limits: Limits = field(default_factory=Limits)
    _process: subprocess.Popen[bytes] | None = None
    _line: socket.socket | None = None

    def __enter__(self) -> Self:
        """Itself; nothing is started yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._end()

    def read(
        self, path: str, content: bytes, beside: Beside = nothing_beside
    ) -> tuple[Component, ...]:
        """What `reading.read` gives.

        Errors:
            ManifestError: as there, or the process had to be ended.
        """
        until = time.monotonic() + self.limits.wall_seconds
        try:
            line = self._started()
            _send(line, json.dumps({"path": path, "cpu": self.limits.cpu_seconds}).encode(), until)
            _send(line, content[: LARGEST_BYTES + 1], until)
            answer = _answer(line, beside, until)
        except (_EndedError, OSError, ValueError) as ended:
            message = self._why(until)
            raise ManifestError(message) from ended
        if (error := answer.get("error")) is not None:
            raise ManifestError(error, answer["line"])
        return tuple(_component(each) for each in answer["components"])

    def _started(self) -> socket.socket:
        if self._line is not None:
            return self._line
        ours, theirs = socket.socketpair()
        with theirs:
            self._line = ours
            self._process = subprocess.Popen(
                [sys.executable, "-m", "appliance.scanning.manifests.apart_process"],
                env={"PYTHONPATH": str(Path(__file__).resolve().parents[3]), "LC_ALL": "C.UTF-8"},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return ours

    def _why(self, until: float) -> str:
        """End the process, and say what it died of."""
        process = self._process
        if process is not None and time.monotonic() < until:
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
        status = process.poll() if process is not None else None
        self._end()
        if status is None or -status in {signal.SIGPROF, signal.SIGXCPU}:
            return str(NO_TIME)
        return str(NO_MEMORY if status == OUT_OF_MEMORY else FAILED)

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._line, self._process = None, None


def _answer(line: socket.socket, beside: Beside, until: float) -> Mapping[str, Any]:
    while True:
        said = json.loads(receive(line, ANSWER_BYTES, until) or b"null")
        if not isinstance(said, dict):
            raise _EndedError
        if "beside" not in said:
            return said
        content = beside(said["beside"])
        if content is None:
            _timed(line, until)
            line.sendall(LENGTH.pack(NOTHING))
        else:
            _send(line, content, until)


def _component(said: Mapping[str, Any]) -> Component:
    found = Component(**said)
    return replace(found, scope=Scope(found.scope), parents=tuple(found.parents))


def _send(line: socket.socket, content: bytes, until: float) -> None:
    _timed(line, until)
    line.sendall(LENGTH.pack(len(content)) + content)


def receive(line: socket.socket, most: int, until: float | None = None) -> bytes | None:
    """One message; None where the other side says that there is nothing.

    Errors:
        EOFError, OSError: the other side has gone, or says too much, or nothing in time.
    """
    length = LENGTH.unpack(_exactly(line, LENGTH.size, until))[0]
    if length == NOTHING:
        return None
    if length > most:
        raise OSError
    return _exactly(line, length, until)


def _exactly(line: socket.socket, size: int, until: float | None) -> bytes:
    found = bytearray()
    while len(found) < size:
        if until is not None:
            _timed(line, until)
        some = line.recv(min(size - len(found), 1 << 20))
        if not some:
            raise ConnectionResetError
        found += some
    return bytes(found)


def _timed(line: socket.socket, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


OUT_OF_MEMORY = 77
"""With which the process says so."""
NO_TIME = sentence("Not scanned: reading this takes too long.")
NO_MEMORY = sentence("Not scanned: reading this takes too much memory.")
FAILED = sentence("Not scanned: reading this failed.")
