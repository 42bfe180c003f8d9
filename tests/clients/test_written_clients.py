"""What is written of the API's description: whole, rightly typed, and working."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from script import client_python, client_typescript
from script.client_code import CLIENTS, write
from script.client_description import document, parts, read
from tests.clients.serving import COMES_AND_GOES, serving

PROGRAMS = Path(__file__).parent / "programs"
LEFT_OUT = shutil.ignore_patterns("api", "dist", "__pycache__")


@pytest.fixture(scope="module")
def described():
    return document()


@pytest.fixture(scope="module")
def python(described, tmp_path_factory):
    """A folder with the client for Python, written anew."""
    folder = tmp_path_factory.mktemp("python")
    shutil.copytree(CLIENTS / "python" / "codara_client", folder / "codara_client", ignore=LEFT_OUT)
    write(folder / "codara_client" / "api", client_python.files(read(described)))
    return folder


@pytest.fixture(scope="module")
def typescript(described, tmp_path_factory):
    """The client for TypeScript, written anew, and programs that use it: compiled."""
    folder = tmp_path_factory.mktemp("typescript") / "client"
    shutil.copytree(CLIENTS / "typescript", folder, ignore=LEFT_OUT)
    write(folder / "src" / "api", client_typescript.files(read(described)))
    for program in PROGRAMS.glob("*.ts"):
        shutil.copy(program, folder / "src")
    said = subprocess.run(["tsc"], cwd=folder, capture_output=True, text=True, check=False).stdout
    return folder / "dist", [line for line in said.splitlines() if not line.startswith(" ")]


def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )


def mypy(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    plain = ("--config-file=", "--strict", "--cache-dir", folder / "cache")
    return run(sys.executable, "-m", "mypy", *plain, *words, MYPYPATH=str(folder))


def test_what_clients_are_made_of_is_what_an_appliance_says(appliance, described):
    assert requests.get(f"{appliance.url}/api/v1/openapi.json", timeout=60).json() == described


def test_every_operation_is_there_once(described):
    found = read(described).areas

    names = [(area, each.name) for area, operations in found.items() for each in operations]
    assert len(names) == len(set(names))
    listened = 1  # Clients listen to events in a way of their own.
    assert len(names) + listened == sum(map(len, described["paths"].values()))


def test_the_client_for_python_is_rightly_typed(python):
    program = python / "program.py"
    shutil.copy(PROGRAMS / "python_program.py", program)

    assert mypy(python, "-p", "codara_client").stdout.startswith("Success")
    assert mypy(python, program).stdout.startswith("Success")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("api.issues.show('lab', 'notes', 'first')", "expected"),
        ("api.issues.show('lab', 'notes')", "Too few arguments"),
        ("api.issues.open_issue('lab', 'notes')", "Missing named argument"),
        ("api.issues.open_issue('lab', 'notes', title='x', colour='red')", "colour"),
        ("api.issues.show('lab', 'notes', 1)['colour']", "no key"),
        ("api.issues.show('lab', 'notes', 1)['state'] == 'red'", "Non-overlapping"),
    ],
)
def test_a_program_that_is_wrong_is_told_so_before_it_runs(python, wrong, said):
    program = python / "wrong.py"
    program.write_text(
        f"from codara_client.api import Api\n\ndef do(api: Api) -> None:\n    {wrong}\n"
    )

    assert said in mypy(python, program).stdout


@pytest.fixture
def go(appliance, client, notes):
    """Lets a program go its way in the repository, and sees what came of it."""

    def go_(*program: object, **environment: str):
        answer = client.open("GET", f"/repos/admin/{notes}/events")
        began = answer.body.read1().decode()
        answer.body.close()
        place = next(line for line in began.splitlines() if line.startswith("id: "))
        words = (appliance.url, appliance.token, notes, place.removeprefix("id: "))
        said = run(*program, *words, **environment)
        assert said.returncode == 0, said.stderr
        found = json.loads(said.stdout)
        head = next(client.each(f"/repos/admin/{notes}/commits"))["oid"]
        expected = {"number": 1, "titles": ["The roof leaks"], "code": "not_found"}
        assert found == {**expected, "written": head, "heard": head}

    return go_


def test_a_program_in_python_goes_its_way(python, go):
    go(sys.executable, "-S", PROGRAMS / "python_program.py", PYTHONPATH=str(python))


def test_a_program_in_typescript_goes_its_way(typescript, go):
    folder, _ = typescript

    go("node", folder / "typescript_program.js")


def test_a_program_in_typescript_that_is_wrong_is_told_so_before_it_runs(typescript):
    _, faults = typescript

    assert {line.partition(",")[0] for line in faults} == {f"src/wrong.ts({n}" for n in (5, 6, 7)}


def test_parts_of_an_address():
    assert list(parts("/repos/{owner}/{name}/tree")) == [
        ("/repos/", "owner"),
        ("/", "name"),
        ("/tree", ""),
    ]


def test_a_listener_in_typescript_waits_for_an_appliance_that_comes_and_goes(typescript):
    folder, _ = typescript

    with serving(*COMES_AND_GOES) as (url, asked):
        said = run("node", folder / "typescript_listener.js", url)

    assert json.loads(said.stdout) == [{"n": 1}, {"n": 2}], said.stderr
    assert asked == ["", "2", "2", "2", "2"]
