"""One value has one spelling, that of RFC 8785; what has none is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import DEEPEST, LARGEST_INTEGER, ProfileError, canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
KEYS = st.from_regex(r"\A[a-z][a-z0-9_]{0,63}\Z")
LEAVES = st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | TEXT
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
).filter(lambda value: depth(value) <= DEEPEST)

# RFC 8785, section 3.2.2.2: these have a short form, other control characters \u00xx.
SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def depth(value):
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return max((1 + depth(item) for item in inner), default=0)


def by_the_rfc(value):
    """The spelling of RFC 8785, written from its text and not with a JSON library."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(escaped(character) for character in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(by_the_rfc(item) for item in value) + "]"
    # Section 3.2.3 sorts by UTF-16 code units, which for keys of ASCII is their order.
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(f"{by_the_rfc(key)}:{by_the_rfc(item)}" for key, item in members) + "}"


def escaped(character):
    code = ord(character)
    return SHORT.get(code, f"\\u{code:04x}" if code < 0x20 else character)


@given(VALUES)
def test_the_spelling_is_that_of_the_rfc(value):
    assert canonical(value) == by_the_rfc(value).encode()


@given(VALUES)
def test_any_reader_gets_the_value_back_and_spells_it_alike(value):
    text = canonical(value)

    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(KEYS, LEAVES, min_size=2))
def test_the_order_of_members_says_nothing(members):
    assert canonical(dict(reversed(members.items()))) == canonical(members)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, b"{}"),
        ([], b"[]"),
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ({"a_1": 2, "a1": 1, "aa": 3}, b'{"a1":1,"a_1":2,"aa":3}'),
        ('\u20ac$\u000f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\u007f\u2028\U0001f600", b'"\x7f\xe2\x80\xa8\xf0\x9f\x98\x80"'),
        (-LARGEST_INTEGER, b"-9007199254740991"),
    ],
)
def test_known_values_have_known_spellings(value, text):
    assert canonical(value) == text


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        LARGEST_INTEGER + 1,
        -LARGEST_INTEGER - 1,
        "\x00",
        "\ud800",
        b"bytes",
        (1, 2),
        {"Upper": 1},
        {"": 1},
        {"_a": 1},
        {"a-b": 1},
        {"a\n": 1},
        {"é": 1},
        {"a" * 65: 1},
        {1: 1},
        {"a": {"b": [0.5]}},
    ],
    ids=ascii,
)
def test_what_has_no_single_spelling_is_refused(value):
    with pytest.raises(ProfileError):
        canonical(value)


def test_eight_levels_are_enough():
    nested = 1
    for _ in range(DEEPEST):
        nested = [nested]

    assert canonical(nested) == b"[" * DEEPEST + b"1" + b"]" * DEEPEST
    with pytest.raises(ProfileError, match="deeper than 8 levels"):
        canonical([nested])
