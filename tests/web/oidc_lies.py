"""The attack table of OpenID: ID tokens made from true ones, and why each is refused."""

from __future__ import annotations

from typing import Any

SHARED = "c2hhcmVkIGJ5IGV2ZXJ5Ym9keSB3aG8gcmVhZHMgdGhlIGtleXM"
LIES: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"claims": {"iss": "https://elsewhere.test"}}, "issuer"),
    "another audience": ({"claims": {"aud": "another"}}, "audience"),
    "no audience": ({"claims": {"aud": None}}, "audience"),
    "several audiences, no party": ({"claims": {"aud": ["basic", "b"]}}, "authorized_party"),
    "another party": ({"claims": {"azp": "another"}}, "authorized_party"),
    "another nonce": ({"claims": {"nonce": "of another attempt"}}, "nonce"),
    "no nonce": ({"claims": {"nonce": None}}, "nonce"),
    "expired": ({"claims": {"exp": 1_700_000_000}}, "expired"),
    "never expires": ({"claims": {"exp": None}}, "moments"),
    "expires in words": ({"claims": {"exp": "tomorrow"}}, "moments"),
    "of tomorrow": ({"claims": {"iat": 4_000_000_000}}, "not_yet"),
    "not yet": ({"claims": {"nbf": 4_000_000_000}}, "not_yet"),
    "another access token": (
        {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
        "access_token_hash",
    ),
    "somebody else": ({"claims": {"sub": "administrator"}}, "user_info_subject"),
    "nobody": ({"claims": {"sub": None}}, "subject"),
    "unsigned": ({"header": {"alg": "none"}, "by": "nobody"}, "algorithm"),
    "unsigned, in capitals": ({"header": {"alg": "NONE"}, "by": "nobody"}, "algorithm"),
    "signed with the public key": ({"header": {"alg": "HS256"}, "by": "public key"}, "algorithm"),
    "signature taken off": ({"by": "nobody"}, "signature"),
    "changed after signing": (
        {"claims": {"sub": "administrator"}, "by": "no one in particular"},
        "signature",
    ),
    "another key": ({"by": "another key"}, "signature"),
    "another key's name": ({"header": {"kid": "another"}}, "unknown_key"),
    "its own key inside": (
        {"header": {"jwk": {"kty": "RSA", "e": "AQAB", "n": "AQAB"}}, "by": "another key"},
        "signature",
    ),
    "its own key elsewhere": (
        {"header": {"jku": "https://elsewhere.test/jwks"}, "by": "another key"},
        "signature",
    ),
    "its own certificate elsewhere": (
        {"header": {"x5u": "https://elsewhere.test/x5c"}, "by": "another key"},
        "signature",
    ),
    "a key by a path": ({"header": {"kid": "../../../../dev/null"}}, "unknown_key"),
    "a key by a query": ({"header": {"kid": "' OR 1=1 --"}}, "unknown_key"),
    "a key by a number": ({"header": {"kid": 7}}, "token_form"),
    "a shared secret among the keys": (
        {"header": {"alg": "HS256", "kid": "shared"}, "by": "shared secret"},
        "algorithm",
    ),
    "a shared secret as a public key": (
        {"header": {"kid": "shared"}, "by": "no one in particular, with another header"},
        "unknown_key",
    ),
    "an algorithm that encrypts": ({"header": {"alg": "RSA-OAEP"}, "by": "nobody"}, "algorithm"),
    "an algorithm of another key": ({"header": {"alg": "ES256"}, "by": "nobody"}, "unknown_key"),
    "an audience in a list in a list": ({"claims": {"aud": [["basic"]]}}, "audience"),
    "several audiences, another party": (
        {"claims": {"aud": ["basic", "b"], "azp": "b"}},
        "authorized_party",
    ),
    "issuers in a list": ({"claims": {"iss": ["https://elsewhere.test"]}}, "issuer"),
    "nonces in a list": ({"claims": {"nonce": ["n"]}}, "nonce"),
    "an empty nonce": ({"claims": {"nonce": ""}}, "nonce"),
    "expires by a yes": ({"claims": {"exp": True}}, "moments"),
    "of no time": ({"claims": {"iat": None}}, "moments"),
    "not yet, in words": ({"claims": {"nbf": "tomorrow"}}, "not_yet"),
    "a party by a number": ({"claims": {"azp": 1}}, "authorized_party"),
    "an access token's hash by a number": ({"claims": {"at_hash": 1}}, "access_token_hash"),
    "somebody by a number": ({"claims": {"sub": 7}}, "subject"),
    "a logout token": (
        {
            "claims": {
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
                "nonce": None,
            },
            "header": {"typ": "logout+jwt"},
        },
        "nonce",
    ),
    "a condition we do not know": ({"header": {"crit": ["b64"], "b64": True}}, "token_form"),
}
