"""The resident scanner as a real process, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from appliance.scanning.resident import wire
from appliance.scanning.resident.door import Door, ScannerDownError

PATIENCE_SECONDS = 60.0
KEY = "5b" * 32


class RunningScanner:
    """A scanner for a home folder. Its state is the process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "run").mkdir(exist_ok=True)
        self.door = Door(home / "run" / "scanner.sock")
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [sys.executable, "-m", "appliance.scanning.resident.server", self.home]
        self.process = subprocess.Popen(words)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.door.greet()
            except ScannerDownError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def kill_all(self) -> None:
        """Kill it while it looks at something, and the child that looks; then start it anew."""
        while not (looking := self._looking()):
            time.sleep(0.01)
        for child in (*looking, self.process.pid):
            os.kill(int(child), signal.SIGKILL)
        self.process.wait()
        self.start()

    def be_idle(self) -> None:
        """Wait until it looks at nothing: it may still answer who has gone."""
        while self._looking():
            time.sleep(0.01)

    def scan(self, *objects: tuple[str, bytes], **wanted: object) -> wire.Answer:
        """What it finds in objects, each a kind and its content."""
        said = tempfile.TemporaryFile()  # noqa: SIM115 - who is asked closes it.
        for number, (kind, content) in enumerate(objects):
            said.write(b"%040x %s %d\n" % (number, kind.encode(), len(content)))
            said.write(content + b"\n")
        said.seek(0)
        os.lseek(said.fileno(), 0, os.SEEK_SET)
        question = wire.Question(**{"key": KEY, **wanted})
        return self.door.ask(question, said, seconds=PATIENCE_SECONDS).answer()

    def _looking(self) -> list[str]:
        pid = self.process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
