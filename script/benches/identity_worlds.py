"""Appliances with nobody in them, on each database."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from appliance.db import schema
from appliance.db.engine import make_engine, sqlite_url
from tests.peers.postgresql import start_postgresql
from tests.world import World

AS_DELIVERED = {
    "CODARA_SIGN_IN__ARGON2_MEMORY_KIB": str(64 * 1024),
    "CODARA_SIGN_IN__ARGON2_PASSES": "3",
    "CODARA_SERVER__WEB_PROCESSES": "2",
    "CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE": "true",
}
"""What tests make cheaper, as it is where nobody says otherwise."""


@contextmanager
def on_sqlite(**environment: str) -> Generator[World]:
    """One on a file."""
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        yield from _world(home, sqlite_url(home / "codara.db"), environment)


@contextmanager
def on_postgresql(**environment: str) -> Generator[World]:
    """One on a server of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="codara-bench-") as folder,
        start_postgresql() as server,
    ):
        home = Path(folder) / "home"
        home.mkdir()
        yield from _world(home, server.create("bench"), environment)


WORLDS = {"SQLite": on_sqlite, "PostgreSQL": on_postgresql}


def chosen(
    only: str = "", **environment: str
) -> dict[str, Callable[[], AbstractContextManager[World]]]:
    """Those databases, by name, whose name holds this; with more settings."""
    return {
        name: partial(opened, **environment)
        for name, opened in WORLDS.items()
        if only.lower() in name.lower()
    }


def _world(home: Path, url: str, environment: dict[str, str]) -> Generator[World]:
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    world = World(home, url, **AS_DELIVERED, **environment)
    try:
        yield world
    finally:
        world.close()
