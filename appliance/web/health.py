"""Alive, ready, and the numbers: for load balancers and Prometheus."""

from __future__ import annotations

from http import HTTPStatus

import flask
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from appliance import wiring_health
from appliance.errors import NotFoundError
from appliance.services import health
from appliance.web import metrics, requests

blueprint = flask.Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """This process answers."""
    return flask.jsonify({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Each part that an answer needs, and whether it is there; no details for strangers."""
    parts = health.asked(wiring_health.needed(requests.wiring()))
    conditions = {part.name: part.condition for part in parts}
    is_ready = all(each is health.Condition.WELL for each in conditions.values())
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return flask.jsonify({"status": "ok" if is_ready else "failed", "parts": conditions}), status


@blueprint.get("/metrics")
def numbers() -> ResponseReturnValue:
    """Counters and gauges; to other addresses than the allowed ones, nothing is here."""
    allowed = requests.wiring().settings.server.metrics_addresses
    if not requests.is_internal() and not requests.is_from(allowed):
        raise NotFoundError("There is nothing at this address.")
    return flask.Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)
