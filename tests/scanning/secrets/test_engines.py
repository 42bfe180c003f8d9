"""Hyperscan with RE2 finds what RE2 alone finds: the same secrets at the same places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.scanning.secrets import rules
from appliance.scanning.secrets.deep import DeepScanner
from appliance.scanning.secrets.layers import ESCAPE, MANIFEST, SIGNS, Spellings
from appliance.scanning.secrets.matching import KeywordTriggers, PlainSigns
from appliance.scanning.secrets.scanner import SecretScanner

pytest.importorskip("hyperscan")

SHIPPED = rules.shipped()
EXAMPLES = [example for rule in SHIPPED.rules for example in (*rule.matches, *rule.refuses)]
GLUE = [
    "\n",
    " ",
    '"',
    "'",
    "\\n",
    "=",
    ": ",
    ",",
    "x",
    "-",
    "_",
    "/",
    "\0",
    "é",
    "%3D",
    "\r\n",
    "# ",
]


@pytest.fixture(scope="module")
def plain():
    return SecretScanner(SHIPPED, KeywordTriggers(SHIPPED.rules))


def told(scanned):
    return [
        (each.rule.id, each.start, each.end, each.lane, each.confidence, each.layers)
        for each in scanned.findings
    ]


def test_both_engines_agree_on_every_example(scanner, plain):
    different = [
        example[:100]
        for example in EXAMPLES
        if told(scanner.scan(example.encode("latin-1")))
        != told(plain.scan(example.encode("latin-1")))
    ]

    assert different == []


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.one_of(st.sampled_from(EXAMPLES), st.sampled_from(GLUE)), max_size=12))
def test_both_engines_agree_on_whatever_stands_together(scanner, plain, parts):
    data = "".join(parts).encode()

    assert told(scanner.scan(data)) == told(plain.scan(data))


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.one_of(st.sampled_from(EXAMPLES), st.sampled_from(GLUE)), max_size=8))
def test_both_engines_undo_the_same_spellings(parts):
    data = "".join(parts).encode()
    signs = PlainSigns(SIGNS, (ESCAPE, MANIFEST))

    assert list(Spellings().inner(data)) == list(Spellings(signs).inner(data))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=400))
def test_no_bytes_are_too_strange(deep, data):
    assert deep.scan(data, "a/file").is_complete


def test_what_is_kept_of_a_scanner_is_shared(scanner):
    assert DeepScanner(scanner).scan(b"nothing here").findings == ()
