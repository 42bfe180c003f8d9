"""A whole appliance for clients of programs, and a repository in it."""

from __future__ import annotations

import pytest

from appliance.domain.ids import new_id
from codara_client import Client, connect
from tests.cli.conftest import Appliance, appliance

__all__ = ["appliance"]


@pytest.fixture
def client(appliance: Appliance) -> Client:
    """The appliance, as its administrator sees it."""
    return connect(appliance.url, appliance.token)


@pytest.fixture
def notes(client: Client) -> str:
    """The name of a new repository of the administrator's, who is `admin`."""
    name = f"notes-{new_id().hex[-8:]}"
    client.call("POST", "/repos", {"owner": "admin", "name": name})
    return name
