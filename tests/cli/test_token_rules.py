"""`codara org token-rule`, `codara token approvals`."""

from __future__ import annotations


def test_a_rule_is_set_and_a_token_waits_for_an_owner(codara, lab):
    name = f"asker-{lab}"[:39].strip("-")
    address = f"{name}@codara.test"
    assert codara("user", "create", name, "--email", address).code == 0
    assert codara("org", "member", "add", lab, name).code == 0
    rule = codara("org", "token-rule", "set", lab, "--approval", "all", "--json").json
    assert rule == {"approval": "all", "most_days": None, "unused_days": None}
    words = ("token", "create", "--user", name, "--scope", "repo:read", "--expires-in", "1d")
    token = codara(*words, "--reason", "for builds", "--json").json
    assert token["organisations"] == []  # What it is there is looked up when it is listed.
    (asks,) = codara("token", "approvals", "--org", lab, "--state", "pending", "--json").json
    assert (asks["user"], asks["reason"], asks["state"]) == (name, "for builds", "pending")
    assert codara("token", "refuse", asks["id"], "--org", lab, "--answer", "no").code == 0
    assert codara("token", "ask", token["id"], "--org", lab).code == 0
    assert codara("token", "approve", asks["id"], "--org", lab).code == 0
    assert codara("token", "refuse", asks["id"], "--org", lab, "--revoke").code == 0
    shown = codara("org", "token-rule", "set", lab, "--max-days", "400").out
    assert "400" in shown
    assert codara("org", "token-rule", "show", lab, "--json").json["most_days"] == 400
