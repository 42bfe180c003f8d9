from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DamagedError, NotFoundError
from appliance.security.sealing import Place, Sealer

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
HERE = Place("imports", "credential", "1")
PERSON = Place("people", "data_key", "7")

places = st.builds(Place, st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))


@pytest.mark.promise("P19")
@given(st.binary(max_size=300), places)
def test_what_was_sealed_opens_at_its_place(value, place):
    sealer = Sealer([OLD])
    sealed = sealer.seal(value, place)

    assert sealer.unseal(sealed, place) == value
    assert len(value) < 8 or value not in sealed


@pytest.mark.promise("P19")
@given(places, places)
def test_it_opens_nowhere_else(place, other):
    sealer = Sealer([OLD])
    sealed = sealer.seal(b"secret", place)
    if place != other:
        with pytest.raises(DamagedError):
            sealer.unseal(sealed, other)


def test_places_whose_names_run_together_are_different_places():
    sealer = Sealer([OLD])
    sealed = sealer.seal(b"secret", Place("ab", "c", "d"))

    for other in (Place("a", "bc", "d"), Place("ab", "cd", ""), Place("abc", "", "d")):
        with pytest.raises(DamagedError):
            sealer.unseal(sealed, other)


@pytest.mark.promise("P19")
@given(st.data())
def test_one_changed_bit_anywhere_is_noticed(data):
    sealer = Sealer([OLD, NEW])
    sealed = bytearray(sealer.seal(b"secret", HERE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(DamagedError):
        sealer.unseal(bytes(sealed), HERE)


@given(st.binary(max_size=80))
def test_any_bytes_are_judged_without_failing(junk):
    with pytest.raises(DamagedError):
        Sealer([OLD]).unseal(b"\x01" + junk, HERE)
    with pytest.raises(DamagedError):
        Sealer([OLD]).unseal(junk, HERE)


def test_no_two_sealings_are_alike():
    sealer = Sealer([OLD])

    assert len({sealer.seal(b"secret", HERE) for _ in range(100)}) == 100


def test_the_form_on_disk_is_the_one_that_is_written_down():
    sealed = Sealer([OLD]).seal(b"secret", HERE)
    header, nonce, ciphertext = sealed[:5], sealed[5:17], sealed[17:]
    parts = [b"codara sealed value", header, b"imports", b"credential", b"1"]
    bound_to = b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    assert sealed[:1] == b"\x01"
    assert AESGCM(OLD).decrypt(nonce, ciphertext, bound_to) == b"secret"


def test_a_new_key_seals_and_the_old_one_still_opens_until_all_is_resealed():
    sealed = Sealer([OLD]).seal(b"secret", HERE)
    rotating = Sealer([NEW, OLD])

    assert rotating.unseal(sealed, HERE) == b"secret"
    assert not rotating.is_sealed_with_present_key(sealed)
    resealed = rotating.reseal(sealed, HERE)
    assert rotating.is_sealed_with_present_key(resealed)
    assert Sealer([NEW]).unseal(resealed, HERE) == b"secret"
    with pytest.raises(DamagedError, match="key that this appliance does not have"):
        Sealer([NEW]).unseal(sealed, HERE)


def test_a_persons_values_open_with_that_persons_key_only():
    site = Sealer([OLD])
    other_place = Place("people", "data_key", "8")
    wrapped, other = site.new_data_key(PERSON), site.new_data_key(other_place)
    sealed = site.with_data_key(wrapped, PERSON).seal(b"secret", HERE)

    assert site.with_data_key(wrapped, PERSON).unseal(sealed, HERE) == b"secret"
    for stranger in (site, site.with_data_key(other, other_place)):
        with pytest.raises(DamagedError):
            stranger.unseal(sealed, HERE)
    with pytest.raises(DamagedError):
        site.with_data_key(wrapped, other_place)


@pytest.mark.promise("P19")
def test_destroying_a_persons_key_destroys_all_that_it_sealed():
    with pytest.raises(NotFoundError, match=r"people\.data_key of 7 was destroyed"):
        Sealer([OLD]).with_data_key(None, PERSON)


def test_rotating_the_sites_key_rewraps_data_keys_and_leaves_values_alone():
    wrapped = Sealer([OLD]).new_data_key(PERSON)
    sealed = Sealer([OLD]).with_data_key(wrapped, PERSON).seal(b"secret", HERE)
    rewrapped = Sealer([NEW, OLD]).reseal(wrapped, PERSON)

    assert Sealer([NEW]).with_data_key(rewrapped, PERSON).unseal(sealed, HERE) == b"secret"


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, os.urandom(31)]])
def test_keys_of_another_size_are_a_mistake(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(keys)


def test_keys_do_not_print_themselves():
    assert OLD.hex() not in repr(Sealer([OLD]))
    assert repr(Sealer([OLD, NEW])).endswith("keys=2)")
