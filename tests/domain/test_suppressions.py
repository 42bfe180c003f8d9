"""`.codara/scanning.toml`: what it may say, and what it means."""

from __future__ import annotations

from datetime import date

import pytest

from appliance.domain import suppressions
from appliance.domain.alerts import AlertKind, Lane
from appliance.errors import InvalidError

GOOD = """
[[suppress]]
kinds = ["code", "secret"]
paths = ["tests/**", "*.md"]
rules = ["python-*"]
reason = "used_in_tests"
comment = "Fixtures."
until = 2027-03-31
"""
LEAST = '[[suppress]]\npaths = ["a"]\nreason = "wont_fix"\ncomment = "x"\n'


@pytest.mark.parametrize(
    ("kind", "lane", "rule", "path", "is_meant"),
    [
        ("code", "review", "python-eval", b"tests/one/a.py", True),
        ("code", "review", "python-eval", b"docs/a.md", True),
        ("code", "review", "python-eval", b"src/tests/a.py", False),
        ("code", "review", "java-eval", b"tests/a.py", False),
        ("dependency", "review", "python-x", b"tests/a", False),
        ("secret", "review", "python-x", b"tests/a", True),
        ("secret", "block", "python-x", b"tests/a", False),
        ("code", "block", "python-eval", b"tests/\xff", True),
    ],
)
def test_an_entry_means_alerts_of_its_kinds_rules_and_paths(kind, lane, rule, path, is_meant):
    (entry,) = suppressions.read(GOOD.encode())

    assert entry.fits(AlertKind(kind), Lane(lane), rule, path) is is_meant
    assert suppressions.of_plain(entry.plain()) == entry


def test_it_counts_up_to_its_last_day():
    (entry,) = suppressions.read(GOOD.encode())

    assert entry.counts(date(2027, 3, 31))
    assert not entry.counts(date(2027, 4, 1))


def test_nothing_is_an_entry_of_an_empty_file():
    assert suppressions.read(b"") == ()
    assert len(suppressions.read(LEAST.encode() * 200)) == 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[suppress]", "no TOML"),
        ("\xff", "no TOML"),
        ("a = 1", "nothing else"),
        ("suppress = 1", "nothing else"),
        ("[[suppress]]", "reason"),
        (LEAST.replace('paths = ["a"]\n', ""), "needs paths or rules"),
        (LEAST.replace('"wont_fix"', '"because"'), "the reason is one of"),
        (LEAST.replace('"x"', '"  "'), "comment"),
        (LEAST.replace('["a"]', '"a"'), "list"),
        (LEAST.replace('["a"]', "[1]"), "list"),
        (LEAST.replace('["a"]', '["' + "a" * 256 + '"]'), "list"),
        (LEAST + "until = 1", "until is a day"),
        (LEAST + "until = 2027-01-01T00:00:00Z", "until is a day"),
        (LEAST + 'kinds = ["all"]', "kinds are some of"),
        (LEAST + "kinds = []", "kinds are some of"),
        (LEAST + "path = 1", "nothing else"),
        (LEAST * 201, "more than 200"),
        ("# " + "x" * 65536, "larger than"),
        ("a = " + "[" * 10000, "no TOML"),
    ],
    ids=range(19),
)
def test_what_nobody_can_make_sense_of_is_refused_with_the_place(text, words):
    with pytest.raises(InvalidError, match=words.replace("[", r"\[")):
        suppressions.read(text.encode("latin-1"))
