"""Whom words from elsewhere speak of, and that they are never too long."""

from __future__ import annotations

import pytest

from appliance.domain.archive_imports import everybody, matched
from appliance.domain.brought import Judged, Pull, Said, Talk, Thread
from appliance.domain.brought import Place as At
from appliance.domain.brought_words import attributed, renamed, voices
from appliance.domain.conversations import LARGEST_TEXT_BYTES
from appliance.domain.pull_requests import Verdict
from appliance.domain.references import spoken_of

PEOPLE = {"octocat": "writer", "hubot": "builder"}


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("@octocat, look.", "@writer, look."),
        ("(@OctoCat)", "(@writer)"),
        ("@octocat and @hubot", "@writer and @builder"),
        ("@stranger", "`@stranger`"),
        ("@octo/team", "`@octo/team`"),
        ("write to octocat@lab.example", "write to octocat@lab.example"),
        ("`@octocat`", "`@octocat`"),
        ("```\n@octocat\n```\n@octocat", "```\n@octocat\n```\n@writer"),
        ("@octocat-hubot", "`@octocat-hubot`"),
        ("https://hub.example/@octocat", "https://hub.example/@octocat"),
        ("` @stranger", "` @\u2060stranger"),
        ("no one", "no one"),
    ],
)
def test_a_name_is_who_it_is_here_or_nobody(text, here):
    assert renamed(text, PEOPLE) == here


@pytest.mark.parametrize(
    "text",
    [
        "@a " * 40_000,
        "@octocat " * 8_000,
        "`" + "@stranger " * 8_000,
        "```\n" + "@stranger " * 9_000,
        "ä" * 65_000 + " @stranger",
    ],
)
def test_a_long_text_is_cut_and_speaks_of_nobody_else(text):
    people = {"octocat": "o" * 39}
    whole = attributed(text, "note", people)

    assert len(whole.encode()) <= LARGEST_TEXT_BYTES
    assert set(spoken_of(whole).people) <= set(people.values())


def test_everybody_who_says_something_is_counted():
    at, line = "2024-01-01T00:00:00Z", At("", "roof")
    pull = Pull(
        *("mend", "main", "a" * 40),
        merged_by="merger",
        reviews=(Judged("reviewer", Verdict.COMMENT, at),),
        threads=(Thread((line,), (Said("reviewer", "", at),)),),
    )
    talk = Talk(
        *(1, "Title", "", "octocat", at),
        assignees=("hubot",),
        comments=(Said("passer-by", "", at), Said("passer-by", "", at), Said("", "", at)),
        pull=pull,
    )

    said = voices([talk, talk])

    assert said == {"octocat": 2, "hubot": 2, "passer-by": 4, "merger": 2, "reviewer": 4}
    people = everybody({"hubot": ("h@lab.example",)}, said, most=3)
    assert list(people) == ["hubot", "passer-by", "reviewer"]
    (first, *_, last) = matched(people, {"h@lab.example": "builder"}, {"passer-by": "p"}, said)
    assert (first.there, first.user, first.said) == ("passer-by", "p", 4)
    assert (last.there, last.user, last.said) == ("hubot", "builder", 2)
