"""`codara proposal`: what waits, and the rule."""

from __future__ import annotations

import re


def test_there_is_nothing_to_decide_and_the_rule_is_off(here):
    assert here("proposal", "list", "--json").json == []
    assert here("proposal", "rule", "--json").json == {"required": False, "since": None}
    nothing = "00000000-0000-7000-8000-000000000000"
    for verb in (("show",), ("confirm", "--yes"), ("refuse",), ("withdraw",)):
        assert here("proposal", verb[0], nothing, *verb[1:]).code == 4


def test_an_act_is_proposed_to_another_and_done_alone_only_with_a_reason(here, person):
    made = here("user", "create", f"{person}-two", "--administrator", "--json")
    assert made.code == 0
    assert here("proposal", "rule", "require", "--json").json["required"]
    try:
        told = here("user", "change", person, "--role", "auditor", "--json")
        assert "another administrator must confirm it" in told.said
        assert set(told.json) == {"proposal"}
        assert re.search(r"by [-0-9]{10} [0-9:]{5}Z, in the portal", told.said)
        mine = here("proposal", "confirm", told.json["proposal"]["id"])
        assert (mine.code, "take effect?" in mine.said) == (3, False)
        second = ("--as", f"{person}-two")
        shown = here("proposal", "show", told.json["proposal"]["id"], "--json").json
        assert shown["changes"] == [{"name": "role", "before": "user", "after": "auditor"}]
        confirm = here("proposal", "confirm", shown["id"], "--yes", "--json", *second)
        assert confirm.json == {"state": "confirmed"}
        alone = ("--alone", "the other one is away")
        assert here("user", "change", person, "--role", "user", "--json", *alone).json["role"]
    finally:
        loud = here("proposal", "rule", "release", "--json", "--alone", "the test is over")
    assert loud.json == {"required": False, "since": None}


def test_only_what_may_need_two_people_offers_to_do_it_alone(codara):
    assert "--alone" in codara("user", "change", "--help").out
    assert "--alone" not in codara("user", "list", "--help").out
    assert codara("repo", "list", "--alone", "nobody is there").code == 2
