"""A directory to synchronise with."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.peers.slapd import Directory
from tests.services.synchronising import Corp
from tests.world import World


@pytest.fixture
def corp(world: World, slapd: Directory) -> Corp:
    """The directory, and people in it who are this test's alone."""
    return Corp(world, slapd, f"u{uuid4().hex[:8]}", world.administrator())
