"""Suggestions of reviewers: found in comments, and put into files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.suggestions import Edit, applied, split, suggested
from appliance.errors import ConflictError


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("no block", ()),
        ("```suggestion\none\ntwo\n```", ("one\ntwo\n",)),
        ("before\r\n```suggestion\r\none\r\n```\r\nafter", ("one\n",)),
        ("```suggestion\n```", ("",)),
        ("```suggestion\n\n```", ("\n",)),
        ("````suggestion\n```\ncode\n```\n````", ("```\ncode\n```\n",)),
        ("~~~suggestion\na\n~~~\n```suggestion\nb\n```", ("a\n", "b\n")),
        ("```python\n```suggestion\n```", ()),
        ("```suggestion\nnever closed", ()),
        ("    ```suggestion\nindented: code\n    ```", ()),
        ("```suggestions\na\n```", ()),
    ],
)
def test_suggestions_are_fenced_blocks(comment, found):
    assert suggested(comment) == found


def test_what_is_said_beside_a_suggestion_stays():
    comment = "Better:\n```suggestion\none\n```\nAs\n```\ncode\n```"
    assert split(comment) == ("Better:\nAs\n```\ncode\n```", ("one\n",))


@pytest.mark.parametrize(
    ("content", "edits", "wanted"),
    [
        (b"1\n2\n3\n", [Edit(2, 2, "two\n")], b"1\ntwo\n3\n"),
        (b"1\n2\n3\n", [Edit(1, 2, "")], b"3\n"),
        (b"1\n2\n3\n", [Edit(2, 2, "\n")], b"1\n\n3\n"),
        (b"1\n2\n3\n", [Edit(1, 1, "a\nb\n"), Edit(3, 3, "c\n")], b"a\nb\n2\nc\n"),
        (b"1\r\n2\r\n", [Edit(1, 1, "a\nb\n")], b"a\r\nb\r\n2\r\n"),
        (b"1\n2", [Edit(2, 2, "two\n")], b"1\ntwo"),
        (b"1\r2\nx\n", [Edit(2, 2, "y\n")], b"1\r2\ny\n"),
        (b"\xff\n2\n", [Edit(2, 2, "\u00e4\n")], b"\xff\n\xc3\xa4\n"),
    ],
)
def test_suggestions_replace_lines_and_leave_the_others_as_they_are(content, edits, wanted):
    assert applied(content, edits) == wanted


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(2, 3, "a\n"), Edit(3, 3, "b\n")],
        [Edit(1, 1, "a\n"), Edit(1, 1, "a\n")],
        [Edit(3, 4, "")],
        [Edit(0, 1, "")],
        [Edit(2, 1, "")],
    ],
)
def test_suggestions_that_cannot_be_are_a_conflict(edits):
    with pytest.raises(ConflictError):
        applied(b"1\n2\n3\n", edits)


@given(st.lists(st.text("ab`~ ", max_size=6)), st.lists(st.booleans(), min_size=1, max_size=8))
def test_any_text_can_be_suggested_where_any_line_stood(texts, chosen):
    content = b"".join(b"%d\n" % number for number in range(len(chosen)))
    text = "".join(f"{line}\n" for line in texts)
    edits = [Edit(at + 1, at + 1, text) for at, is_chosen in enumerate(chosen) if is_chosen]
    wanted = [text if is_chosen else f"{at}\n" for at, is_chosen in enumerate(chosen)]
    assert applied(content, edits) == "".join(wanted).encode()
    fence = "~" * 9
    assert suggested(f"{fence}suggestion\n{text}{fence}") == (text,)
