"""`codara token revoke --leaked`."""

from __future__ import annotations


def test_tokens_in_a_text_are_revoked_and_nothing_else(codara):
    words = ("token", "create", "--scope", "user", "--expires-in", "1d", "--json")
    made = codara(*words).json
    shown = f"a log\nusing {made['token']} and cod_{'0' * 36}\n"
    assert codara("token", "revoke", stdin=shown).code == 2
    said = codara("token", "revoke", "--leaked", "--place", "a log", "--json", stdin=shown)
    assert said.json == {"shown": 2}
    listed = codara("token", "list", "--json").json
    assert made["id"] not in {each["id"] for each in listed}
    assert codara("token", "revoke", "--leaked", stdin="nothing").code == 2
