"""Properties of repositories: what may be defined, said, and by whom."""

from __future__ import annotations

import pytest

from appliance.domain.repository_properties import (
    Definition,
    PropertyKind,
    PropertySetter,
    check_definition,
    effective,
    may_be_set_by_maintainers,
    to_keep,
)
from appliance.errors import InvalidError

TIER = Definition("tier", PropertyKind.CHOICE, allowed=("1", "2"), default="2")
PUBLIC = Definition("public", PropertyKind.BOOLEAN, is_required=True)
TEAM = Definition("team", set_by=PropertySetter.MAINTAINERS)
ALL = {each.key: each for each in (TIER, PUBLIC, TEAM)}


@pytest.mark.parametrize(
    "strange",
    [
        Definition("a b"),
        Definition("a", PropertyKind.CHOICE),
        Definition("a", allowed=("1",)),
        Definition("a", PropertyKind.BOOLEAN, allowed=("true",)),
        Definition("a", PropertyKind.BOOLEAN, default="yes"),
        Definition("a", PropertyKind.CHOICE, allowed=("1",), default="2"),
        Definition("a", PropertyKind.CHOICE, allowed=("*",)),
        Definition("a", description="x" * 256),
        Definition("a", description="two\nlines"),
        Definition("a", default=""),
    ],
)
def test_what_makes_no_sense_is_not_defined(strange):
    with pytest.raises(InvalidError):
        check_definition(strange)


def test_a_definition_is_kept_in_one_spelling():
    wanted = Definition(" Tier ", PropertyKind.CHOICE, " Of service ", (" 1", "2 ", "1"))

    made = check_definition(wanted)

    assert (made.key, made.description, made.allowed) == ("tier", "Of service", ("1", "2"))


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"public": "true"}, {"public": "true"}),
        ({"public": "true", "tier": "2"}, {"public": "true"}),
        ({"public": "false", "Tier": " 1 "}, {"public": "false", "tier": "1"}),
        ({"public": "true", "free": "word"}, {"public": "true", "free": "word"}),
    ],
)
def test_what_is_said_is_kept_and_defaults_are_not(wanted, kept):
    assert to_keep(wanted, {}, ALL) == kept


def test_a_default_that_was_said_stays_said():
    assert to_keep({"public": "true", "tier": "2"}, {"tier": "2"}, ALL)["tier"] == "2"


@pytest.mark.parametrize(
    "wanted",
    [{}, {"tier": "1"}, {"public": "yes"}, {"public": "true", "tier": "3"}, {"public": "*"}],
)
def test_what_lacks_or_is_not_possible_is_refused(wanted):
    with pytest.raises(InvalidError):
        to_keep(wanted, {}, ALL)


def test_defaults_hold_where_nothing_is_said():
    assert effective({"team": "core"}, ALL.values()) == {"team": "core", "tier": "2"}
    assert effective({"tier": "1"}, ALL.values()) == {"tier": "1"}


@pytest.mark.parametrize(
    ("after", "may"),
    [
        ({"tier": "1"}, True),
        ({"tier": "1", "team": "core"}, True),
        ({"tier": "2"}, False),
        ({}, False),
        ({"tier": "1", "free": "word"}, False),
    ],
)
def test_maintainers_say_only_what_is_theirs(after, may):
    assert may_be_set_by_maintainers({"tier": "1"}, after, ALL) is may
