"""Checksums inside secrets, against what their sources publish."""

import base64
import binascii
import secrets
from zlib import crc32

import pytest

from appliance.scanning.secrets import checksums
from appliance.security import tokens

BODY = "Zq7Rk2Wm9Xc4Vb8Nt6Yh3Jd5Lf1PgS"


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("crc32-base62-body", f"ghp_{BODY}{checksums.in_base62(crc32(BODY.encode()))}"),
        ("crc32-base62-all", tokens.mint()),
        ("crc32-hex-little", f"glsa_x_{crc32(b'glsa_x').to_bytes(4, 'little').hex()}"),
        # Source: BIP 173, section "Test vectors".
        ("bech32", "A12UEL5L"),
        ("bech32", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"),
    ],
    ids=["github", "ours", "grafana", "bech32", "bech32-long"],  # The same in every worker.
)
def test_a_checksum_fits_until_a_character_changes(kind, secret):
    fits = checksums.KINDS[kind]

    assert fits(secret)
    assert not fits(secret[:-1] + ("3" if secret[-1] != "3" else "4"))


def test_a_routable_token_ends_in_its_checksum():
    begin = "glpat-bzoxCnU6MgpDAvq7Rk2Wm9Xc4Vb8Nt6Yh.0w"
    digits = checksums.in_base(crc32(begin.encode()), checksums.BASE36).rjust(7, "0")

    assert checksums.routable(begin + digits)
    assert not checksums.routable(begin.replace("z", "y") + digits)


def test_a_key_of_curve25519_is_clamped():
    key = bytearray(secrets.token_bytes(32))
    key[0], key[31] = key[0] & 248, key[31] & 127 | 64

    assert checksums.curve25519(base64.b64encode(key).decode())
    key[0] |= 1
    assert not checksums.curve25519(base64.b64encode(key).decode())
    assert not checksums.curve25519("no base64!")


def test_a_seed_of_nats_ends_in_its_checksum():
    key = bytes([18 << 3, 0]) + secrets.token_bytes(32)
    ends = binascii.crc_hqx(key, 0)

    seed = base64.b32encode(key + ends.to_bytes(2, "little")).decode().rstrip("=")
    other = base64.b32encode(key + (ends ^ 1).to_bytes(2, "little")).decode().rstrip("=")

    assert checksums.crc16_base32(seed)
    assert not checksums.crc16_base32(other)
    assert not checksums.crc16_base32("no base32!")


@pytest.mark.parametrize("kind", sorted(checksums.KINDS))
@pytest.mark.parametrize("secret", ["", "_", "x", "1", "glpat-", "ü" * 40, "_" * 9])
def test_no_text_is_too_strange(kind, secret):
    assert checksums.KINDS[kind](secret) in {True, False}
