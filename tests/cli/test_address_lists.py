"""`codara address-list` and tokens for networks."""

from __future__ import annotations


def test_the_list_of_an_organisation_is_set_shown_and_cleared(here, lab):
    place = ("--org", lab)
    made = here("address-list", "set", *place, "192.0.2.1/24", "::1", "--json").json
    assert made["networks"] == ["192.0.2.0/24", "::1/128"]
    assert "192.0.2.0/24" in here("address-list", "show", *place).out
    assert here("address-list", "set", *place, "office").code == 2
    assert here("address-list", "clear", *place).code == 0
    assert "from anywhere" in here("address-list", "show", *place).out


def test_the_console_clears_a_list_that_keeps_everybody_out(here, appliance, say, monkeypatch):
    assert here("address-list", "set", "192.0.2.0/24").code == 0
    monkeypatch.delenv("CODARA_HOME")
    monkeypatch.setenv("CODARA_URL", appliance.url)
    monkeypatch.setenv("CODARA_TOKEN", appliance.token)
    kept_out = say("user", "list")
    monkeypatch.setenv("CODARA_HOME", str(appliance.home))
    monkeypatch.delenv("CODARA_URL")
    monkeypatch.delenv("CODARA_TOKEN")
    assert here("address-list", "clear").code == 0
    assert (kept_out.code, "from this address" in kept_out.said) == (3, True)


def test_a_token_is_made_for_networks(here):
    words = ("--scope", "user", "--expires-in", "1d", "--network", "192.0.2.0/24", "--json")
    assert here("token", "create", *words).json["networks"] == ["192.0.2.0/24"]
