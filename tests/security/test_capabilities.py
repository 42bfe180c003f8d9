from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UnauthenticatedError
from appliance.security.capabilities import Capabilities
from appliance.security.signing import InstanceSecret

SECRET = InstanceSecret(bytes(range(32)))
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def pushes() -> Capabilities:
    return Capabilities(SECRET, "push")


@given(st.dictionaries(st.text().filter(lambda name: name != "expires"), JSON, max_size=5))
def test_what_was_stated_is_read_back(facts):
    pushes = Capabilities(SECRET, "push")

    assert pushes.check(pushes.issue(facts, expires_at=LATER), now=NOON) == facts


def test_the_same_facts_have_one_spelling(pushes):
    first = pushes.issue({"a": 1, "b": 2}, expires_at=LATER)

    assert first == pushes.issue({"b": 2, "a": 1}, expires_at=LATER)


def test_nobody_can_state_a_longer_life(pushes):
    text = pushes.issue({"expires": 2**40}, expires_at=NOON)

    with pytest.raises(UnauthenticatedError):
        pushes.check(text, now=NOON)


@pytest.mark.promise("P13")
def test_a_capability_holds_for_its_purpose_its_appliance_and_its_time_only(pushes):
    text = pushes.issue({"repository": "1"}, expires_at=LATER)
    strangers = [Capabilities(SECRET, "lfs"), Capabilities(InstanceSecret(bytes(32)), "push")]

    assert pushes.check(text, now=LATER - timedelta(seconds=1)) == {"repository": "1"}
    with pytest.raises(UnauthenticatedError):
        pushes.check(text, now=LATER)
    for stranger in strangers:
        with pytest.raises(UnauthenticatedError):
            stranger.check(text, now=NOON)


@pytest.mark.promise("P13")
@given(st.data())
def test_a_changed_character_is_noticed(data):
    pushes = Capabilities(SECRET, "push")
    text = pushes.issue({"repository": "1"}, expires_at=LATER)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character != text[place]))

    with pytest.raises(UnauthenticatedError):
        pushes.check(text[:place] + other + text[place + 1 :], now=NOON)


def test_a_payload_with_the_proof_of_another_is_refused(pushes):
    payload, _, _ = pushes.issue({"repository": "1"}, expires_at=LATER).partition(".")
    _, _, proof = pushes.issue({"repository": "2"}, expires_at=LATER).partition(".")

    with pytest.raises(UnauthenticatedError):
        pushes.check(f"{payload}.{proof}", now=NOON)


@given(st.text())
def test_any_text_is_refused_and_nothing_worse(text):
    with pytest.raises(UnauthenticatedError):
        Capabilities(SECRET, "push").check(text, now=NOON)


@pytest.mark.parametrize("text", ["", ".", "..", "a", "a.a", "=.=", "e30.", "x" * 100_000])
def test_stumps_are_refused(pushes, text):
    with pytest.raises(UnauthenticatedError):
        pushes.check(text, now=NOON)


def test_it_fits_an_environment_variable_and_hides_nothing_it_does_not_say(pushes):
    text = pushes.issue({"repository": "1"}, expires_at=LATER)
    payload = json.loads(urlsafe_b64decode(text.partition(".")[0] + "=="))

    assert text.isascii()
    assert payload == {"repository": "1", "expires": int(LATER.timestamp())}
