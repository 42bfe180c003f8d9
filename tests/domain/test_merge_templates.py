"""Templates of merge messages: what they fill, and what they refuse."""

from __future__ import annotations

import pytest

from appliance.domain import merge_templates
from appliance.domain.merge_templates import Place
from appliance.errors import InvalidError

VALUES = {Place.NUMBER: "12", Place.TITLE: "Say %{number} of it", Place.COMMITS: "* one\n* two"}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("%{title} (#%{number})", "Say %{number} of it (#12)"),
        ("%{commits}\n\n%{approved_by}\n\n%{co_authored_by}", "* one\n* two"),
        ("A %{percent} sign", "A % sign"),
        ("nothing in it", "nothing in it"),
        ("", ""),
        ("a\n\n\n\nb", "a\n\nb"),
        ("%{ title }", "%{ title }"),
    ],
)
def test_a_template_is_filled_once(template, said):
    assert merge_templates.filled(template, VALUES) == said


@pytest.mark.parametrize("text", ["%{number} here", "100%", "%%{title}", "%{percent}", "plain"])
def test_what_somebody_wrote_stands_as_it_is(text):
    assert merge_templates.filled(merge_templates.plain(text), VALUES) == text


@pytest.mark.parametrize("template", ["%{nobody}", "x" * 5000])
def test_what_cannot_be_filled_is_refused(template):
    with pytest.raises(InvalidError):
        merge_templates.check(template, field="merge_title")


def test_the_usual_templates_can_be_filled():
    for each in (
        merge_templates.MERGE_TITLE,
        merge_templates.MERGE_BODY,
        merge_templates.SQUASH_TITLE,
        merge_templates.SQUASH_BODY,
    ):
        assert merge_templates.check(each, field="x") == each


@pytest.mark.parametrize(
    ("title", "body", "said"),
    [("One\ntwo", " more \n", b"One two\n\nmore\n"), ("One", " ", b"One\n")],
)
def test_a_message_has_a_line_and_more(title, body, said):
    assert merge_templates.message(title, body) == said
