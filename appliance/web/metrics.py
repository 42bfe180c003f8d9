"""Numbers for Prometheus: requests are counted here, the rest is looked up when somebody asks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import flask
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from appliance import version, wiring_health
from appliance.domain.identity import appliance
from appliance.errors import ApplianceError
from appliance.services import health, jobs
from appliance.web import requests
from appliance.wiring import Wiring

# Set before this module is read where several web processes add up their numbers.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted as one: whoever invents some must not make the counters grow without end."""
OTHER = "other"
_place: int | None = None


def take_place(number: int) -> None:
    """Count in this place from now on: processes follow each other, their files need not add up."""
    global _place  # noqa: PLW0603 - The library asks a function who it is, and hands it nothing.
    _place = number


def _who() -> str:
    return f"web-{_place}" if _place else str(os.getpid())


if os.environ.get(SHARED_FOLDER):
    values.ValueClass = values.MultiProcessValue(_who)  # type: ignore[no-untyped-call]  # The library is half typed.

REQUESTS = Counter("codara_http_requests", "Requests answered.", ("method", "endpoint", "status"))
DURATIONS = Histogram(
    "codara_http_request_seconds",
    "Seconds from a request to the beginning of its answer.",
    ("endpoint",),
    buckets=SECONDS,
)


class Parts(Collector):
    """How each part is and how many jobs there are, looked up for each scrape."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def collect(self) -> Iterator[Metric]:
        """The numbers of this moment."""
        release = GaugeMetricFamily("codara_release", "Which release runs.", labels=["release"])
        release.add_metric([version.RELEASE], 1)
        yield release
        up = GaugeMetricFamily("codara_part_up", "Whether a part is well.", labels=["part"])
        for part in health.asked(wiring_health.needed(self._wiring)):
            up.add_metric([part.name], part.condition is health.Condition.WELL)
        yield up
        states = GaugeMetricFamily("codara_jobs", "Jobs by state.", labels=["state"])
        try:
            # A scrape has no user; what it learns here are four counts.
            with self._wiring.database.reading(appliance()) as work:
                for state, number in jobs.count_by_state(work).items():
                    states.add_metric([state], number)
        except ApplianceError:
            return  # The database's own line says 0.
        yield states


def install(app: flask.Flask) -> None:
    """Count every request from now on."""

    @app.before_request
    def _start() -> None:
        flask.g.counting_since = time.perf_counter()

    @app.after_request
    def _finish(response: flask.Response) -> flask.Response:
        endpoint = flask.request.endpoint or "none"
        method = flask.request.method if flask.request.method in METHODS else OTHER
        REQUESTS.labels(method, endpoint, response.status_code).inc()
        since = flask.g.get("counting_since")
        if since is not None:
            DURATIONS.labels(endpoint).observe(time.perf_counter() - since)
        return response


def text() -> bytes:
    """Everything, in Prometheus's format."""
    parts = CollectorRegistry()
    parts.register(Parts(requests.wiring()))
    counted = REGISTRY
    if os.environ.get(SHARED_FOLDER):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # The library is half typed.
    return generate_latest(counted) + generate_latest(parts)
