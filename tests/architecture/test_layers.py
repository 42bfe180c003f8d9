"""Rooms stand in layers, and a few things happen in one room only."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, calls, files, name, parse

# Who may start programs, and why.
STARTERS = {
    "appliance/git/process.py": "git, with words, an empty environment and limits",
    "appliance/cli/programs.py": "the processes of the appliance itself",
    "appliance/scanning/code/apart.py": "becomes semgrep, once it has given up the network",
    "appliance/scanning/code/program.py": "semgrep or OpenGrep, with words and limits",
    "appliance/scanning/manifests/apart.py": "the process that reads manifests, with limits",
    "appliance/scanning/resident/compiled.py": "a child that compiles rules, for its memory to go",
    "appliance/scanning/resident/server.py": "a child for each question, which may be hostile",
    "appliance/ssh/server.py": "the program of a connection, as sshd would",
    "appliance/ssh/session_program.py": "becomes git, once the appliance has agreed",
}
STARTS = re.compile(
    r"subprocess\.(run|Popen|call|check_\w+|getoutput|getstatusoutput)"
    r"|(os|posix)\.(exec\w+|spawn\w+|posix_spawnp?|system|popen|fork|forkpty)"
    r"|(asyncio\.|^)create_subprocess_\w+|pty\.(spawn|fork)|(multiprocessing\.|^)Process"
)

# Who may look at the clock below the wiring, and why.
CLOCKS = {
    "appliance/db/earlier_events.py": "a migration is called by nobody who knows the time",
    "appliance/db/recording.py": "an event says when it was recorded, whoever calls",
    "appliance/db/unit_of_work.py": "a promised job says when it was promised, whoever calls",
}

# Each of them, and all it imports, would cost every push and every connection its time.
HEAVY = {
    *("asyncio", "ctypes", "dataclasses", "email", "http", "inspect", "logging", "pathlib"),
    *("re", "selectors", "ssl", "subprocess", "tempfile", "typing", "urllib"),
}


def test_the_import_contracts_hold():
    program = Path(sys.executable).parent / "lint-imports"
    finished = subprocess.run(
        [program, "--cache-dir", ROOT / ".cache" / "import_linter"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_programs_are_started_in_few_places():
    found = {
        name(path)
        for path in files("appliance", suffix=".py")
        for _, called in calls(path)
        if STARTS.search(called)
    }

    assert sorted(found) == sorted(STARTERS)


def test_no_program_is_started_by_a_shell():
    found = [
        f"{name(path)}:{call.lineno}"
        for path in files("appliance", "audit", "witness", suffix=".py")
        for call, called in calls(path)
        if called in {"os.system", "os.popen"}
        or any(word.arg == "shell" and ast_is_true(word.value) for word in call.keywords)
    ]

    assert found == []


def ast_is_true(node):
    return getattr(node, "value", False) is not False


def small_programs():
    """Files that git and sshd start by themselves."""
    return [
        path
        for path in files("appliance/ssh", suffix=".py")
        if "sys.path.append" in path.read_text("utf-8")
    ]


@pytest.mark.parametrize("program", small_programs(), ids=name)
def test_small_programs_import_only_light_modules(program, tmp_path):
    finished = subprocess.run(
        [sys.executable, "-I", "-S", "-E", "-X", "importtime", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    imported = re.findall(r"^import time:.*\| +([\w.]+)$", finished.stderr, re.MULTILINE)
    # What Python itself imports before the program's first line is not the program's choice.
    ours = imported[imported.index("appliance") :] if "appliance" in imported else []

    assert "ModuleNotFoundError" not in finished.stderr
    assert [each for each in imported if each.partition(".")[0] in HEAVY] == []
    assert [each for each in ours if re.match(r"appliance\.(?!ssh\b)", each)] == []


def test_services_neither_commit_nor_send():
    found = [
        f"{name(path)}:{call.lineno}: {called}"
        for path in files("appliance/services", suffix=".py")
        for call, called in calls(path)
        if called.rpartition(".")[2] in {"commit", "rollback", "enqueue", "begin_nested"}
    ]

    assert found == []


def test_nobody_reads_the_environment_or_the_clock_below_the_wiring():
    rooms = ("services", "access", "db", "security", "domain")
    found = [
        f"{name(path)}:{call.lineno}: {called}"
        for room in rooms
        for path in files(f"appliance/{room}", suffix=".py")
        for call, called in calls(path)
        if called in {"datetime.now", "datetime.utcnow", "time.time", "os.getenv", "os.environ.get"}
        and name(path) not in CLOCKS
    ]

    assert found == []


def test_every_room_says_what_it_is_for():
    rooms = {path.parent for path in files("appliance", "audit", "witness", suffix=".py")}
    silent = [
        name(room)
        for room in rooms
        if not (room / "__init__.py").exists()
        or not any(True for _ in parse(room / "__init__.py").body)
    ]

    assert sorted(silent) == []
