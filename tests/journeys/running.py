"""A whole appliance as its operator starts it, and people with programs of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.peers.server import free_port
from tests.world import CHEAP

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90
LONGEST_PAUSE_SECONDS = 0.3  # What is asked needs the processor that the question takes.
FIRST_PASSWORD = re.compile(r"^ {6}((?:[a-z2-9]{5}-){3}[a-z2-9]{5})$", re.MULTILINE)


def until(is_so: Callable[[], Any], why: str = "it did not happen in time") -> Any:
    """Ask again and again, ever less often, until the answer is true; gives it."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.02
    while not (found := is_so()):
        assert time.monotonic() < deadline, why
        select_nothing(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
    return found


def select_nothing(seconds: float) -> None:
    """Let the others have the processor before the next look."""
    signal.sigtimedwait([], seconds)


class Whole:
    """A running appliance: its home folder, its supervisor, and what that has said."""

    def __init__(
        self, home: Path, *, interpreter: str | Path = sys.executable, **environment: str
    ) -> None:
        self.home = home
        self.program = [interpreter, "-m", "appliance.cli"]
        self.ssh_port = free_port()
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            **CHEAP,
            "PYTHONPATH": str(ROOT),
            "CODARA_HOME": str(home),
            "CODARA_SSH__PORT": str(self.ssh_port),
            **environment,
        }
        self._words = Path(f"{home}.said")
        self.process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        """Start it, and wait for the line that says it is ready."""
        with self._words.open("w") as said:
            self.process = subprocess.Popen(
                [*self.program, "serve", "--all", "--port", "0"],
                env=self.environment,
                cwd=self.home.parent,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        until(lambda: "is ready at" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    def kill(self) -> None:
        """End the supervisor without a word, and see all others go with it."""
        below = self.processes()
        self.process.kill()
        self.process.wait()
        until(lambda: not any(is_alive(pid) for pid in below))

    @property
    def said(self) -> str:
        """What its operator reads."""
        return self._words.read_text()

    @property
    def url(self) -> str:
        """Where it answers."""
        lock = json.loads((self.home / "run" / "lock").read_text())
        return str(lock["address"])

    def processes(self) -> dict[int, str]:
        """Every process below the supervisor, and which part of the appliance it is."""
        found: dict[int, str] = {}
        waiting = [self.process.pid]
        while waiting:
            for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
                try:
                    below = [int(each) for each in task.read_text().split()]
                except OSError:
                    continue
                waiting += below
                found |= {each: part_of(each) for each in below}
        return found

    def codara(self, *words: str | Path, said: str = "", fails: bool = False) -> Any:
        """Run a command of the appliance's own; gives what it answered in JSON."""
        finished = subprocess.run(
            [*self.program, *words, "--json"],
            env=self.environment,
            cwd=self.home.parent,
            input=said,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert (finished.returncode != 0) is fails, f"{words}: {finished.stderr}"
        return json.loads(finished.stdout) if finished.stdout.strip() else None

    def token(self, user: str, scopes: str, *more: str) -> str:
        """A new access token of a user."""
        words = ["token", "create", "--user", user, "--scope", scopes, "--expires-in", "1d"]
        return str(self.codara(*words, *more)["token"])

    def api(
        self, token: str, method: str, path: str, body: Any = None, **headers: str
    ) -> requests.Response:
        """Ask the API over the network; a stranger has no token."""
        who = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(
            method,
            f"{self.url}/api/v1{path}",
            json=body,
            headers={**who, **headers},
            timeout=PATIENCE_SECONDS,
            allow_redirects=False,
        )

    def https(self, path: str, token: str = "") -> str:
        """The address of a repository for git over HTTP, with a token in it."""
        who = f"git:{token}@" if token else ""
        return f"{self.url.replace('://', f'://{who}')}/{path}.git"

    def ssh(self, path: str) -> str:
        """The address of a repository for git over SSH."""
        return f"ssh://git@127.0.0.1:{self.ssh_port}/{path}.git"


def part_of(pid: int) -> str:
    """Which log file a process writes to says which part it is."""
    try:
        return Path(f"/proc/{pid}/fd/2").readlink().stem
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be noticed does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def whole(home: Path, **environment: str) -> Generator[Whole]:
    """Run a whole appliance for the length of a block."""
    appliance = Whole(home, **environment)
    try:
        yield appliance
    finally:
        if appliance.process.poll() is None:
            appliance.process.terminate()
            try:
                appliance.process.wait(10)
            except subprocess.TimeoutExpired:
                appliance.kill()


def give_key(appliance: Whole, user: str, folder: Path) -> str:
    """Make an SSH key for a user; gives the command by which git uses it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / f"key-of-{user}"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", user, "-f", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    appliance.codara("key", "add", "--user", user, f"{key}.pub")
    return ssh_command(key)


def ssh_command(key: Path) -> str:
    """How git starts ssh with this key and with nobody's settings."""
    hosts = f"-o UserKnownHostsFile={key}.hosts -o StrictHostKeyChecking=accept-new"
    return f"ssh -F none -i {key} -o IdentitiesOnly=yes -o BatchMode=yes {hosts}"
