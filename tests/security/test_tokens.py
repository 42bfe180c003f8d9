from __future__ import annotations

import re
import string
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.security import tokens

KEY = bytes(range(32))
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


@pytest.mark.promise("P7")
def test_a_token_carries_its_prefix_its_randomness_and_its_checksum():
    token = tokens.mint()
    value = 0
    for digit in token[-6:]:
        value = value * 62 + DIGITS.index(digit)

    assert re.fullmatch(r"cod_[0-9A-Za-z]{36}", token)
    assert value == crc32(token[:-6].encode())
    assert tokens.is_well_formed(token)


def test_a_token_written_down_once_is_recognised_for_ever():
    assert tokens.is_well_formed("cod_000000000000000000000000000000" + "1WEuAN")
    assert not tokens.is_well_formed("cod_000000000000000000000000000000" + "1WEuAz")


@pytest.mark.promise("P7")
@given(st.data())
def test_one_wrong_character_anywhere_is_noticed(data):
    token = tokens.mint()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[place]))

    assert not tokens.is_well_formed(token[:place] + other + token[place + 1 :])


@given(st.text())
def test_any_text_is_judged_without_failing(text):
    assert not tokens.is_well_formed(text)


@pytest.mark.parametrize("around", ["{}\n", " {}", "{}x", "x{}", "{}\0", "{}é"])
def test_a_token_with_something_around_it_is_none(around):
    assert not tokens.is_well_formed(around.format(tokens.mint()))


def test_a_scanner_finds_a_token_in_the_middle_of_a_file():
    token = tokens.mint()

    assert tokens.PATTERN.findall(f'export CODARA_TOKEN="{token}"; # keep') == [token]


def test_no_two_are_alike():
    assert len({tokens.mint() for _ in range(1000)}) == 1000
    assert len({tokens.new_session_id() for _ in range(1000)}) == 1000
    assert len({tokens.new_link_secret() for _ in range(1000)}) == 1000


@pytest.mark.promise("P6")
def test_what_is_stored_gives_nothing_of_the_token_away():
    token = tokens.mint()
    stored = tokens.fingerprint(token, key=KEY)

    assert re.fullmatch(r"[0-9a-f]{64}", stored)
    assert token[4:] not in stored
    assert stored == tokens.fingerprint(token, key=KEY)
    assert stored != tokens.fingerprint(token, key=KEY[::-1])


def test_the_fingerprint_is_hmac_sha256_as_rfc_4231_computes_it():
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert tokens.fingerprint("what do ya want for nothing?", key=b"Jefe") == expected


@given(st.text())
def test_whatever_a_client_sends_has_a_fingerprint(text):
    assert len(tokens.fingerprint(text, key=KEY)) == 64


def test_the_part_that_is_shown_leaves_the_rest_unknown():
    token = tokens.mint()

    assert token.startswith(tokens.shown_part(token))
    assert len(tokens.shown_part(token)) == 10
