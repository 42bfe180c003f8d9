"""What the logs say, and what they never say."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from appliance import logs
logs.configure("info")
def check(password):
    raise ValueError("no luck")
try:
    check("a secret nobody may read")
except ValueError as error:
    structlog.get_logger().error("check.failed", exc_info=error)
    logging.getLogger("library").error("it failed", exc_info=error)
"""


@pytest.mark.promise("P24")
def test_a_traceback_names_places_and_no_values():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["check.failed", "it failed"]
    assert [line["level"] for line in lines] == [logging.getLevelName(40).lower()] * 2
    for line in lines:
        (trace,) = line["exception"]
        assert trace["exc_value"] == "no luck"
        assert trace["frames"][-1]["name"] == "check"
    assert "a secret nobody may read" not in done.stderr
