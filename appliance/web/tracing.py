"""A span for each request, where a collector is configured."""

from __future__ import annotations

import flask

from appliance.telemetry import Tracing
from appliance.web import requests


def install(app: flask.Flask, tracing: Tracing) -> None:
    """Trace every request from now on."""
    if not tracing.endpoint:
        return

    @app.before_request
    def _begin() -> None:
        request = flask.request
        route = request.url_rule.rule if request.url_rule else "none"
        span = flask.g.span = tracing.begin(f"{request.method} {route}", dict(request.headers))
        if span is not None:
            span.set_attributes(
                {
                    "http.request.method": request.method,
                    "http.route": route,
                    "codara.request_id": requests.request_id(),
                }
            )

    @app.after_request
    def _note(response: flask.Response) -> flask.Response:
        span = flask.g.get("span")
        if span is not None:
            span.set_attribute("http.response.status_code", response.status_code)
        return response

    @app.teardown_request
    def _end(error: BaseException | None) -> None:
        del error  # What went wrong is an answer by now, and its status is noted.
        span = flask.g.pop("span", None)
        if span is not None:
            span.end()
