from __future__ import annotations

import subprocess
import sys
import threading
import unicodedata

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DamagedError, InvalidError, UnavailableError
from appliance.security.passwords import Hasher, weakness

LONG_AND_UNGUESSABLE = "marble-otter-pancake-17"


@pytest.fixture(scope="module")
def hasher() -> Hasher:
    return Hasher(64, 1)


@pytest.mark.promise("P1")
def test_the_right_password_is_recognised_and_a_wrong_one_is_not(hasher):
    stored = hasher.hash(LONG_AND_UNGUESSABLE)

    assert hasher.verify(stored, LONG_AND_UNGUESSABLE)
    assert not hasher.verify(stored, LONG_AND_UNGUESSABLE + " ")


@pytest.mark.promise("P1")
def test_what_is_stored_is_argon2id_with_its_parameters_and_a_fresh_salt():
    hasher = Hasher(65536, 3)
    stored = hasher.hash(LONG_AND_UNGUESSABLE)

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert stored != hasher.hash(LONG_AND_UNGUESSABLE)
    assert argon2.PasswordHasher().verify(stored, LONG_AND_UNGUESSABLE)


@pytest.mark.promise("P2")
def test_where_nobody_is_the_answer_is_no(hasher):
    assert not hasher.verify(None, LONG_AND_UNGUESSABLE)
    assert not hasher.verify(None, "\udc80")


@pytest.mark.promise("P2")
def test_where_nobody_is_the_same_hash_is_computed():
    hasher = Hasher(64, 1)
    parameters = argon2.extract_parameters(hasher._nobody)

    assert parameters == argon2.extract_parameters(hasher.hash(LONG_AND_UNGUESSABLE))


@pytest.mark.parametrize("password", ["x" * 1025, "\ufdfa" * 300, "\udc80 lone surrogate"])
def test_what_nobody_types_is_neither_hashed_nor_ever_right(hasher, password):
    with pytest.raises(InvalidError):
        hasher.hash(password)
    assert not hasher.verify(hasher.hash(LONG_AND_UNGUESSABLE), password)
    assert weakness(password, minimum_length=12) is not None


def test_a_damaged_hash_is_damage_and_not_a_wrong_password(hasher):
    with pytest.raises(DamagedError):
        hasher.verify("plain text by mistake", LONG_AND_UNGUESSABLE)
    assert hasher.needs_rehash("plain text by mistake")


def test_other_parameters_ask_for_a_new_hash(hasher):
    stored = hasher.hash(LONG_AND_UNGUESSABLE)

    assert not hasher.needs_rehash(stored)
    assert Hasher(128, 1).needs_rehash(stored)
    assert Hasher(64, 2).needs_rehash(stored)


@given(st.text(min_size=1, max_size=40))
def test_every_keyboard_spells_the_same_password(hasher, password):
    stored = hasher.hash(unicodedata.normalize("NFC", password))

    assert hasher.verify(stored, unicodedata.normalize("NFD", password))


def test_only_so_many_are_hashed_at_once(hasher):
    crowded = Hasher(64, 1, at_once=1, patience_seconds=0.01)
    inside, leave = threading.Event(), threading.Event()

    def occupy() -> None:
        with crowded._turn():
            inside.set()
            leave.wait()

    occupant = threading.Thread(target=occupy)
    occupant.start()
    inside.wait()
    with pytest.raises(UnavailableError):
        crowded.verify(None, LONG_AND_UNGUESSABLE)
    leave.set()
    occupant.join()
    assert not crowded.verify(None, LONG_AND_UNGUESSABLE)


@pytest.mark.promise("P3")
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "at least 12"),
        ("ééééé", "at least 12"),
        ("unbelievable", "too common"),
        ("Unbelievable", "too common"),
        ("password1234", "too common"),
        ("Password2024!!", "too common"),
        ("encyclopedia", "too common"),
        ("1q2w3e4r5t6y", "too common"),
        ("aaaaaaaaaaaaaa", "repeats"),
        ("otterotterotter", "repeats"),
        ("passwordpassword", "repeats"),
        ("abcdefghijkl", "alphabet"),
        ("ZYXWVUTSRQPO", "alphabet"),
        ("012345678901", "alphabet"),
        ("qwertyuiopas", "alphabet"),
        ("writer.one@lab.example", "your name or ours"),
        ("writer-codara-1", "your name or ours"),
        ("CodaraPassword", "your name or ours"),
        ("codara-writer-writer", "your name or ours"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password, why):
    words = ["writer", "writer.one@lab.example", "Codara"]

    assert why in (weakness(password, minimum_length=12, words=words) or "")


@pytest.mark.promise("P3")
@pytest.mark.parametrize(
    "password",
    [
        LONG_AND_UNGUESSABLE,
        "correct horse battery staple",
        "all lower case and long",
        "7391582046153",
        "writer likes marble pancakes",
        "Straße nach Überlingen",
        "пароль из шести слов",
        "密码需要足够长才可以使用",
    ],
)
def test_a_good_password_needs_no_capitals_digits_or_signs(password):
    assert weakness(password, minimum_length=12, words=["writer", "al", "Codara", ""]) is None


def test_length_counts_characters_and_not_bytes():
    assert weakness("éñüßøåçîôûàè", minimum_length=12) is None
    assert weakness("éñüßøåçîôûà", minimum_length=12) is not None


@given(st.text(max_size=1100), st.lists(st.text(max_size=20), max_size=5))
def test_judging_never_fails_and_answers_in_one_sentence(password, words):
    answer = weakness(password, minimum_length=12, words=words)

    assert answer is None or (answer.endswith(".") and "\n" not in answer)


def test_nothing_is_read_before_the_first_question_and_the_package_is_never_loaded():
    program = (
        "import sys; from appliance.security import passwords, common_passwords as c;"
        "assert c._lists.cache_info().currsize == 0;"
        "assert passwords.weakness('unbelievable', minimum_length=12);"
        "assert not [name for name in sys.modules if name.startswith('zxcvbn')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
