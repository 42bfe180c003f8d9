"""Every blueprint of the web door, in the order in which addresses are tried."""

from __future__ import annotations

import flask

from appliance.web import health
from appliance.web.api import describe
from appliance.web.pages import sign_in


def install(app: flask.Flask) -> None:
    """Put the pages, the API and the Git door into the application."""
    app.register_blueprint(health.blueprint)
    app.register_blueprint(describe.blueprint)
    app.register_blueprint(sign_in.pages)
