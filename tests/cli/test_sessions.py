"""`codara user sessions` and `sign-out`."""

from __future__ import annotations


def test_a_user_is_signed_out_everywhere_and_their_tokens_end(here, person):
    made = here("token", "create", "--user", person, "--scope", "user", "--expires-in", "1d")
    assert made.code == 0
    assert here("user", "sessions", person, "--json").json == []
    kept = here("user", "sign-out", person, "--yes", "--json").json
    assert kept == {"sessions": 0, "tokens": 0}
    ended = here("user", "sign-out", person, "--tokens", "--yes")
    assert "0 sessions and 1 tokens have ended" in ended.out


def test_nobody_acts_as_anybody_and_nothing_is_there_to_end(here, person):
    assert here("user", "impersonations", "list", "--json").json == []
    assert here("user", "impersonations", "list", "--user", person, "--json").json == []
    nothing = "00000000-0000-7000-8000-000000000000"
    assert here("user", "impersonations", "end", nothing).code == 4
