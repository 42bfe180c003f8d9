"""Alive, ready, and the numbers: for load balancers and Prometheus."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

blueprint = flask.Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """This process answers."""
    return flask.jsonify({"status": "ok"})
