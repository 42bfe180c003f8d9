from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UnauthenticatedError
from appliance.security.bearer import BearerTokens

KEY = bytes(range(32))
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ISSUER = "https://codara.example"


@pytest.fixture
def tokens() -> BearerTokens:
    return BearerTokens(KEY, issuer=ISSUER)


def encode(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def forge(header: object, claims: object, *, key: bytes = KEY) -> str:
    """A JWT made by hand, so that our own library has no part in it."""
    signed = f"{encode(header)}.{encode(claims)}"
    return f"{signed}.{encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def good(**changes: object) -> dict[str, object]:
    start = int(NOON.timestamp())
    claims: dict[str, object] = {"iss": ISSUER, "aud": "codara-api", "sub": "1", "jti": "j"}
    claims |= {"iat": start, "nbf": start, "exp": start + 600} | changes
    return {name: value for name, value in claims.items() if value is not None}


HEADER = {"alg": "HS256", "typ": "at+jwt"}


def test_what_was_issued_is_read_back(tokens):
    text = tokens.issue("1", lifetime_seconds=600, now=NOON, claims={"scopes": ["repo:read"]})
    bearer = tokens.read(text, now=NOON)

    assert (bearer.subject, bearer.claims) == ("1", {"scopes": ["repo:read"]})
    assert bearer.issued_at == NOON
    assert bearer.expires_at == NOON + timedelta(minutes=10)


def test_no_two_tokens_have_the_same_id(tokens):
    texts = [tokens.issue("1", lifetime_seconds=600, now=NOON) for _ in range(2)]

    assert len({tokens.read(text, now=NOON).id for text in texts}) == 2


def test_claims_of_ours_cannot_be_overruled(tokens):
    text = tokens.issue("1", lifetime_seconds=60, now=NOON, claims={"sub": "2", "exp": 2**33})

    assert tokens.read(text, now=NOON).subject == "1"
    assert tokens.read(text, now=NOON).expires_at == NOON + timedelta(minutes=1)


@pytest.mark.promise("P8")
def test_a_token_ends_to_the_second(tokens):
    text = tokens.issue("1", lifetime_seconds=600, now=NOON)

    assert tokens.read(text, now=NOON + timedelta(seconds=599))
    with pytest.raises(UnauthenticatedError):
        tokens.read(text, now=NOON + timedelta(seconds=600))
    with pytest.raises(UnauthenticatedError):
        tokens.read(text, now=NOON - timedelta(seconds=1))


def test_a_token_made_by_hand_with_our_key_is_good(tokens):
    assert tokens.read(forge(HEADER, good()), now=NOON).id == "j"


@pytest.mark.promise("P8")
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(forge(HEADER, good(), key=KEY[::-1]), id="another key"),
        pytest.param(forge({"alg": "none", "typ": "at+jwt"}, good()), id="no algorithm"),
        pytest.param(forge({"alg": "HS384", "typ": "at+jwt"}, good()), id="another algorithm"),
        pytest.param(
            forge({"alg": "RS256", "typ": "at+jwt"}, good()), id="a public key's algorithm"
        ),
        pytest.param(forge({"alg": "HS256", "typ": "JWT"}, good()), id="another type"),
        pytest.param(forge({"alg": "HS256"}, good()), id="no type"),
        pytest.param(forge(HEADER | {"crit": ["exp"], "b64": False}, good()), id="critical words"),
        pytest.param(forge(HEADER, good(iss="https://other.example")), id="another issuer"),
        pytest.param(forge(HEADER, good(iss=None)), id="no issuer"),
        pytest.param(forge(HEADER, good(aud="codara-web")), id="another audience"),
        pytest.param(forge(HEADER, good(aud=None)), id="no audience"),
        pytest.param(forge(HEADER, good(exp=None)), id="no end"),
        pytest.param(forge(HEADER, good(exp="never")), id="an end that is no time"),
        pytest.param(forge(HEADER, good(sub=None)), id="nobody"),
        pytest.param(forge(HEADER, good(sub=7)), id="a number for a name"),
        pytest.param(forge(HEADER, good(jti=None)), id="no id"),
        pytest.param(forge(HEADER, good(nbf=int(NOON.timestamp()) + 60)), id="not yet"),
        pytest.param(forge(HEADER, ["a", "list"]), id="a list"),
        pytest.param(forge(HEADER, b"\xff\xfe"), id="no text"),
        pytest.param(forge(HEADER, good()).rpartition(".")[0] + ".", id="no signature"),
        pytest.param("x" * 100_000, id="very long"),
        pytest.param("", id="nothing"),
        pytest.param("é.é.é", id="no ASCII"),
    ],
)
def test_every_other_token_is_refused_in_the_same_words(tokens, forged):
    with pytest.raises(UnauthenticatedError, match="not valid or has expired"):
        tokens.read(forged, now=NOON)


@given(st.text())
def test_any_text_is_refused_and_nothing_worse(text):
    with pytest.raises(UnauthenticatedError):
        BearerTokens(KEY, issuer=ISSUER).read(text, now=NOON)


@given(st.data())
def test_a_changed_character_is_noticed(data):
    tokens = BearerTokens(KEY, issuer=ISSUER)
    text = forge(HEADER, good())
    place = data.draw(st.integers(0, len(text) - 2))  # The last one has bits that mean nothing.
    other = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda c: c != text[place]))

    with pytest.raises(UnauthenticatedError):
        tokens.read(text[:place] + other + text[place + 1 :], now=NOON)


def test_the_key_does_not_print_itself(tokens):
    assert repr(tokens) == "BearerTokens(issuer='https://codara.example')"
