"""Finds a pip for an environment that has none, on a machine that may have none either.

No address stands here. What must be fetched comes from where pip, uv or apt is configured to look,
and is checked: against `requirements/pip.lock`, or by apt against the distribution's signatures.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from script.pip_index import fetch_pip, read_configuration

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "pip.lock"
CACHE = ROOT / ".cache"
LOG = CACHE / "pip.log"
WHEELS = "usr/share/python-wheels"
PACKAGE = "python3-pip-whl"

Words = tuple[str | Path, ...]


class NoPipError(Exception):
    """No source has a pip; the message says what to install."""


def find_pip(python: Path) -> Words:
    """The words that start a pip which installs into the environment of this Python.

    Errors:
        NoPipError: none of the sources has one.
    """
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("", "utf-8")
    for source in SOURCES:
        words = source(python)
        if words is not None:
            return words
    raise NoPipError(
        "There is no pip to install the packages with, and none could be fetched.\n"
        "Let an administrator run: apt-get install python3-venv\n"
        "or name your package index in PIP_INDEX_URL or pip.conf, or install uv.\n"
        f"{LOG} has what was tried."
    )


def own(python: Path) -> Words | None:
    """The pip inside the environment."""
    return if_it_runs((python, "-m", "pip"))


def bundled(python: Path) -> Words | None:
    """The pip that comes with Python, where `ensurepip` is installed.

    Its wheel runs as it lies there: unpacking it into the environment takes ten seconds more.
    """
    module = importlib.util.find_spec("ensurepip")
    if module is None or module.origin is None:
        return None
    here = Path(module.origin).parent / "_bundled"
    elsewhere = sysconfig.get_config_var("WHEEL_PKG_DIR")
    found = first_wheel(python, here, *([Path(elsewhere)] if elsewhere else []))
    if found is not None:
        return found
    return own(python) if runs((python, "-Im", "ensurepip", "--default-pip")) else None


def shared(python: Path) -> Words | None:
    """The wheel that Debian's and Ubuntu's packages share, or the one fetched here before."""
    return first_wheel(python, Path("/") / WHEELS, CACHE)


def neighbour(python: Path) -> Words | None:
    """The pip of the Python that made the environment, or of the one on the PATH."""
    for base in (Path(sys.base_prefix) / "bin" / "python3", shutil.which("python3")):
        words = if_it_runs((base, "-m", "pip", "--python", python)) if base else None
        if words is not None:
            return words
    return None


def through_uv(python: Path) -> Words | None:
    """The locked pip, which uv brings from the index that pip is configured with, or its own."""
    program = shutil.which("uv")
    if program is None:
        return None
    install = (*(program, "pip", "install", "--python", python, "--no-deps", "--require-hashes"),)
    return own(python) if runs((*install, "--requirement", LOCK), also=for_uv()) else None


def for_uv() -> dict[str, str]:
    """The variables that tell uv what pip is told; in the environment, for they hold passwords."""
    told = read_configuration(os.environ)
    first, *others = told.indexes or ("",)
    said = {
        "UV_DEFAULT_INDEX": first,
        "UV_INDEX": " ".join(others),
        "UV_FIND_LINKS": ",".join(told.links),
        "SSL_CERT_FILE": told.certificates or "",
    }
    return {name: value for name, value in said.items() if value and name not in os.environ}


def from_index(python: Path) -> Words | None:
    """The locked pip, from the index or the folder that pip is configured with."""
    wheel = fetch_pip(LOCK, CACHE, os.environ)
    return None if wheel is None else if_it_runs((python, wheel / "pip"))


def from_distribution(python: Path) -> Words | None:
    """The wheel of Debian or Ubuntu, fetched and unpacked without root.

    apt takes the sources and keys of /etc/apt, with lists and a cache of its own in a folder here.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    with tempfile.TemporaryDirectory(prefix="apt-", dir=CACHE) as folder:
        at = Path(folder)
        for name in ("lists/partial", "cache/archives/partial", "unpacked"):
            (at / name).mkdir(parents=True)
        (at / "status").touch()
        # An unreachable source among several is no reason to stop: the download tells.
        runs(("apt-get", *apt_options(at), "update"), at=at)
        runs(("apt-get", *apt_options(at), "download", PACKAGE), at=at)
        for package in at.glob("*.deb"):
            runs(("dpkg-deb", "-x", package, at / "unpacked"))
        for wheel in (at / "unpacked" / WHEELS).glob("pip-*.whl"):
            shutil.copyfile(wheel, CACHE / wheel.name)
    return first_wheel(python, CACHE)


def apt_options(folder: Path) -> Words:
    """What keeps apt's hands off the system's state, and its download small."""
    options = {
        "Dir::State::lists": folder / "lists",
        # Empty: what is installed here is of no concern.
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        # For root, apt would change to an account that may not write below a home folder.
        "APT::Sandbox::User": "root",
    }
    return ("-q", *(word for key in options for word in ("-o", f"{key}={options[key]}")))


def first_wheel(python: Path, *folders: Path) -> Words | None:
    """The newest wheel of pip in these folders that runs."""
    wheels = [wheel for folder in folders for wheel in folder.glob("pip-*-py3-none-any.whl")]
    for wheel in sorted(wheels, key=lambda wheel: version_of(wheel.name), reverse=True):
        words = if_it_runs((python, wheel / "pip"))
        if words is not None:
            return words
    return None


def version_of(wheel: str) -> tuple[int, ...]:
    """The numbers in the name of a wheel, to compare."""
    return tuple(int(part) for part in wheel.split("-")[1].split(".") if part.isdigit())


def if_it_runs(words: Words) -> Words | None:
    """These words, if they start a pip."""
    return words if runs((*words, "--version")) else None


def runs(words: Words, *, at: Path = ROOT, also: dict[str, str] | None = None) -> bool:
    """Whether a program ends well; what it says goes to the log."""
    with LOG.open("a", encoding="utf-8") as log:
        print("$", *words, file=log, flush=True)
        try:
            finished = subprocess.run(
                words,
                cwd=at,
                env={**os.environ, **(also or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            print(error, file=log)
            return False
    return finished.returncode == 0


SOURCES = (own, bundled, shared, neighbour, through_uv, from_index, from_distribution)
"""In the order they are asked: what is here, then what is fetched."""
