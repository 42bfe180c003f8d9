"""What an OpenID provider says of itself.

Source: OpenID Connect Discovery 1.0, sections 3 and 4; RFC 9207 for `iss` in answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from appliance.federation.refused import refused

WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Metadata:
    """Where a provider is asked for what."""

    issuer: str
    authorization: str
    token: str
    keys: str
    user_info: str
    end_session: str
    """Where browsers sign out; empty: nowhere."""
    names_itself: bool
    """Whether each of its answers says by whom it is."""
    takes_basic: bool
    """Whether it takes the client's secret in a header."""


def parse(body: bytes, *, issuer_url: str) -> Metadata:
    """The metadata in an answer.

    Errors:
        AnswerRefusedError: it is none, or that of somebody else.
    """
    found = json_object(body, reason="discovery")
    issuer = found.get("issuer")
    if issuer not in {issuer_url, f"{issuer_url}/"}:
        raise refused("discovery_issuer")
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        issuer=str(issuer),
        authorization=_address(found, "authorization_endpoint", issuer_url),
        token=_address(found, "token_endpoint", issuer_url),
        keys=_address(found, "jwks_uri", issuer_url),
        user_info=_address(found, "userinfo_endpoint", issuer_url, is_needed=False),
        end_session=_address(found, "end_session_endpoint", issuer_url, is_needed=False),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        takes_basic=isinstance(methods, list) and "client_secret_basic" in methods,
    )


def schemes_of(issuer_url: str) -> tuple[str, ...]:
    """The schemes that a provider's addresses may have: http only where its issuer has it."""
    return ("https", "http") if issuer_url.startswith("http:") else ("https",)


def json_object(body: bytes, *, reason: str) -> dict[str, Any]:
    """The JSON object in an answer.

    Errors:
        AnswerRefusedError: it is none.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise refused(reason) from error
    if not isinstance(found, dict):
        raise refused(reason)
    return found


def _address(
    found: Mapping[str, Any], name: str, issuer_url: str, *, is_needed: bool = True
) -> str:
    address = found.get(name, "")
    if not address and not is_needed:
        return ""
    try:
        is_good = isinstance(address, str) and _is_good(address, issuer_url)
    except ValueError:
        is_good = False
    if not is_good:
        raise refused("discovery_addresses")
    return str(address)


def _is_good(address: str, issuer_url: str) -> bool:
    parts = urlsplit(address)
    has_place = bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment
    return has_place and parts.scheme in schemes_of(issuer_url)
