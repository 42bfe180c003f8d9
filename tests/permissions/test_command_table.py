"""Every command ends for every kind of actor as its table says, elsewhere and at the console."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import click
import pytest

from appliance.cli.__main__ import codara, main
from appliance.web.requests import IN_PROCESS
from script.command_reference import commands
from tests.commands import serving
from tests.permissions.actors import ACTORS
from tests.permissions.commands import COMMANDS, ELSEWHERE, WITHOUT_ROLES
from tests.permissions.people import public_key
from tests.permissions.stage import Stage

ON_ONE = pytest.mark.parametrize("shared_stage", ["sqlite"], indirect=True)
TESTS = Path(__file__).parents[1]
NEVER = str(UUID(int=7))
SIGNS = {0: "+", 3: "-", 4: "."}
OF_OURS = ("CODARA_HOME", "CODARA_URL", "CODARA_TOKEN", "CODARA_CONFIG", "CODARA_TRACEBACK")
LOOKS = re.compile(
    r"(job (list|show|wait)|audit search|whoami|\w+ (member |key )?(list|show)|"
    r"repo (clone|acc|gr))"
)
OF_NOBODY = "cod_of_nobody"
MEANT = re.compile(r" Did you mean \S+\?")


class Door:
    """The application of a stage behind an address, and behind the socket of its home folder."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        app = stage.world.app.wsgi_app
        (stage.world.home / "run").mkdir(exist_ok=True)
        self.socket = stage.world.home / "run" / "web.sock"
        console = lambda environ, start: app({**environ, IN_PROCESS: True}, start)  # noqa: E731 - a word for it here.
        self._open = ExitStack()
        self.url = self._open.enter_context(serving(app))
        self._open.enter_context(serving(console, f"unix://{self.socket}"))

    def close(self):
        """Nobody answers any more."""
        self._open.close()
        self.socket.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def shared_door(shared_stage):
    door = Door(shared_stage)
    yield door
    door.close()


@pytest.fixture
def door(shared_door, monkeypatch, tmp_path):
    for name in OF_OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.chdir(tmp_path)
    return shared_door


@ON_ONE
@pytest.mark.promise("P10")
@pytest.mark.promise("P11")
@pytest.mark.parametrize(("line", "expected"), COMMANDS)
def test_each_actor_may_command_what_the_table_says(door, capsys, monkeypatch, line, expected):
    monkeypatch.setenv("CODARA_URL", door.url)
    try:
        found = ""
        for number, actor in enumerate(ACTORS):
            monkeypatch.setenv("CODARA_TOKEN", door.stage.tokens.get(actor, OF_NOBODY))
            found += elsewhere(door.stage, capsys, line, number)
        assert found == expected
        # The stranger's repository is untouched, and the administrator has no things of their own.
        if "-OF-ACTOR" not in line:
            at_home = f"{line.replace('ACTOR', 'target-N')} --home {door.stage.world.home}"
            assert said(capsys, door.stage, at_home, 0)[0] == "+"
    finally:
        if not LOOKS.match(line):
            door.stage.reset()


def test_the_table_is_whole():
    there = {
        each.command_path.removeprefix("codara ")
        for each in commands(codara, None, "codara")
        if not isinstance(each.command, click.Group)
    }
    named = ELSEWHERE.keys() | WITHOUT_ROLES
    named |= {
        each
        for each in there
        if any(line.split(" ")[: each.count(" ") + 1] == each.split(" ") for line, _ in COMMANDS)
    }
    assert there - named == set(), "Add a row for each to COMMANDS in permissions/commands.py."
    assert named - there == set(), "Take these out of permissions/commands.py."
    assert [each for each in ELSEWHERE.values() if not (TESTS / each).is_file()] == []


def elsewhere(stage, capsys, line, number):
    """How a command ended for an actor; of what is hidden, after asking for what never was."""
    told, words = said(capsys, stage, line, number)
    assert words, f"{ACTORS[number]}: {line}"
    if told == ".":
        for real, other in never_was(line, number).items():
            _, missing = said(capsys, stage, line, number, {real: other})
            assert missing.replace(other, real) == words, f"{ACTORS[number]}: {line}"
    return told


def said(capsys, stage, line, number, changes=()):
    """How a command ended for an actor, as the sign of the table, and its words."""
    capsys.readouterr()
    words = shlex.split(spelled(stage, line, number))
    for real, other in dict(changes).items():
        words = [word.replace(real, other) for word in words]
    code = main([*words, "--json"])
    captured = capsys.readouterr()
    return SIGNS.get(code, str(code)), MEANT.sub("", captured.out + captured.err)


def spelled(stage, line, number):
    """The line with the names of an actor's own things in it."""
    actor, target = ACTORS[number], f"target-{number}"
    for noun in ("queued", "dead", "done", "token", "key", "authority"):
        for whose, holder in (("ACTOR", actor), ("TARGET", target), ("LAB", f"lab-{number}")):
            word = f"{noun.upper()}-OF-{whose}"
            line = line.replace(word, stage.ids.get((noun, holder), NEVER))
    if "PUBLIC-KEY" in line:
        Path("key.pub").write_text(public_key())
    if "revoked.txt" in line:
        Path("revoked.txt").write_text("serial: 7\n")
    if "FILE" in line:
        Path(f"{number}.bundle").unlink(missing_ok=True)
    line = line.replace("PUBLIC-KEY", "key.pub").replace("FILE", f"{number}.bundle")
    return line.replace("ACTOR", actor).replace("-N", f"-{number}")


def never_was(line, number):
    """Names of this actor's, and names that nobody has to put in their place."""
    pairs = {f"lab-{number}": f"gone-{number}", f"empty-{number}": f"gone-{number}"}
    if "/notes" in line:
        pairs["/notes"] = "/never"
    if "/research" in line and "--team" not in line:
        pairs["/research"] = "/never"
    return {
        real: other for real, other in pairs.items() if real in line.replace("-N", f"-{number}")
    }
