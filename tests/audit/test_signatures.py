"""Signatures are judged as `cryptography` judges them; stricter where one has two spellings."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import ed25519, mldsa, note
from tests.audit.signers import Signer, signed, witness

KEYS = st.binary(min_size=32, max_size=32).map(Ed25519PrivateKey.from_private_bytes)
TEXT = "codara.test/audit/instance\n7\n" + "A" * 43 + "=\n"
# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
OF_THE_RFC = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
            "6bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d"
            "8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6"
            "594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), OF_THE_RFC)
def test_the_examples_of_the_rfc_are_good(key, message, signature):
    assert ed25519.is_signed(*map(bytes.fromhex, (key, message, signature)))


@settings(max_examples=40, deadline=None)
@given(KEYS, st.binary(max_size=80), st.integers(0, 511))
def test_a_good_signature_is_good_and_one_bit_makes_it_bad(private, message, bit):
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8

    assert ed25519.is_signed(public, message, signature)
    assert not ed25519.is_signed(public, message + b"x", signature)
    assert not ed25519.is_signed(public, message, bytes(changed))


def test_no_signature_has_a_second_spelling():
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = private.public_key().public_bytes_raw(), private.sign(b"x")
    response = int.from_bytes(signature[32:], "little") + ed25519.ORDER

    assert not ed25519.is_signed(public, b"x", signature[:32] + response.to_bytes(32, "little"))


@pytest.mark.parametrize("y", [1, ed25519.PRIME - 1, 0, ed25519.PRIME, ed25519.PRIME + 1])
def test_a_key_under_which_anything_is_signed_is_refused(y):
    """With such a key, the signature of nothing is good for one message in eight, or for all."""
    key = y.to_bytes(32, "little")
    commitment = (1).to_bytes(32, "little")

    for message in range(16):
        assert not ed25519.is_signed(key, bytes([message]), commitment + bytes(32))


@settings(max_examples=4, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 2419))
def test_ml_dsa_is_judged_as_its_signer_judges(seed, message, place):
    private = MLDSA44PrivateKey.from_seed_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    changed = bytearray(signature)
    changed[place] ^= 1

    assert mldsa.is_signed(public, message, signature)
    assert not mldsa.is_signed(public, message + b"x", signature)
    assert not mldsa.is_signed(public, message, bytes(changed))
    assert not mldsa.is_signed(public, message, private.sign(message, b"context"))


def test_a_cosignature_holds_for_its_time_only():
    signer = witness("revision")
    found = note.parse(signed(TEXT, [signer]))
    (line,) = found.signatures
    later = (int.from_bytes(line.data[:8], "big") + 1).to_bytes(8, "big") + line.data[8:]

    assert note.is_good(signer.key, TEXT, line.data)
    assert not note.is_good(signer.key, TEXT, later)
    assert note.time_of(signer.key, line.data) == 1_790_000_000


def test_a_signature_of_one_kind_is_none_of_another():
    """The same key bytes and name; the id tells the kinds apart, and what is signed does too."""
    plain, cosigner = Signer("a", seed="s"), Signer("a", note.Kind.COSIGNATURE_ED25519, seed="s")
    (line,) = note.parse(signed(TEXT, [plain])).signatures

    assert plain.key.public == cosigner.key.public
    assert plain.key.id != cosigner.key.id
    assert not note.is_good(cosigner.key, TEXT, bytes(8) + line.data)


@pytest.mark.parametrize(
    "data",
    [
        b"text\n\n",
        b"text\n\xe2\x80\x94 a AAAAAAA=\n",
        b"te\rxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a AAAA\n",
        b"text\n\n- a AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAA=\n",
    ],
)
def test_what_is_no_note_is_refused(data):
    with pytest.raises(note.NoteError):
        note.parse(data)


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a b\n1\n" + "A" * 43 + "=\n",
        "a\n1\n" + "A" * 42 + "B=\n",
        "a\n1\n" + "A" * 43 + "=\nmore\n",
        "a\n1\n" + "A" * 44 + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(note.NoteError):
        note.checkpoint(text)
