"""`codara token inventory` and `codara token end`."""

from __future__ import annotations


def test_the_inventory_shows_a_token_and_ends_it(codara, lab):
    name = f"robot-{lab}"[:39].strip("-")
    assert codara("service-account", "create", name, "--org", lab).code == 0
    words = ("token", "create", "--user", name, "--scope", "user", "--expires-in", "1d", "--json")
    made = codara(*words).json
    listed = codara("token", "inventory", "--org", lab, "--holder", "machine", "--json").json
    assert [each["id"] for each in listed] == [made["id"]]
    assert name in codara("token", "inventory", "--kind", "token", "--search", name).out
    assert codara("token", "end", "token", made["id"], "--dry-run").code == 0
    assert codara("token", "end", "token", made["id"], "--org", lab, "--yes").code == 0
    assert codara("token", "inventory", "--org", lab, "--holder", "machine", "--json").json == []
    assert codara("token", "end", "token", made["id"], "--org", lab, "--yes").code == 4
