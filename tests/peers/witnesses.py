"""A witness in a process of its own, as on somebody else's machine."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from audit import note
from witness import keys
from witness.state import State

COMMAND = (sys.executable, "-m", "appliance.cli", "witness", "serve")


@dataclass
class Said:
    """What a witness answered."""

    status: int
    type: str
    body: str


class Witness:
    """A witness that can be started, asked, and killed. Its state outlives its process."""

    def __init__(self, folder: Path, name: str = "w.test/one") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.key_file, self.state_file = folder / "witness.key", folder / "witness.db"
        self.cosigner = keys.create(self.key_file, name)
        self.state = State(self.state_file)
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def key(self) -> note.Key:
        return self.cosigner.keys[0]

    def start(self, command: tuple[str, ...] = COMMAND, port: int = 0) -> Witness:
        words = ("--state", self.state_file, "--key", self.key_file)
        self._process = subprocess.Popen(
            [*command, *words, "--listen", f"127.0.0.1:{port}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            # No home folder: a witness is no appliance.
            env={name: value for name, value in os.environ.items() if name != "CODARA_HOME"},
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().removeprefix("Listening on ").rstrip(".\n")
        assert self.url, "the witness did not start"
        return self

    def stop(self, *, kill: bool = False) -> int:
        if self._process is None:
            return 0
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        code = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def wait(self) -> int:
        """Until it has ended by itself."""
        assert self._process is not None
        self._process.wait()
        return self.stop()

    def ask(self, body: bytes, path: str = "/add-checkpoint", method: str = "POST") -> Said:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Said(answer.status, answer.headers["Content-Type"], text)
        finally:
            connection.close()
