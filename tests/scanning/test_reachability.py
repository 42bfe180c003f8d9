"""A component is not imported, imported or called; and unknown where a source could not be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.scanning.reachability import Reach, Use, of_javascript, of_python, reach

PYTHON = b"""\
import os, yaml as y
from PIL import Image
from . import requests
from jinja2.sandbox import SandboxedEnvironment as Sandbox

def work(text):
    import importlib
    importlib.import_module("sklearn.svm")
    Sandbox().from_string(text)
    return y.load(text), Image.open(text), os.path.join("a", "b")
"""


@pytest.mark.parametrize(
    ("name", "level", "lines"),
    [
        ("PyYAML", Reach.IMPORTED, [1]),
        ("pillow", Reach.IMPORTED, [2]),
        ("Jinja2", Reach.IMPORTED, [4]),
        ("scikit-learn", Reach.IMPORTED, [8]),
        ("requests", Reach.NOT_IMPORTED, []),
    ],
)
def test_python_imports_under_another_name(name, level, lines):
    found, uses = reach("PyPI", name, (), of_python({"a.py": PYTHON}))

    assert (found, [each.line for each in uses]) == (level, lines)


def test_a_symbol_is_called_by_whatever_name_it_has_here():
    uses = of_python({"a.py": PYTHON})

    assert reach("PyPI", "pyyaml", ["yaml.load"], uses) == (Reach.CALLED, (Use("a.py", 10),))
    assert reach("PyPI", "pillow", ["PIL.Image.open"], uses)[0] == Reach.CALLED
    sandbox = ["jinja2.sandbox.SandboxedEnvironment"]
    assert reach("PyPI", "jinja2", sandbox, uses)[0] == Reach.CALLED
    assert reach("PyPI", "pyyaml", ["yaml.dump"], uses)[0] == Reach.IMPORTED


JAVASCRIPT = b"""\
// import comment from "in-a-comment";
/* require("in-another") */
import React, { useState } from "react";
import "side-effect/styles.css";
const _ = require('lodash/merge');
const late = () => import("@scope/late/sub");
export { x } from "exported";
import own from "./own";
import fs from "node:fs";
const text = `require("in-a-template")`;
const said = "from 'in-a-string'";
const glob = require (
  "spread-out");
"""


def test_javascript_imports_in_all_its_ways():
    found = of_javascript({"a.js": JAVASCRIPT}).imported

    assert {name: [use.line for use in uses] for name, uses in found.items()} == {
        "react": [3],
        "side-effect": [4],
        "lodash": [5],
        "@scope/late": [6],
        "exported": [7],
        "spread-out": [13],
    }


def test_what_could_not_be_read_makes_no_knowing():
    for broken in (b"def (", b"x = " + b"(" * 999, b"\0", b"a" * 3_000_000):
        uses = of_python({"a.py": PYTHON, "b.py": broken})
        assert uses.unread == ["b.py"]
        assert reach("PyPI", "requests", (), uses)[0] == Reach.UNKNOWN
        assert reach("PyPI", "pyyaml", (), uses)[0] == Reach.IMPORTED
    assert of_javascript({"a.js": b" " * 3_000_000}).unread == ["a.js"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="\"'`/*\\\n importfqu(){}.$@a-", max_size=200))
def test_any_source_is_looked_into(text):
    of_javascript({"a.js": text.encode()})
    of_python({"a.py": text.encode()})


def test_hostile_sources_end():
    for text in ("`" * 99_999, "/*" * 99_999, "'" * 99_999, '"\\' * 99_999, "import " * 99_999):
        of_javascript({"a.js": text.encode()})
    of_python({"a.py": b"a" + b".b" * 100_000, "b.py": b"-" * 100_000 + b"1"})
