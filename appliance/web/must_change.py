"""Leads whoever has a password that was given to them to the page where they choose their own, and
whoever owes a second factor to where they set one up.
"""

from __future__ import annotations

import flask

from appliance.web import requests

PAGES = "appliance.web.pages"
OPEN = frozenset({"sign_in", "second_step", "keys_asked"})
OPEN_ENDPOINTS = frozenset({"account.security", "account.change_password"})


def install(app: flask.Flask) -> None:
    """Watch every page. The API and git are not pages: tokens are not made with that password."""

    @app.before_request
    def _lead() -> flask.typing.ResponseReturnValue | None:
        request = flask.request
        blueprint = app.blueprints.get(request.blueprint or "")
        if blueprint is None or not blueprint.import_name.startswith(PAGES):
            return None
        if request.blueprint in OPEN or request.endpoint in OPEN_ENDPOINTS:
            return None
        known = requests.known_session()
        if known is None or known.acting is not None:
            return None
        if known.user.must_change_password:
            return flask.redirect(flask.url_for("account.security"), 303)
        if requests.owes_factor(known) and request.blueprint != "account_factors":
            return flask.redirect(flask.url_for("account_factors.listing"), 303)
        return None
