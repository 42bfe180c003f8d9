"""A whole appliance for the tests of commands, and two ways to say them to it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.cli.__main__ import main
from appliance.cli.client import CONSOLE_HEADER, Client, LocalSocket
from appliance.domain.ids import new_id
from appliance.domain.permissions import Scope
from tests import commands
from tests.peers.server import free_port, running
from tests.services.pulling import Place
from tests.world import CHEAP, World

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long enough sentence"
OF_OURS = ("CODARA_HOME", "CODARA_URL", "CODARA_TOKEN", "CODARA_CONFIG", "CODARA_TRACEBACK")


@dataclass(frozen=True)
class Appliance:
    """One that runs: its folder, its address, and a token of its administrator."""

    home: Path
    url: str
    token: str


@dataclass(frozen=True)
class Outcome:
    """What a command ended with."""

    code: int
    out: str
    said: str

    @property
    def json(self) -> Any:
        """What it answered for programs."""
        assert self.code == 0, self.said
        return json.loads(self.out)


Say = Callable[..., Outcome]


@pytest.fixture(scope="session")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Generator[Appliance]:
    """An appliance with all its processes, one for all tests of a process."""
    home = tmp_path_factory.mktemp("appliance") / "home"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    own = {
        "PYTHONPATH": str(ROOT),
        **CHEAP,
        "CODARA_SERVER__PORT": str(port),
        "CODARA_SERVER__URL": url,
        "CODARA_SSH__PORT": str(free_port()),
    }
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "appliance.cli",
        "serve",
        "--all",
        "--home",
        home,
    ]
    with running(command, ready="is ready at", environment={**kept, **own}):
        console = Client(LocalSocket(home / "run" / "web.sock"), {CONSOLE_HEADER: ""})
        wanted = {"name": "tests", "scopes": list(Scope), "expires_in_days": 365}
        yield Appliance(home, url, console.call("POST", "/user/tokens", wanted)["token"])


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Say a command, as somebody whose settings are their own, in an empty folder."""
    for name in OF_OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.chdir(tmp_path)

    def say_it(*words: str | Path, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as ended:  # A shell that asks for completions needs nothing after them.
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return say_it


@pytest.fixture
def as_maintainer(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[commands.Say]:
    """Say a command as the maintainer of a repository of a world, which has a pull request."""
    place = Place(world)
    place.topic()
    place.open(title="Two")
    with commands.saying(world, "maintainer", monkeypatch, capsys) as say_it:
        yield say_it


@pytest.fixture
def here(appliance: Appliance, say: Say, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Say a command at the console of the appliance."""
    monkeypatch.setenv("CODARA_HOME", str(appliance.home))
    return say


@pytest.fixture(params=["local", "remote"])
def codara(
    request: pytest.FixtureRequest,
    appliance: Appliance,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> Say:
    """Say a command, once at the console and once over the network with a token."""
    if request.param == "local":
        monkeypatch.setenv("CODARA_HOME", str(appliance.home))
    else:
        monkeypatch.setenv("CODARA_URL", appliance.url)
        monkeypatch.setenv("CODARA_TOKEN", appliance.token)
    return say


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """A name that nobody has: the appliance is shared."""
    return lambda word: f"{word}-{new_id().hex[-8:]}"


@pytest.fixture
def person(appliance: Appliance, say: Say, fresh: Callable[[str], str]) -> str:
    """The name of a user."""
    name = fresh("user")
    words = ("user", "create", name, "--email", f"{name}@lab.example", "--password-stdin")
    assert say(*words, "--home", appliance.home, stdin=f"{PASSWORD}\n").code == 0
    return name


@pytest.fixture
def lab(appliance: Appliance, say: Say, fresh: Callable[[str], str]) -> str:
    """The name of an organisation."""
    name = fresh("lab")
    assert say("org", "create", name, "--home", appliance.home).code == 0
    return name


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    """The file of a public key; the private one lies beside it."""
    private = tmp_path / "id_ed25519"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "laptop", "-f", private], check=True
    )
    return private.with_suffix(".pub")
