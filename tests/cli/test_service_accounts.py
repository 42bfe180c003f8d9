"""`codara service-account`."""

from __future__ import annotations


def test_a_service_account_is_made_used_and_ended(codara, lab):
    name = f"builder-{lab}"[:39].strip("-")
    made = codara("service-account", "create", name, "--org", lab, "--title", "B", "--json").json
    assert (made["organisation"], made["title"]) == (lab, "B")
    words = ("token", "create", "--user", name, "--scope", "user", "--expires-in", "1d", "--json")
    assert codara(*words).json["token"].startswith("cod_")
    assert name in codara("service-account", "list", "--org", lab).out
    assert name in codara("service-account", "list").out
    assert codara("service-account", "suspend", name, "--json").json["state"] == "suspended"
    assert codara("service-account", "reinstate", name, "--json").json["state"] == "active"
    assert codara("service-account", "show", name, "--json").json["tokens"] == 1
    assert codara("service-account", "delete", name, "--dry-run").code == 0
    assert codara("service-account", "delete", name, "--yes").code == 0
    assert codara("service-account", "show", name).code == 4
