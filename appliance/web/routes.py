"""Every blueprint of the web door, in the order in which addresses are tried."""

from __future__ import annotations

import flask

from appliance.web import health


def install(app: flask.Flask) -> None:
    """Put the pages, the API and the Git door into the application."""
    app.register_blueprint(health.blueprint)
