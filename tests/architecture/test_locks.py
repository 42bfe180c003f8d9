"""The locks say exactly what is installed, and follow what was asked for."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT, read

REQUIREMENTS = ROOT / "requirements"
KINDS = ("app", "dev", "pip")


def asked(kind):
    lines = read(REQUIREMENTS / f"{kind}.in").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def locked(kind):
    """Every package of a lock: its version, and how many hashes it may have."""
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9])", read(REQUIREMENTS / f"{kind}.lock")):
        package = re.match(r"([A-Za-z0-9._-]+)(?:\[.*\])?==([^\s;]+)", entry)
        assert package, entry
        found[canonicalize_name(package[1])] = package[2], entry.count("--hash=sha256:")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_everything_asked_for_is_locked(kind):
    lock = locked(kind)
    missing = [
        str(each)
        for each in asked(kind)
        if canonicalize_name(each.name) not in lock
        or not each.specifier.contains(lock[canonicalize_name(each.name)][0])
    ]

    assert missing == [], "run script/lock"


@pytest.mark.parametrize("kind", KINDS)
def test_everything_locked_has_its_hashes(kind):
    assert [package for package, (_, hashes) in locked(kind).items() if not hashes] == []


def test_both_locks_agree():
    app, dev = locked("app"), locked("dev")
    both = app.keys() & dev.keys()

    assert {each: app[each][0] for each in both} == {each: dev[each][0] for each in both}


def test_locks_name_no_registry():
    for kind in KINDS:
        assert "://" not in read(REQUIREMENTS / f"{kind}.lock")


def test_nothing_of_others_is_carried():
    assert [each.name for each in REQUIREMENTS.iterdir() if each.suffix in {".whl", ".gz"}] == []
