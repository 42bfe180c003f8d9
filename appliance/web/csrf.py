"""Form tokens: every write from a browser session carries one; writes with a token need none."""

from __future__ import annotations

import flask
from flask_wtf.csrf import CSRFError, CSRFProtect

from appliance.errors import RefusedError, sentence
from appliance.web import requests

protection = CSRFProtect()

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
ELSEWHERE = sentence("This form has expired. Reload the page and try again.")
OTHER_SITES = frozenset({"cross-site", "same-site"})
"""What a browser says of a request that a page elsewhere makes; the second is a neighbouring name
or port. Source: W3C, Fetch Metadata Request Headers."""
# These doors take no cookie as proof, so a forged form could do nothing there. What a SAML or an
# OpenID provider posts, or lets a browser post, is proven by its signature, and by the question
# that this browser keeps.
WITHOUT_COOKIES = frozenset({"git_http", "lfs_http", "internal", "health", "saml", "oidc", "scim"})
# Where a browser goes to a sign-in system, by a plain link. Who comes back from there to link their
# identity has to have gone from a page of ours: at the provider they may be signed in as another.
LEAVING = frozenset({"saml.login", "oidc.login"})


class FormExpiredError(RefusedError):
    """The form was made for another session, or by another site."""

    code = "form_expired"
    http_status = 400
    title = "This form is no longer valid"


def install(app: flask.Flask) -> None:
    """Check the token of every write that relies on a cookie."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # The session ends; its tokens end with it.
    protection.init_app(app)

    @app.before_request
    def _check() -> None:
        request = flask.request
        if not app.config.get("WTF_CSRF_ENABLED", True):
            return
        if request.endpoint in LEAVING and request.args.get("act") == "link":
            _insist_on_own_site()
        if request.method in SAFE_METHODS or request.blueprint in WITHOUT_COOKIES:
            return
        if request.path.startswith("/api/") and not requests.uses_session():
            return
        _insist_on_own_site()
        try:
            protection.protect()
        except CSRFError as error:
            raise FormExpiredError(ELSEWHERE) from error


def _insist_on_own_site() -> None:
    if flask.request.headers.get("Sec-Fetch-Site") in OTHER_SITES:
        raise FormExpiredError(ELSEWHERE)
