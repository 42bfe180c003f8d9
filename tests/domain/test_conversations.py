"""Issues and pull requests: who may do what to whose, what they are called, how they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import issue_query, references
from appliance.domain.audit_words import words
from appliance.domain.conversations import Standing, check_colour, check_text, check_title
from appliance.domain.issue_query import CHOICES, Key, Query, Sort, Term, Words
from appliance.domain.permissions import PERMISSIONS_OF, Permission, Role
from appliance.errors import InvalidError

NOBODY = frozenset({Permission.REPOSITORY_READ})


@pytest.mark.parametrize(
    ("allowed", "is_author", "is_locked", "expected"),
    [
        (NOBODY, False, False, "----"),
        (NOBODY, True, False, "----"),
        (PERMISSIONS_OF[Role.READER], False, False, "c---"),
        (PERMISSIONS_OF[Role.READER], True, False, "cex-"),
        (PERMISSIONS_OF[Role.READER], False, True, "----"),
        (PERMISSIONS_OF[Role.READER], True, True, "----"),
        (PERMISSIONS_OF[Role.TRIAGER], False, False, "cext"),
        (PERMISSIONS_OF[Role.TRIAGER], False, True, "cext"),
        (PERMISSIONS_OF[Role.OWNER], False, True, "cext"),
        # A token of a triager that was not given for taking part.
        (frozenset({Permission.REPOSITORY_TRIAGE}), True, False, "----"),
    ],
)
def test_who_may_do_what(allowed, is_author, is_locked, expected):
    one = Standing(allowed, is_author, is_locked)
    may = (one.may_comment, one.may_edit, one.may_close, one.may_triage)

    assert "".join(sign if yes else "-" for sign, yes in zip("cext", may, strict=True)) == expected


def test_titles_stand_on_one_line():
    assert check_title("  It \n breaks  ") == "It breaks"
    for wrong in ("", "  ", "x" * 257, "a\x00b"):
        with pytest.raises(InvalidError):
            check_title(wrong)


def test_texts_have_a_limit_in_bytes():
    assert check_text("a\r\nb\rc") == "a\nb\nc"
    assert len(check_text("ä" * 32768)) == 32768
    for wrong in ("ä" * 32769, "\x00", "\ud800"):
        with pytest.raises(InvalidError):
            check_text(wrong)
    with pytest.raises(InvalidError):
        check_text(" \n", is_needed=True)


def test_colours_are_six_figures():
    assert check_colour("#D73A4A") == "d73a4a"
    for wrong in ("", "red", "#fff", "1234567", "12345g"):
        with pytest.raises(InvalidError):
            check_colour(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Query()),
        ("is:open", Query((Term(Key.IS, "open"),))),
        ("IS:OPEN is:open", Query((Term(Key.IS, "open"),))),
        ('milestone:"1.0 beta" x', Query((Term(Key.MILESTONE, "1.0 beta"),), (Words(("x",)),))),
        ("-label:bug", Query((Term(Key.LABEL, "bug", is_not=True),))),
        ("sort:updated-asc", Query(sort=Sort.UPDATED, is_rising=True)),
        ("sort:comments", Query(sort=Sort.COMMENTS)),
        ('"not this" -that', Query(words=(Words(("not", "this")), Words(("that",), is_not=True)))),
        ("http://x.test", Query(words=(Words(("http", "x", "test")),))),
        ("...", Query()),
        ("no:label assignee:none", Query((Term(Key.NO, "label"), Term(Key.ASSIGNEE, "none")))),
    ],
)
def test_a_search_is_read(text, expected):
    assert issue_query.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["is:ajar", "no:body", "label:", 'label:"', "sort:size", "x " * 31, "x" * 501]
)
def test_what_is_no_search_is_said(text):
    with pytest.raises(InvalidError):
        issue_query.parse(text)


NAMES = st.text(
    st.characters(blacklist_characters='"', blacklist_categories=("Cs", "Cc", "Z")), min_size=1
).filter(lambda text: text.split() == [text])
VALUES = st.lists(NAMES, min_size=1, max_size=3).map(" ".join)
TERMS = st.one_of(
    st.builds(Term, st.sampled_from(sorted(set(Key) - set(CHOICES))), VALUES, st.booleans()),
    *(
        st.builds(Term, st.just(key), st.sampled_from(sorted(values)), st.booleans())
        for key, values in CHOICES.items()
    ),
)
SAID = st.text(min_size=1, max_size=20).map(words).filter(bool)


@given(
    st.lists(TERMS, max_size=4, unique=True),
    st.lists(st.builds(Words, SAID, st.booleans()), max_size=4, unique=True),
    st.sampled_from(list(Sort)),
    st.booleans(),
)
def test_a_search_is_spelled_as_it_is_read(terms, said, sort, is_rising):
    query = Query(tuple(terms), tuple(said), sort, is_rising)
    spelled = issue_query.spell(query)

    if len(spelled) <= issue_query.LONGEST:
        assert issue_query.parse(spelled) == query


@given(st.text(max_size=200))
def test_any_text_is_a_search_or_none(text):
    try:
        query = issue_query.parse(text)
    except InvalidError:
        return
    assert issue_query.parse(issue_query.spell(query)) == query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @writer and @lab/core.", (("writer",), ("lab/core",), (), (), ())),
        ("see #12, lab/notes#3 (#12)", ((), (), (12,), (("lab/notes", 3),), ())),
        ("since 0123abc it breaks", ((), (), (), (), ("0123abc",))),
        ("1234567 is a number", ((), (), (), (), ())),
        ("mail a@b.test, x#1 y, a/b/c#1, #0, ##1", ((), (), (), (), ())),
        ("`#1` and\n```\n@reader #2\n```\n#3", ((), (), (3,), (), ())),
        ("``a `#1` b`` #2", ((), (), (2,), (), ())),
    ],
)
def test_what_a_text_speaks_of(text, expected):
    found = references.spoken_of(text)

    assert (found.people, found.teams, found.numbers, found.elsewhere, found.commits) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fixes #12", (12,)),
        ("Mend it.\n\nCloses: #1, resolves #2", (1, 2)),
        ("fix #3 and fixed #4 and close #5", (3, 4, 5)),
        ("prefixes #12", ()),
        ("fixes 12 and see #13", ()),
        ("fixes lab/notes#12", ()),
    ],
)
def test_what_a_commit_closes(message, expected):
    assert references.closed_by(message) == expected


@given(st.text(alphabet="`~#@/a1 \n-", max_size=300))
def test_no_text_is_too_hard_to_read(text):
    references.spoken_of(text)
    references.closed_by(text)
