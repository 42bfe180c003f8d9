"""Security headers on every answer.

Source: OWASP Secure Headers Project; Content Security Policy Level 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import flask

_RULES = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


def policy_for_form(place: str) -> str:
    """The policy of a page whose form leads to that place, and to no other."""
    return _written({**_RULES, "form-action": f"'self' {place}"})


def _written(rules: Mapping[str, str]) -> str:
    return "; ".join(f"{directive} {sources}" for directive, sources in rules.items())


POLICY = _written(_RULES)
# A raw file is somebody else's content under our name: it may show itself and do nothing.
RAW_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'none'; sandbox"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000; includeSubDomains"


def install(app: flask.Flask, *, is_https: bool) -> None:
    """Put the headers on every answer that has not set its own."""

    @app.after_request
    def _add(response: flask.Response) -> flask.Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_https:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if "Cache-Control" not in response.headers:
            # Pages are personal; a shared cache must not keep them, a browser must ask again.
            response.headers["Cache-Control"] = "private, no-cache"
        return response
