"""The language of the audit log's search: what it means, and that it says what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain import audit_query as language
from appliance.domain.audit_query import And, Everything, Not, Or, Term, Words, parse, spell
from appliance.domain.audit_selection import ALL, NONE, naming_actions, to_selection
from appliance.domain.audit_terms import Field, Period, bounds, period
from appliance.domain.audit_words import LONGEST_WORD, MOST_BYTES, stored, words
from appliance.errors import InvalidError
from audit.selection import compiled
from tests.domain.queries import EVENTS, NOW, QUERIES, WORD_LISTS, fits, resolve

writer = Term(Field.ACTOR, "writer")
created = Term(Field.ACTION, "repo.created")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Everything()),
        ("  \t ", Everything()),
        ("actor:writer", writer),
        ("actor:writer action:repo.created", And((writer, created))),
        ("actor:writer AND action:repo.created", And((writer, created))),
        ("actor:writer (action:repo.created)", And((writer, created))),
        ("actor:writer OR action:repo.created", Or((writer, created))),
        ("-actor:writer", Not(writer)),
        ("NOT actor:writer", Not(writer)),
        ("-(-actor:writer)", writer),
        ("-(actor:writer OR action:repo.created)", Not(Or((writer, created)))),
        ("actor:writer notes OR x", Or((And((writer, Words(("notes",)))), Words(("x",))))),
        ('"Free  TEXT"', Words(("free", "text"))),
        ("pass*", Words(("pass",), is_prefix=True)),
        ('"the pass"*', Words(("the", "pass"), is_prefix=True)),
        ("writer@codara.test", Words(("writer", "codara", "test"))),
        ('actor:"writer"', writer),
        (r'actor:"a\"b\\c"', Term(Field.ACTOR, 'a"b\\c')),
        ("created:>=2026-10-01", Term(Field.CREATED, ">=2026-10-01")),
        ("ip:2001:db8::/32", Term(Field.ADDRESS, "2001:db8::/32")),
    ],
)
def test_what_a_text_means(text, query):
    assert parse(text) == query
    assert parse(spell(query)) == query


@pytest.mark.parametrize(
    ("text", "place", "words_of_it"),
    [
        ("actor:", 1, "needs a value"),
        ("x actr:writer", 3, "actor, action"),
        ("https://codara.test", 1, "quotes"),
        ("(a OR b", 1, "without its closing one"),
        ("a)", 2, "without its opening one"),
        ("a OR", 5, "a term is missing"),
        ("OR a", 1, "a term is missing"),
        ("a AND OR b", 7, "a term is missing"),
        ("()", 2, "a term is missing"),
        ('actor:writer "open', 14, "quotes that do not close"),
        ("- a", 1, "a sign that means nothing"),
        ("--a", 2, "two negations"),
        ('a "..."', 3, "no letter and no digit"),
        ("action:repo", 1, "repo.*"),
        ("outcome:bad", 1, "success, refused, failed"),
        ("method:post", 1, "session, token"),
        ("ip:10.0.0.0/33", 1, "10.0.0.0/8"),
        ("id:7", 1, "the id of an event"),
        ("repo:notes", 1, "OWNER/NAME"),
        ("created:yesterday", 1, "2026-10-31"),
        ("created:2026-02-30", 1, "2026-10-31"),
        ("created:9999-01-01", 1, "2026-10-31"),
        ("created:2026-10-01..soon", 1, "2026-10-31"),
        ('actor:"a"b', 1, "after the closing quotes"),
        ("((((((((( a", 9, "parentheses deep"),
        (" ".join("a" * 51), 101, "more than 50 terms"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, place, words_of_it):
    with pytest.raises(InvalidError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"At character {place}: ")
    assert words_of_it in str(caught.value)
    assert caught.value.fields[0].field == "q"


def test_a_text_is_bounded():
    parse("a" * language.LONGEST)
    with pytest.raises(InvalidError):
        parse("a" * (language.LONGEST + 1))


@given(st.text(alphabet='ab:()"\\*- \tORNTANDactor.é中\x00', max_size=200) | st.text(max_size=100))
def test_any_text_is_a_query_or_an_error(text):
    try:
        query = parse(text)
    except InvalidError:
        return
    assert parse(spell(query)) == query


@given(QUERIES)
def test_a_query_is_what_its_spelling_says(query):
    assert parse(spell(query)) == query


@given(st.text())
def test_words_of_words_are_the_same(text):
    found = words(text)
    assert words(" ".join(found)) == found
    assert all(0 < len(each) <= LONGEST_WORD and each.isalnum() for each in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lab/notes.git", ("lab", "notes", "git")),
        ("Straße STRASSE", ("strasse", "strasse")),
        ("ﬁle \uff26ull", ("file", "full")),
        ("漢字カナ", tuple("漢字カナ")),
        ("x" * 70, ("x" * 64, "x" * 6)),
    ],
)
def test_words(text, found):
    assert words(text) == found


def test_stored_words_are_a_text_of_their_own():
    assert stored(["Free text,", "", "...", "lab/notes"]) == " free text | lab notes "
    assert len(stored(["x " * MOST_BYTES, "y"])) <= MOST_BYTES + 8


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "since", "until"),
    [
        ("2026-10-01", "2026-10-01", "2026-10-02"),
        ("2026-10-01..2026-10-31", "2026-10-01", "2026-11-01"),
        ("2026-10-01..*", "2026-10-01", None),
        ("*..2026-10-01", None, "2026-10-02"),
        ("*..*", None, None),
        (">=2026-10-01", "2026-10-01", None),
        (">2026-10-01", "2026-10-02", None),
        ("<2026-10-01", None, "2026-10-01"),
        ("<=2026-10-01", None, "2026-10-02"),
        ("2026-10-01T09:30", "2026-10-01T09:30", "2026-10-01T09:31"),
        ("2026-10-01T09:30:05Z", "2026-10-01T09:30:05", "2026-10-01T09:30:06"),
        ("2026-10-01T09:30+02:00", "2026-10-01T07:30", "2026-10-01T07:31"),
        (">=2026-10-01T09:30:05.25", "2026-10-01T09:30:05.250", None),
    ],
)
def test_times(value, since, until):
    assert period(value, now=NOW) == Period(since and at(since), until and at(until))


def test_times_before_now():
    assert period("7d", now=NOW) == Period(NOW - timedelta(days=7))
    assert period("36h", now=NOW) == Period(NOW - timedelta(hours=36))
    assert period("2w", now=NOW) == Period(NOW - timedelta(days=14))


def test_networks_are_ranges():
    first, last = bounds("10.1.2.3/8")
    assert (first[-4:], last[-4:]) == (b"\x0a\x00\x00\x00", b"\x0a\xff\xff\xff")
    assert bounds("::1") == (b"\x00" * 15 + b"\x01",) * 2


@settings(max_examples=300)
@given(QUERIES)
def test_a_selection_selects_whatever_fits_and_can_be_verified(query):
    selection = to_selection(query, resolve, now=NOW)
    test = compiled(json.loads(json.dumps(selection)))
    assert [e for e in EVENTS if fits(query, e) and not test(e.header)] == []


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("", ALL),
        ("actor:writer", ["is", "actor.ref", "p_writer"]),
        ("-actor:writer", ["not", ["is", "actor.ref", "p_writer"]]),
        ("actor:never", NONE),
        ("-actor:never", ALL),
        ("action:repo.* notes", ["starts", "action", "repo."]),
        ("-notes", ALL),
        ("-(notes action:repo.*)", ALL),
        ("-(notes OR action:repo.*)", ["not", ["starts", "action", "repo."]]),
        (
            "repo:lab/notes OR outcome:failed",
            ["or", ["is", "target.ref", "id-notes"], ["is", "outcome", "failed"]],
        ),
        (
            "created:2026-10-01",
            [
                "and",
                ["from", "2026-10-01T00:00:00.000000Z"],
                ["until", "2026-10-02T00:00:00.000000Z"],
            ],
        ),
        ("-user:writer", ["not", ["is", "target.ref", "id-writer"]]),
        ("org:lab", ALL),
        ("ip:10.0.0.0/8", ALL),
    ],
)
def test_selections(text, selection):
    assert to_selection(parse(text), resolve, now=NOW) == selection


def test_a_deep_query_selects_more_rather_than_nothing_that_can_be_read():
    text = "action:repo.*"
    for number in range(language.DEEPEST):
        text = f"outcome:failed {'OR' if number % 2 else 'AND'} ({text})"
    test = compiled(to_selection(parse(text), resolve, now=NOW))
    assert [e for e in EVENTS if fits(parse(text), e) and not test(e.header)] == []


def test_a_query_that_says_more_than_verifiers_look_at_selects_everything():
    def many(_field, value):
        return frozenset(f"{value}-{number}" for number in range(900))

    assert to_selection(parse("actor:a"), many, now=NOW)[0] == "or"
    assert to_selection(parse("actor:a OR actor:b OR actor:c"), many, now=NOW) == ALL


def test_a_user_may_be_named_in_a_body():
    selection = to_selection(parse("user:writer"), resolve, now=NOW)
    assert selection[:2] == ["or", ["is", "target.ref", "id-writer"]]
    assert {"org.member_added", "repo.role_granted"} <= set(naming_actions())


@given(st.lists(WORD_LISTS, max_size=3))
def test_spelled_words_stay_apart(lists):
    query = language.both(*(Words(each) for each in lists))
    assert parse(spell(query)) == query
