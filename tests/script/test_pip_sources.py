"""A machine without pip gets one from where it is configured to look, or a plain sentence."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from script.pip_index import fetch_pip, locked_pip, read_configuration

ROOT = Path(__file__).resolve().parent.parent.parent
WHEEL = "pip-1.0-py3-none-any.whl"
CREDENTIALS = "Basic " + base64.b64encode(b"reader:pass word").decode()
METADATA = "Metadata-Version: 2.1\nName: pip\nVersion: 1.0\n"
WHEEL_INFORMATION = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
ASK = """
import sys
from pathlib import Path
from script import pip_sources
print(*(getattr(pip_sources, sys.argv[1])(Path(sys.argv[2])) or ()))
"""


@pytest.fixture
def wheel(tmp_path):
    """A pip in small, which only says that it is here."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    files = {
        "pip/__init__.py": "",
        "pip/__main__.py": 'print("the small pip")\n',
        "pip-1.0.dist-info/METADATA": METADATA,
        "pip-1.0.dist-info/WHEEL": WHEEL_INFORMATION,
        "pip-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return folder / WHEEL


@pytest.fixture
def lock(tmp_path, wheel):
    file = tmp_path / "pip.lock"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file.write_text(f"pip==1.0 \\\n    --hash=sha256:{digest}\n    # via -r pip.in\n", "utf-8")
    return file


@pytest.fixture
def index(wheel):
    """A package index that wants a name and a password; gives its address with both."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            page = f'<a href="../../files/{WHEEL}">{WHEEL}</a>'.encode()
            pages = {"/simple/pip/": page, f"/files/{WHEEL}": wheel.read_bytes()}
            known = self.headers["Authorization"] == CREDENTIALS and self.path in pages
            self.send_response(200 if known else 404)
            self.send_header(
                "Content-Type",
                "text/html" if known and self.path.endswith("/") else "application/zip",
            )
            self.end_headers()
            self.wfile.write(pages[self.path] if known else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://reader:pass%20word@127.0.0.1:{server.server_port}/simple"
        server.shutdown()
        thread.join()


@pytest.fixture
def checkout(tmp_path, lock):
    """A checkout with nothing but the scripts, the lock and a Python without packages."""
    checkout = tmp_path / "checkout"
    (checkout / "script").mkdir(parents=True)
    (checkout / "requirements").mkdir()
    (checkout / ".cache").mkdir()
    for name in ("pip_sources.py", "pip_index.py"):
        shutil.copy(ROOT / "script" / name, checkout / "script")
    shutil.copy(lock, checkout / "requirements")
    return checkout


def python_of(checkout: Path) -> Path:
    """An environment's Python that has no pip."""
    command = [sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"]
    subprocess.run(command, check=True)
    return checkout / ".venv" / "bin" / "python"


def ask(checkout: Path, source: str, python: Path, **environ: str) -> subprocess.CompletedProcess:
    """Ask one source, or all, in a process of its own."""
    quiet = {"PATH": os.environ["PATH"], "HOME": str(checkout), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-c", ASK, source, python],
        cwd=checkout,
        env=quiet | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def says(answer: subprocess.CompletedProcess) -> str:
    """What the pip says that a source answered with."""
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip(), "the source has no pip"
    words = answer.stdout.split()
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_the_index_of_pips_configuration_has_it(checkout, index):
    answer = ask(checkout, "from_index", python_of(checkout), PIP_INDEX_URL=index)

    assert says(answer) == "the small pip\n"
    assert str(checkout / ".cache" / WHEEL) in answer.stdout


def test_an_index_is_asked_with_the_words_of_the_file(tmp_path, lock, index):
    home = tmp_path / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(f"[global]\nindex_url = {index}\n", "utf-8")

    assert fetch_pip(lock, tmp_path / "fetched", {"HOME": str(home)}) is not None


def test_another_wheel_of_that_name_is_refused(tmp_path, lock, index, wheel):
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("pip/more.py", "")

    fetched = fetch_pip(
        lock, tmp_path / "fetched", {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull}
    )

    assert fetched is None
    assert not (tmp_path / "fetched").exists()


@pytest.mark.parametrize("form", ["path", "address"])
def test_a_folder_of_packages_has_it(tmp_path, lock, wheel, form):
    folder = str(wheel.parent) if form == "path" else wheel.parent.as_uri()
    environ = {"PIP_FIND_LINKS": folder, "PIP_CONFIG_FILE": os.devnull}

    assert fetch_pip(lock, tmp_path / "fetched", environ) == tmp_path / "fetched" / WHEEL


def test_an_index_in_a_folder_has_it(tmp_path, lock, wheel):
    page = tmp_path / "simple" / "pip" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="{wheel.as_uri()}">{WHEEL}</a>', "utf-8")
    environ = {
        "PIP_INDEX_URL": (tmp_path / "simple").as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
    }

    assert fetch_pip(lock, tmp_path / "fetched", environ) is not None


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/simple", "ftp://localhost/", "nothing"])
def test_an_index_that_does_not_answer_has_none(tmp_path, lock, address):
    environ = {"PIP_INDEX_URL": address, "PIP_CONFIG_FILE": os.devnull}

    assert fetch_pip(lock, tmp_path, environ) is None


def test_a_variable_wins_over_the_files_and_a_file_over_those_before(tmp_path):
    for name, text in (
        ("everywhere", "[global]\nindex-url = http://first/\ncert = /some/cert\n"),
        ("mine", "[global]\nindex-url = http://second/\n[install]\nextra-index-url =\n  a\n  b\n"),
    ):
        (tmp_path / name / "pip").mkdir(parents=True)
        (tmp_path / name / "pip" / "pip.conf").write_text(text, "utf-8")
    environ = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path / "everywhere"),
        "XDG_CONFIG_HOME": str(tmp_path / "mine"),
        "PIP_CERT": "/another/cert",
    }

    said = read_configuration(environ)

    assert said.indexes == ("http://second/", "a", "b")
    assert said.certificates == "/another/cert"
    assert read_configuration(environ | {"PIP_NO_INDEX": "1"}).indexes == ()
    assert read_configuration({"PIP_CONFIG_FILE": os.devnull}).indexes == ()


def test_our_lock_names_one_pip():
    version, hashes = locked_pip(ROOT / "requirements" / "pip.lock")

    assert version
    assert hashes


def test_uv_brings_the_locked_pip(checkout, index):
    assert shutil.which("uv", path=Path(sys.executable).parent)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    answer = ask(checkout, "through_uv", python_of(checkout), PATH=path, PIP_INDEX_URL=index)

    assert says(answer) == "the small pip\n"


def test_the_distribution_brings_its_own_without_root(checkout, wheel, tmp_path):
    shelf = shelf_with(wheel, tmp_path)
    settings = tmp_path / "apt.conf"
    sources = f'Dir::Etc::sourcelist "{shelf}/sources.list";\nDir::Etc::sourceparts "-";\n'
    settings.write_text(sources, "utf-8")

    answer = ask(
        checkout, "from_distribution", python_of(checkout), APT_CONFIG=str(settings), PATH=APT_PATH
    )

    assert says(answer) == "the small pip\n"
    assert [file.name for file in (checkout / ".cache").glob("apt-*")] == []


APT_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


def shelf_with(wheel: Path, tmp_path: Path) -> Path:
    """A package source on disk that holds python3-pip-whl, as small as apt takes it."""
    tree, shelf = tmp_path / "tree", tmp_path / "shelf"
    (tree / "usr/share/python-wheels").mkdir(parents=True)
    (tree / "DEBIAN").mkdir()
    shelf.mkdir()
    shutil.copy(wheel, tree / "usr/share/python-wheels")
    control = (
        "Package: python3-pip-whl\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: pip\n"
    )
    (tree / "DEBIAN" / "control").write_text(control, "utf-8")
    package = shelf / "python3-pip-whl_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", tree, package], check=True, capture_output=True)
    content = package.read_bytes()
    found = (
        f"Filename: ./{package.name}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )
    (shelf / "Packages").write_text(control + found, "utf-8")
    (shelf / "sources.list").write_text(f"deb [trusted=yes] copy:{shelf} ./\n", "utf-8")
    return shelf


def test_what_was_fetched_before_is_taken_again(checkout, wheel):
    shutil.copy(wheel, checkout / ".cache" / "pip-99999.0-py3-none-any.whl")

    assert says(ask(checkout, "shared", python_of(checkout))) == "the small pip\n"


def test_where_nobody_has_one_a_sentence_says_what_to_install(checkout, tmp_path):
    answer = ask(checkout, "find_pip", tmp_path / "no python", PATH=str(tmp_path))

    assert answer.returncode == 1
    assert "apt-get install python3-venv" in answer.stderr
    assert "PIP_INDEX_URL" in answer.stderr
