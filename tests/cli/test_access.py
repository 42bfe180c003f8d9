"""`codara access`: asking, answering, and what ends."""

from __future__ import annotations


def test_somebody_asks_and_is_given_it_for_a_time(here, lab, say, appliance, monkeypatch):
    here("repo", "create", f"{lab}/vault")
    here("user", "create", "asker", "--email", "asker@codara.test")
    words = ("--user", "asker", "--scope", "user,repo:read", "--expires-in", "1d", "--json")
    token = here("token", "create", *words).json["token"]

    def as_asker(*words: str):
        with monkeypatch.context() as patch:
            patch.delenv("CODARA_HOME", raising=False)
            patch.setenv("CODARA_URL", appliance.url)
            patch.setenv("CODARA_TOKEN", token)
            return say(*words)

    repository = f"{lab}/vault"
    wish = ("--repo", repository, "--role", "writer", "--for", "8h", "--reason", "r", "--json")
    asked = as_asker("access", "ask", *wish).json
    nowhere = as_asker("access", "ask", "--repo", f"{lab}/other", *wish[2:]).json
    assert asked.keys() == nowhere.keys()
    assert (asked["state"], nowhere["state"]) == ("pending", "pending")
    assert as_asker("access", "show", asked["id"]).code == 0
    assert "vault" in here("access", "waiting").out
    assert "other" not in here("access", "waiting").out
    assert as_asker("access", "approve", asked["id"]).code == 3
    given = here("access", "approve", asked["id"], "--role", "reader", "--for", "4h", "--json")
    assert given.json["given_role"] == "reader"
    assert "asker" in here("access", "temporary", lab).out
    assert here("access", "prolong", asked["id"], "--for", "2d", "--reason", "r").code == 0
    assert as_asker("access", "end", asked["id"]).code == 0
    again = as_asker("access", "ask", *wish).json["id"]
    assert here("access", "refuse", again, "--reason", "no").code == 0
    third = as_asker("access", "ask", *wish).json["id"]
    assert as_asker("access", "withdraw", third).code == 0
    assert "refused" in as_asker("access", "list").out


def test_the_rule_is_changed_and_the_rest_of_it_stays(here, lab):
    changed = here("access", "rule", "set", lab, "--longest", "2w", "--endless", "--json").json
    assert (changed["longest_hours"], changed["allows_endless"]) == (336, True)
    kept = here("access", "rule", "set", lab, "--approvers", "maintainers", "--json").json
    assert (kept["longest_hours"], kept["approvers"]) == (336, "maintainers")
    assert here("access", "rule", "set", lab, "--longest", "soon").code == 2


def test_one_thing_is_asked_for_at_a_time(here):
    assert here("access", "ask", "--for", "8h", "--reason", "r").code == 2


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
