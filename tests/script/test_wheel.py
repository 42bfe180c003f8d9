"""The wheel holds all of the product, and the product starts from it alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import requests

from tests.journeys.running import Whole

ROOT = Path(__file__).parents[2]
CLIENT = "clients/python/codara_client"
PACKAGED = ("appliance", "audit", CLIENT, "config", "migrations", "witness")
COMPILED = "appliance/web/translations/de/LC_MESSAGES/messages.mo"
INSIDE = {
    CLIENT: "codara_client",
    "config": "appliance/config",
    "migrations": "appliance/migrations",
}
UV = (sys.executable, "-m", "uv", "--quiet", "--offline", "--no-cache")
BESIDE = ("pyproject.toml", "README.md", "LICENSE", "requirements", "script")

pytestmark = pytest.mark.slow


def sources():
    """Every file of the checkout that belongs to the product."""
    words = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run([*words, "--", *PACKAGED], check=True, capture_output=True).stdout
    return [
        Path(each) for each in os.fsdecode(listed).split("\0") if each and (ROOT / each).is_file()
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, built from what the checkout has now."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for path in sources():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    for name in BESIDE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    # With the locked setuptools of this environment: nothing is fetched.
    words = [*UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable]
    words += ["--out-dir", folder, source]
    built = subprocess.run(words, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def test_every_file_of_the_product_is_in_the_wheel(wheel):
    expected = {inside(str(path)) for path in sources()}
    with zipfile.ZipFile(wheel) as opened:
        found = {name for name in opened.namelist() if ".dist-info/" not in name}

    # What is built lies in no checkout that was not used; the wheel was made of such a one.
    assert expected - found == set()
    assert found - expected == {COMPILED}


def inside(path):
    """Where a file of the checkout stands in the wheel."""
    place = next((each for each in INSIDE if path.startswith(f"{each}/")), "")
    return INSIDE[place] + path.removeprefix(place) if place else path


@pytest.fixture
def interpreter(wheel, tmp_path):
    """A Python that has the wheel and the locked requirements, and no checkout."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False)
    interpreter = folder / "bin" / "python"
    words = [*UV, "pip", "install", "--python", interpreter, "--no-deps", "--no-index", wheel]
    subprocess.run(words, check=True)
    ask = [interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    place = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    (place / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return interpreter


def test_the_product_starts_from_the_wheel(interpreter, tmp_path):
    where = [interpreter, "-c", "import appliance; print(appliance.__file__)"]
    said = subprocess.run(where, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert said.startswith(str(tmp_path))

    appliance = Whole(tmp_path / "home", interpreter=interpreter, PYTHONPATH="")
    try:
        german = {"Accept-Language": "de"}
        page = requests.get(f"{appliance.url}/sign-in", headers=german, timeout=60)
        assert "Anmelden" in page.text
        assert requests.get(f"{appliance.url}/static/app.css", timeout=60).status_code == 200
        appliance.codara("org", "create", "lab")
        appliance.codara("repo", "create", "lab/notes")
        assert appliance.codara("repo", "show", "lab/notes")["path"] == "lab/notes"
    finally:
        appliance.process.terminate()
        appliance.process.wait(60)
