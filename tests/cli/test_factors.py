"""`codara user factors` and `reset-factors`."""

from __future__ import annotations

from appliance.db.engine import sqlite_url
from tests.services.factor_kit import at_console, kit_of, set_up
from tests.world import World


def test_rules_say_who_must_have_one(here, lab):
    made = here("factor-rule", "add", "--org", lab, "--role", "owner", "--json").json
    assert (made["organisation"], made["grace_days"]) == (lab, 14)
    assert lab in here("factor-rule", "list").out
    assert here("factor-rule", "remove", made["id"], "--dry-run").code == 0
    assert here("factor-rule", "remove", made["id"], "--yes").code == 0
    assert here("factor-rule", "list", "--json").json == []
    assert here("factor-rule", "add", "--role", "king").code == 2


def test_the_factors_of_a_user_are_listed_and_taken_away(appliance, here, person):
    beside = World(appliance.home, sqlite_url(appliance.home / "codara.db"))
    set_up(beside, kit_of(beside), at_console(beside, person))
    beside.close()

    listed = here("user", "factors", person)
    assert ("app" in listed.out, "10 recovery codes" in listed.said) == (True, True)
    assert here("user", "reset-factors", person, "--yes").code == 2
    done = here("user", "reset-factors", person, "--reason", "lost", "--yes", "--json")
    assert (done.code, done.json) == (0, {"removed": 1})
    assert here("user", "factors", person, "--json").json == []
    assert here("user", "reset-factors", person, "--reason", "lost", "--yes").code == 5
