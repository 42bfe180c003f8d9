"""Short-lived bearer tokens: a JWT of minutes in exchange for an access token (RFC 7519, RFC 8725).

One algorithm, one issuer, one audience, all fixed here; a token that names others is no token.
Only this appliance reads them, so a shared key (HS256) serves and no public key must be spread.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from appliance.errors import UnauthenticatedError, sentence

ALGORITHM = "HS256"
TYPE = "at+jwt"  # RFC 9068, section 2.1: an access token and nothing else we might ever sign.
LONGEST_TEXT = 4096
RESERVED = frozenset({"iss", "aud", "sub", "iat", "nbf", "exp", "jti"})

# One answer for every reason, because a stranger may be asking.
NOT_VALID = sentence("This token is not valid or has expired. Ask for a new one.")


@dataclass(frozen=True)
class Bearer:
    """What a valid token says: for whom, until when, and what its issuer added."""

    subject: str
    id: str
    issued_at: datetime
    expires_at: datetime
    claims: Mapping[str, object] = field(default_factory=dict)


class BearerTokens:
    """Issues and reads the tokens of one appliance."""

    def __init__(self, key: bytes, *, issuer: str, audience: str = "codara-api") -> None:
        self._key = OctKey.import_key(key)
        self._issuer = issuer
        self._audience = audience

    def __repr__(self) -> str:
        return f"BearerTokens(issuer={self._issuer!r})"

    def issue(
        self,
        subject: str,
        *,
        lifetime_seconds: int,
        now: datetime,
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """A token for `subject`; `claims` are JSON values that `read` gives back."""
        issued_at = int(now.timestamp())
        payload = {
            **{name: value for name, value in (claims or {}).items() if name not in RESERVED},
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + lifetime_seconds,
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE}, payload, self._key, [ALGORITHM])

    def read(self, text: str, *, now: datetime) -> Bearer:
        """What a token says, if it is ours and valid now.

        Errors:
            UnauthenticatedError: it is not; the message does not say why.
        """
        if len(text) > LONGEST_TEXT:
            raise UnauthenticatedError(NOT_VALID)
        try:
            token = jwt.decode(text, self._key, [ALGORITHM])
            self._rules(now).validate(token.claims)
        except (JoseError, ValueError, TypeError) as error:
            raise UnauthenticatedError(NOT_VALID) from error
        if token.header.get("typ") != TYPE or not isinstance(token.claims["sub"], str):
            raise UnauthenticatedError(NOT_VALID)
        return _bearer(token.claims)

    def _rules(self, now: datetime) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=0,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            jti={"essential": True},
            iat={"essential": True},
            nbf={"essential": True},
            exp={"essential": True},
        )


def _bearer(claims: Mapping[str, object]) -> Bearer:
    issued_at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(str(claims["iat"])))
    expires_at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(str(claims["exp"])))
    return Bearer(
        subject=str(claims["sub"]),
        id=str(claims["jti"]),
        issued_at=issued_at,
        expires_at=expires_at,
        claims={name: value for name, value in claims.items() if name not in RESERVED},
    )
