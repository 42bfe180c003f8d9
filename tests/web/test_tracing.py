"""Traces go to the collector that is configured, and nowhere else."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from appliance.telemetry import Tracing
from appliance.web import tracing
from appliance.web.app import create_app

ROOT = Path(__file__).parents[2]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def collector():
    """What an OpenTelemetry collector on the loopback address receives."""
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
        server.shutdown()
        thread.join()


def test_a_request_is_a_span_in_its_callers_trace(world, collector):
    address, received = collector
    app = create_app(world.wiring)
    traces = Tracing(address, "web")
    tracing.install(app, traces)

    answer = app.test_client().get(
        "/healthz?secret=word", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    )
    traces.flush()

    sent = b"".join(received)
    assert b"GET /healthz" in sent
    assert bytes.fromhex(TRACE) in sent
    assert answer.headers["X-Request-Id"].encode() in sent
    assert b"codara-web" in sent
    assert b"secret" not in sent


def test_a_job_is_a_span(collector):
    address, received = collector
    traces = Tracing(address, "worker")

    with traces.span("repo.fork", attempt=1):
        pass
    traces.flush()

    assert b"repo.fork" in b"".join(received)


def test_without_a_collector_nothing_of_it_is_imported():
    program = (
        "HEAVY = ('opentelemetry.exporter', 'opentelemetry.sdk.trace');"
        "import sys; import appliance.web.app; from appliance.telemetry import Tracing;"
        "traces = Tracing('', 'web')\n"
        "with traces.span('nothing'): pass\n"
        "print([each for each in sys.modules if each.startswith(HEAVY)])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert finished.stdout.strip() == "[]", finished.stderr
