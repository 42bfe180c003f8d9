"""`codara access`: asking, answering, and what ends."""

from __future__ import annotations

import pytest


@pytest.fixture
def asker(here, fresh, say, appliance, monkeypatch):
    """Say a command, over the network, as somebody who has no rights."""
    name = fresh("asker")
    here("user", "create", name, "--email", f"{name}@codara.test")
    words = ("--user", name, "--scope", "user,repo:read", "--expires-in", "1d", "--json")
    token = here("token", "create", *words).json["token"]

    def as_asker(*words: str):
        with monkeypatch.context() as patch:
            patch.delenv("CODARA_HOME", raising=False)
            patch.setenv("CODARA_URL", appliance.url)
            patch.setenv("CODARA_TOKEN", token)
            return say(*words)

    return as_asker


def wish(repository):
    return ("--repo", repository, "--role", "writer", "--for", "8h", "--reason", "r", "--json")


def test_somebody_asks_and_is_given_it_for_a_time(here, lab, asker):
    here("repo", "create", f"{lab}/vault")
    asked = asker("access", "ask", *wish(f"{lab}/vault")).json
    nowhere = asker("access", "ask", *wish(f"{lab}/other")).json
    assert asked.keys() == nowhere.keys()
    assert (asked["state"], nowhere["state"]) == ("pending", "pending")
    assert asker("access", "show", asked["id"]).code == 0
    assert "vault" in here("access", "waiting").out
    assert "other" not in here("access", "waiting").out
    assert asker("access", "approve", asked["id"]).code == 3
    given = here("access", "approve", asked["id"], "--role", "reader", "--for", "4h", "--json")
    assert given.json["given_role"] == "reader"
    assert "asker" in here("access", "temporary", lab).out
    assert here("access", "prolong", asked["id"], "--for", "2d", "--reason", "r").code == 0
    assert asker("access", "end", asked["id"]).code == 0


def test_who_cannot_see_it_does_not_learn_of_a_refusal(here, lab, asker):
    here("repo", "create", f"{lab}/vault")
    asked, nowhere = (
        asker("access", "ask", *wish(f"{lab}/{name}")).json["id"] for name in ("vault", "other")
    )
    assert here("access", "refuse", asked, "--reason", "no").code == 0
    states = {each["id"]: each["state"] for each in asker("access", "list", "--json").json}
    assert states[asked] == states[nowhere] == "pending"
    assert asker("access", "ask", *wish(f"{lab}/vault")).code == 5
    assert asker("access", "withdraw", asked).code == 0
    assert "refused" not in asker("access", "list").out


def test_the_rule_is_changed_and_the_rest_of_it_stays(here, lab):
    changed = here("access", "rule", "set", lab, "--longest", "2w", "--endless", "--json").json
    assert (changed["longest_hours"], changed["allows_endless"]) == (336, True)
    kept = here("access", "rule", "set", lab, "--approvers", "maintainers", "--json").json
    assert (kept["longest_hours"], kept["approvers"]) == (336, "maintainers")
    assert here("access", "rule", "set", lab, "--longest", "soon").code == 2


def test_one_thing_is_asked_for_at_a_time(here):
    assert here("access", "ask", "--for", "8h", "--reason", "r").code == 2


def test_tokens_are_reviewed(here, lab):
    here("user", "create", "holder", "--email", "holder@codara.test")
    here("org", "member", "add", lab, "holder", "--role", "member")
    words = ("--user", "holder", "--scope", "repo:read", "--expires-in", "1d", "--json")
    token = here("token", "create", *words).json
    words = ("--org", lab, "--right", "token", "--for", "3d", "--json")
    made = here("review", "start", "Tokens", *words).json["id"]
    items = here("review", "items", made, "--json").json
    (held,) = [each for each in items if each["subject_name"] == "holder"]
    assert token["token"].startswith(held["mark"])
    assert "LAST USED" in here("review", "items", made).out
    decided = here("review", "decide", made, held["id"], "--revoke", "--reason", "old", "--json")
    assert decided.json[0]["outcome"] == "revoked"


def test_rights_are_reviewed(here, lab, tmp_path):
    here("user", "create", "leaver", "--email", "leaver@codara.test")
    here("org", "member", "add", lab, "leaver", "--role", "member")
    made = here("review", "start", "Spring", "--org", lab, "--for", "3d", "--json").json["id"]
    assert "Spring" in here("review", "list", "--org", lab).out
    items = here("review", "items", made, "--json").json
    leaver = next(each["id"] for each in items if each["subject_name"] == "leaver")
    assert here("review", "decide", made, leaver, "--revoke").code == 2
    assert here("review", "decide", made, leaver, "--revoke", "--reason", "left").code == 0
    assert "leaver" not in here("org", "member", "list", lab).out
    assert here("review", "progress", made).code == 0
    assert here("review", "show", made, "--json").json["revoked"] == 1
    digest = here("review", "close", made, "--yes", "--json").json["digest"]
    file = tmp_path / "result.jsonl"
    written = here("review", "result", made, "--out", str(file), "--json").json
    assert written["digest"] == digest
    assert file.read_text().count("\n") == len(items)
    assert here("review", "repeat", made).code == 0
