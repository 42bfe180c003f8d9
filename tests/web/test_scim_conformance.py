"""The door of SCIM, served as it is in life, does what scim2-tester checks."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.peers.appliance import ROOT, serve
from tests.web.scim_clients import client

LEAST = 100
"""Checks that it makes: none may be left out because discovery failed."""


# On one database: what is different on the other is asked by `test_scim_filters.py`.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_scim2_tester_finds_nothing(world):
    token = client(world).token
    with serve(world) as served:
        address = f"{served.url}/scim/v2"
        told = subprocess.run(
            [sys.executable, "-m", "tests.web.scim_tester", address],
            input=token,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )

    found = json.loads(told.stdout)
    assert found["checks"] > LEAST
    assert found["wrong"] == [], "\n".join(found["wrong"])
