"""Whatever comes, a manifest is read or refused: nothing else, and soon."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.scanning.manifests.reading import FORMATS, ManifestError, format_of, read
from tests.scanning.test_manifests import EXAMPLES

FEW = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ONE_OF_EACH = {format_of(path).name: path for path in EXAMPLES}
SIGNS = (
    "",
    "\n",
    " ",
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "=",
    "#",
    "\\",
    "@",
    "<",
    ">",
    "&",
    "*",
)
WORDS = ("null", "0", "-1", "[]", "{}", "true", "\t", "\u2028", "\x7f", "\ud7ff", "${a}", "9" * 200)
PIECES = st.sampled_from((*SIGNS, *WORDS))
CHANGES = st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 12), PIECES), max_size=4)


def attempt(path, content, files):
    found, refused = (), None
    try:
        found = read(path, content, lambda name: files.get(name, "").encode() or None)
    except ManifestError as error:
        refused = error
    assert refused is None or 1 <= refused.line <= content.count(b"\n") + 2
    for each in found:
        assert each.name
        assert each.purl.startswith("pkg:")
        assert each.line >= 1


def changed(text, changes):
    for place, length, piece in changes:
        at = place % (len(text) + 1)
        text = text[:at] + piece + text[at + length :]
    return text


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_a_changed_example_is_read_or_refused(name):
    path = ONE_OF_EACH[name]
    files, _ = EXAMPLES[path]

    @FEW
    @given(CHANGES)
    def holds(changes):
        attempt(path, changed(files[path], changes).encode(), files)

    holds()


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_values_of_another_kind_are_refused(name):
    """Every value of the example in turn becomes a list, a mapping, a text, a number, nothing."""
    path = ONE_OF_EACH[name]
    files, _ = EXAMPLES[path]
    values = list(
        re.finditer(r"(?<=[:=(>,{\[ ])[^\s:=(){}<>,\[\]][^\n:=(){}<>,\[\]]*", files[path])
    )
    for found in values[:40]:
        for piece in ("[]", "{}", '"x"', "7", ""):
            text = files[path][: found.start()] + piece + files[path][found.end() :]
            attempt(path, text.encode(), files)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(ONE_OF_EACH.values())), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(path, content):
    attempt(path, content, {})


HOSTILE = {
    "requirements.txt": [
        "a" + "<=1," * 5000 + "!",
        "a" + " " * 50_000 + "!",
        "a-" * 20_000,
        "#egg=" * 10_000,
        "a[" + "b," * 20_000,
        "a==1 --hash" * 5000,
    ],
    "pyproject.toml": [
        'a = "' + '\\"' * 200_000,
        "a" * 200_000,
        "[" + "a." * 90 + "a]\n",
        "a = [" * 900,
    ],
    "package-lock.json": ['{"' + "\\" * 99_999, "[" * 60 + "0," * 50_000, '{"a":' + '"' * 100_000],
    "yarn.lock": ['\\"' * 49_000 + ":", '"' * 99_000 + ":", "a, " * 30_000 + ":"],
    "pnpm-lock.yaml": ["a: " + "- " * 50_000, "? " * 50_000, "a: &b c\n" * 5000, "{a: " * 63],
    "mix.lock": ['%{"' + '\\"' * 99_999, "%{" * 50_000, '%{"a": {' + "a, " * 20_000],
    "Dockerfile": [
        "FROM " + "${a-" * 400,
        "FROM a\nRUN " + "<<A " * 20_000,
        "FROM " + "a/" * 45_000,
    ],
    "go.mod": ["module " + '"' * 99_000, "module a\nrequire " + "(" * 50_000],
    "Gemfile.lock": ["GEM\n    " + "a (" * 30_000, "A " * 40_000],
    "paket.lock": ["NUGET\n      " + "a (" * 30_000],
    "pom.xml": [
        "<project>" + "<a/>" * 50_000 + "</project>",
        "<project a='" + "&amp;" * 50_000 + "'/>",
    ],
    "Podfile.lock": ["PODS:\n" + "  - " + "a(" * 900, "PODS: [" + "a (1), " * 20_000 + "]"],
    "go.sum": ["a v" + "/go.mod" * 10_000],
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("path", list(HOSTILE))
def test_what_was_made_to_take_long_does_not(path):
    for text in HOSTILE[path]:
        attempt(path, text.encode(), {})
