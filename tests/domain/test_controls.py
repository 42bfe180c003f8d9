"""Catalogues of controls: ours are whole, and broken ones say what is wrong."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from appliance.domain.controls import EVIDENCE, Evidence, FrameworkError, read_framework
from appliance.domain.events import registry

FOLDER = Path(__file__).resolve().parent.parent.parent / "config" / "controls"
NAMES = sorted(file.stem for file in FOLDER.glob("*.toml"))
TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
PREFIXES = {"pci": "pci-dss", "nist": "nist800-53", "iso": "iso27001"}


def framework(name):
    return read_framework(name, tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))


def test_every_framework_that_is_asked_for_is_there():
    assert len(NAMES) == 12
    assert {*PREFIXES.values(), "soc2", "hipaa", "gdpr", "ssdf", "fedramp"} < set(NAMES)
    assert {"cra", "nis2", "dora", "ai-act"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_framework_is_whole(name):
    controls = framework(name).controls

    assert all(TOKEN.fullmatch(control.token) for control in controls)
    assert all(control.says.endswith(".") for control in controls)
    assert sum(bool(control.evidence) for control in controls) > len(controls) / 2


def test_every_kind_of_evidence_is_explained_and_bears_on_something():
    used = {
        each for name in NAMES for control in framework(name).controls for each in control.evidence
    }

    assert set(EVIDENCE) == set(Evidence) == used


def test_the_catalogues_have_every_control_that_the_log_names():
    known = {(name, control.id) for name in NAMES for control in framework(name).controls}
    named = {
        (PREFIXES[prefix], control)
        for action in registry.actions()
        for prefix, _, control in (each.partition(":") for each in action.controls)
    }

    assert named
    assert named - known == set()


WHOLE = {
    "title": "House rules",
    "edition": "1",
    "source": "Board",
    "controls": {"1": {"says": "Doors are shut.", "evidence": "E1"}},
}


def with_control(name: str, **table: object) -> dict[str, object]:
    return {**WHOLE, "controls": {name: {"says": "Doors are shut.", "evidence": "E1", **table}}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({**WHOLE, "more": 1}, "nobody knows more"),
        ({**WHOLE, "title": " "}, "`title` is a text"),
        ({**WHOLE, "controls": {}}, "it needs 1 to"),
        ({**WHOLE, "controls": []}, "it needs 1 to"),
        ({**WHOLE, "controls": {"1": "shut"}}, "it needs `says` and `evidence`"),
        (with_control("a b"), "an id has letters"),
        (with_control("1", evidence="E25"), "E25"),
        (with_control("1", evidence="E1 E1"), "twice"),
        (with_control("1", evidence=1), "is a text like"),
        (with_control("1", says="x" * 301), "1 to 300 characters"),
        (with_control("1", weight=3), "nothing else"),
        (
            {**WHOLE, "controls": {**WHOLE["controls"], "1(": WHOLE["controls"]["1"]}},
            "too alike",
        ),
    ],
)
def test_a_broken_framework_says_what_is_wrong(content, message):
    with pytest.raises(FrameworkError, match=re.escape(message)):
        read_framework("house", content)


def test_a_framework_needs_a_plain_name():
    assert read_framework("house", WHOLE).controls[0].token == "house-1"
    with pytest.raises(FrameworkError, match="no name"):
        read_framework("../house", WHOLE)
