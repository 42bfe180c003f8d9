"""The environment is made once, repairs itself, and takes nothing that the locks do not name."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

PROJECT = """
[project]
name = "codara-appliance"
version = "1.2.3"
[project.scripts]
codara = "appliance.hello:main"
"""
PACKAGE = "hello-1.0-py3-none-any.whl"
HELLO = 'def main():\n    print("hello from", __file__)\n    return 3\n'


def checkout_at(folder: Path) -> Path:
    """A checkout in small: the real script, locks without packages, one command."""
    for name in ("script", "requirements", "appliance", ".cache"):
        (folder / name).mkdir(parents=True)
    for name in ("environment.py", "pip_sources.py", "pip_index.py"):
        shutil.copy(ROOT / "script" / name, folder / "script")
    # Where the machine has no pip, ours was fetched once: no test fetches another.
    for wheel in (ROOT / ".cache").glob("pip-*.whl"):
        shutil.copy(wheel, folder / ".cache")
    write_package(folder / "requirements" / PACKAGE)
    for lock in ("app", "dev"):
        (folder / "requirements" / f"{lock}.lock").write_text("# nothing\n", "utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    (folder / "appliance" / "hello.py").write_text(HELLO, "utf-8")
    return folder


def write_package(wheel: Path) -> None:
    """A package to install: one module, as a wheel."""
    information = "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n"
    files = {
        "hello.py": "",
        "hello-1.0.dist-info/METADATA": information,
        "hello-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
        "hello-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def set_up(
    checkout: Path, profile: str = "app", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "script.environment", profile],
        cwd=checkout,
        env={
            "PATH": os.environ["PATH"],
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": (checkout / "requirements").as_uri(),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def translation(tmp_path):
    """A translation in a checkout of its own, whose environment borrows the packages of ours."""
    checkout = checkout_at(tmp_path / "translated")
    assert set_up(checkout).returncode == 0
    (packages,) = (checkout / ".venv").glob("lib/*/site-packages")
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    shutil.copy(ROOT / "script" / "translations.py", checkout / "script")
    file = checkout / "appliance" / "web" / "translations" / "de" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True)
    file.write_text('msgid "Hello"\nmsgstr "Guten Tag"\n', "utf-8")
    return checkout, file


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout that is set up, in a folder with a blank; every test leaves it mended."""
    checkout = checkout_at(tmp_path_factory.mktemp("made") / "a checkout")
    assert set_up(checkout).returncode == 0
    return checkout


@pytest.fixture
def lock(checkout):
    """The lock of the product, put back afterwards."""
    file = checkout / "requirements" / "app.lock"
    yield file
    file.write_text("# nothing\n", "utf-8")
    assert set_up(checkout).returncode == 0


def say(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = checkout / ".venv" / "bin" / "codara"
    return subprocess.run([command], capture_output=True, text=True, check=False, cwd="/")


def test_the_command_runs_from_anywhere_even_with_blanks_in_the_path(checkout):
    said = say(checkout)

    assert said.returncode == 3, said.stderr
    assert said.stdout == f"hello from {checkout}/appliance/hello.py\n"


def test_the_second_time_nothing_is_done(checkout):
    before = {path: path.stat().st_mtime_ns for path in (checkout / ".venv").rglob("*")}

    again = set_up(checkout)

    assert again.returncode == 0
    assert again.stderr == ""
    assert before == {path: path.stat().st_mtime_ns for path in (checkout / ".venv").rglob("*")}


def test_a_new_lock_is_installed(checkout, lock):
    digest = hashlib.sha256((checkout / "requirements" / PACKAGE).read_bytes()).hexdigest()
    lock.write_text(f"hello==1.0 --hash=sha256:{digest}\n", "utf-8")

    assert "Ready" in set_up(checkout).stderr
    assert set_up(checkout).stderr == ""
    assert list((checkout / ".venv").glob("lib/*/site-packages/hello.py"))


def test_developers_get_both_locks(checkout):
    assert "Ready" in set_up(checkout, "dev").stderr
    assert set_up(checkout, "dev").stderr == ""
    assert set_up(checkout, "app").stderr == ""
    assert {"app", "dev"} <= json.loads(
        (checkout / ".venv" / "codara-environment.json").read_text("utf-8")
    ).keys()


def test_a_moved_checkout_repairs_itself(checkout, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(checkout, moved, symlinks=True)

    assert "Ready" in set_up(moved).stderr
    assert say(moved).stdout == f"hello from {moved}/appliance/hello.py\n"


def test_what_was_translated_since_is_compiled(translation):
    checkout, file = translation
    compiled = file.with_suffix(".mo")
    assert set_up(checkout).returncode == 0
    assert b"Guten Tag" in compiled.read_bytes()
    before = compiled.stat().st_mtime_ns

    assert set_up(checkout).returncode == 0
    assert compiled.stat().st_mtime_ns == before

    file.write_text('msgid "Hello"\nmsgstr "Grüß Gott"\n', "utf-8")
    assert set_up(checkout).returncode == 0
    assert "Grüß Gott".encode() in compiled.read_bytes()


def test_modules_are_compiled_when_they_are_new_even_where_python_is_to_keep_nothing(tmp_path):
    checkout = checkout_at(tmp_path / "compiled")
    (checkout / "appliance" / "cli").mkdir()
    shared = checkout / "appliance" / "cli" / "everything.py"
    shared.write_text('COMPILED = ("appliance.hello",)\n', "utf-8")
    compiled = checkout / "appliance" / "__pycache__"
    assert set_up(checkout, PYTHONDONTWRITEBYTECODE="1").returncode == 0
    (before,) = compiled.glob("hello.*.pyc")
    was = before.read_bytes()

    (checkout / "appliance" / "hello.py").write_text(f"{HELLO}\nMORE = 1\n", "utf-8")
    assert set_up(checkout).returncode == 0
    assert before.read_bytes() != was


def test_a_translation_that_is_broken_stops_everything(translation):
    checkout, file = translation
    file.write_text('msgid "Hello"\n<<<<<<< HEAD\nmsgstr "Hallo"\n', "utf-8")

    refused = set_up(checkout)

    assert refused.returncode == 1
    assert "The translations could not be compiled" in refused.stderr
    assert not file.with_suffix(".mo").exists()


@pytest.mark.parametrize("damage", ["unfinished", "no python"])
def test_what_was_interrupted_or_damaged_is_made_anew(checkout, damage):
    leftover = checkout / ".venv" / "leftover"
    leftover.touch()
    if damage == "unfinished":
        (checkout / ".venv" / "unfinished").touch()
    else:
        (checkout / ".venv" / "bin" / "python").unlink()

    assert "Ready" in set_up(checkout).stderr
    assert not leftover.exists()
    assert say(checkout).returncode == 3


def test_a_package_without_its_hash_is_refused(checkout, lock):
    lock.write_text("hello==1.0\n", "utf-8")

    refused = set_up(checkout)

    assert refused.returncode == 1
    assert "Hashes are required" in refused.stderr


def test_a_package_nobody_has_names_lock_and_index(checkout, lock):
    lock.write_text(f"anything==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")

    refused = set_up(checkout)

    assert refused.returncode == 1
    assert "requirements/app.lock could not be installed" in refused.stderr
    assert "PIP_INDEX_URL" in refused.stderr


def test_python_that_is_too_old_is_named(tmp_path):
    """With nothing but a Python that fails on the PATH, every script says what is wanted."""
    (tmp_path / "script").mkdir()
    for name in ("run", "python.sh"):
        shutil.copy(ROOT / "script" / name, tmp_path / "script")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "dirname"):
        (tools / tool).symlink_to(shutil.which(tool))
    (tools / "python3").symlink_to(shutil.which("false"))

    refused = subprocess.run(
        ["/bin/sh", tmp_path / "script" / "run"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "needs Python 3.11 or newer" in refused.stderr


def test_tests_that_cannot_run_say_what_is_missing(tmp_path):
    """Where nothing is installed and nothing can be, the list of packages is the answer."""
    refused = subprocess.run(
        [sys.executable, ROOT / "script" / "system_packages.py"],
        env={"PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "missing: Redis (package redis-server)" in refused.stderr
    assert "apt-get install" in refused.stderr
