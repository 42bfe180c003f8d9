"""A world behind an address, and the command line that asks it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from werkzeug.serving import make_server

from appliance.cli.__main__ import main
from tests.world import World

Say = Callable[..., Any]
"""Says a command and gives what it answers; with `status`, it must end so."""


@contextmanager
def serving(app: Any, place: str = "127.0.0.1") -> Iterator[str]:
    """The application's address, or that it answers at the socket of a place, as `unix://…`.

    Its log is silent: it would be taken for what a command says.
    """
    before, werkzeug = structlog.get_config(), logging.getLogger("werkzeug")
    level = werkzeug.level
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    werkzeug.setLevel(logging.ERROR)
    server = make_server(place, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        werkzeug.setLevel(level)
        structlog.configure(**before)


@contextmanager
def saying(
    world: World, who: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Say]:
    """Commands over the network in somebody's name."""
    monkeypatch.delenv("CODARA_HOME", raising=False)
    monkeypatch.setenv("CODARA_TOKEN", world.token(who))

    def say(*words: str, status: int = 0) -> Any:
        capsys.readouterr()
        code = main([*words, "--json"])
        captured = capsys.readouterr()
        assert code == status, captured.err
        return json.loads(captured.out) if captured.out else None

    with serving(world.app) as url:
        monkeypatch.setenv("CODARA_URL", url)
        yield say
