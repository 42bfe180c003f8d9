"""Rulesets by the command line: written as JSON, shown as it can be set again."""

import json

import pytest

RULESET = {
    "name": "Trunk",
    "includes": ["~DEFAULT_BRANCH"],
    "rules": [{"kind": "pull_request", "approvals": 2}, {"kind": "freeze", "windows": ["Fri/Mon"]}],
}


@pytest.fixture
def notes(codara, lab):
    """The path of an empty repository."""
    path = f"{lab}/notes"
    assert codara("repo", "create", path).code == 0
    return path


@pytest.fixture
def file(tmp_path):
    """A file with a ruleset."""
    found = tmp_path / "ruleset.json"
    found.write_text(json.dumps(RULESET | {"rules": RULESET["rules"][:1]}))
    return found


def test_a_ruleset_is_made_shown_set_and_removed(codara, lab, notes, file):
    place = ("--org", lab)
    assert codara("ruleset", "create", str(file), *place).code == 0
    assert codara("ruleset", "create", str(file), *place).code == 5
    shown = codara("ruleset", "show", "Trunk", *place)
    file.write_text(shown.out.replace("Trunk", "Main"))
    assert codara("ruleset", "set", "Trunk", str(file), *place).code == 0

    (one,) = codara("ruleset", "list", *place, "--json").json
    assert (one["name"], one["rules"][0]["approvals"]) == ("Main", 2)
    (standing,) = codara("repo", "rules", notes, "--ref", "main", "--json").json
    assert (standing["name"], standing["layer"]) == ("Main", "organisation")
    assert codara("ruleset", "list", "--repo", notes, "--json").json == []
    tried = codara("ruleset", "try", str(file), *place, "--days", "7", "--json").json
    assert (tried["repositories"], tried["items"]) == (1, [])
    assert "0 refusals" in codara("ruleset", "try", str(file), "--repo", notes).out
    assert codara("ruleset", "codeowners", *place, "--json").json == []

    assert codara("ruleset", "remove", "Main", *place, "--dry-run").code == 0
    assert codara("ruleset", "remove", "Main", *place, "--yes").code == 0
    assert codara("ruleset", "show", "Main", *place).code == 4


def test_what_is_no_ruleset_is_refused(codara, lab, file):
    file.write_text("no JSON")
    assert codara("ruleset", "create", str(file), "--org", lab).code == 2
    file.write_text(json.dumps(RULESET))
    refused = codara("ruleset", "create", str(file), "--org", lab)
    assert refused.code == 2
    assert "not a time window" in refused.said
    assert codara("ruleset", "list", "--org", lab, "--repo", f"{lab}/x").code == 2


def test_the_kinds_of_rules_are_listed(codara):
    found = {each["kind"]: each["takes"] for each in codara("ruleset", "kinds", "--json").json}
    assert "approvals" in found["pull_request"]
    named = {each["name"] for each in codara("ruleset", "policies", "--json").json}
    assert {"conflict_markers", "post_commit"} <= named


def test_where_nobody_is_named_there_is_nothing_to_report(codara, notes):
    assert codara("repo", "codeowners", notes).code == 4
