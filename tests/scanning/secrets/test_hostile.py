"""No text makes a scan long: what is looked at grows with the text and has a ceiling."""

from __future__ import annotations

import base64

import pytest

from appliance.scanning.secrets import rules
from appliance.scanning.secrets.matching import most_candidates
from appliance.scanning.secrets.rules import Ruleset
from appliance.scanning.secrets.scanner import TOO_MANY_CANDIDATES, SecretScanner

SIZE = 120_000
ANYTHING = rules.parse(
    {
        "id": "anything",
        "title": "Anything",
        "lane": "review",
        "severity": "low",
        "pattern": "[ab]{2}",
        "keywords": ["*"],
        "matches": ["ab"],
        "refuses": ["c"],
    },
    {"provider": "Lab", "cure": "None."},
    where="here",
)
SNAKES = {
    "one letter": b"a",
    "one token": b"ghp_",
    "tokens": b"ghp_Zq7Rk2Wm9Xc4Vb8Nt6Yh3Jd5Lf1PgS4Ab9Zq ",
    "names": b"password=",
    "names and values": b'password = "Kx7mQ2vLw9" ',
    "nested names": b"secret_token_key_password=",
    "keys": b"-----BEGIN RSA PRIVATE KEY-----\n",
    "addresses": b"https://a:b@",
    "base64": base64.b64encode(b"words and more words, "),
    "base64 of base64": base64.b64encode(base64.b64encode(b"words and more words, ") + b"\n"),
    "escapes": b"%41%42",
    "seams": b'"+"',
    "lines that go on": b"\\\n",
    "quotes": b"\"'\"'",
    "zeros": b"\0",
    "every other zero": b"a\0",
    "json": b'{"a":',
    "machines": b"machine a login b password ",
    "jwt": b"eyJhbGciOiJIUzI1NiJ9.eyJhbGciOiJIUzI1NiJ9.",
    "connection": b"Server=a;",
}


@pytest.mark.parametrize("snake", SNAKES)
def test_a_text_of_one_piece_has_an_end(deep, snake):
    data = (SNAKES[snake] * SIZE)[:SIZE]

    found = deep.scan(data, "some/file")

    assert len(found.findings) + len(found.rejections) <= 3 * most_candidates(data)


def test_too_many_candidates_are_named(scanner):
    flood = b" AKIA7QW3RM5TX2KD6PZB" * 9000

    assert scanner.scan(flood * 2).is_complete
    assert scanner.scan(flood.replace(b" ", b"")).is_complete

    slim = SecretScanner(Ruleset((ANYTHING,)))
    assert slim.scan(b"ab" * SIZE).skipped == (TOO_MANY_CANDIDATES,)
