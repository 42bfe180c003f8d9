"""Merge queues by the command line: opened, filled, put in order, paused, closed."""

from __future__ import annotations

import json
import logging
import threading

import pytest
import structlog
from werkzeug.serving import make_server

from appliance.cli.__main__ import main
from tests.services.pulling import NOTES, Place

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUEUE = ("repo", "merge-queue")


@pytest.fixture
def url(world, monkeypatch):
    """The address of a world with a pull request, whose log is silent."""
    place = Place(world)
    place.topic()
    place.open(title="Two")
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    monkeypatch.setattr(logging.getLogger("werkzeug"), "level", logging.ERROR)
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    structlog.configure(**before)


@pytest.fixture
def say(world, url, monkeypatch, capsys, tmp_path):
    """Say a command as the maintainer; gives its exit status and what it answered."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CODARA_URL", url)
    monkeypatch.setenv("CODARA_TOKEN", world.token("maintainer"))

    def say_it(*words: str):
        capsys.readouterr()
        code = main([*words, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    return say_it


def test_a_queue_is_opened_filled_and_closed(say):
    _, made = say(*QUEUE, "set", NOTES, "--check", "build", "--together", "2")
    assert (made["branch"], made["checks"], made["together"]) == ("main", ["build"], 2)
    assert say(*QUEUE, "pause", NOTES)[1]["paused"] is True

    assert say("pr", "queue", NOTES, "1", "--priority", "low")[0] == 0
    assert say("pr", "prioritise", NOTES, "1", "high")[0] == 0
    (entry,) = say(*QUEUE, "show", NOTES)[1]["entries"]
    assert (entry["number"], entry["title"], entry["priority"]) == (1, "Two", "high")
    assert say("pr", "unqueue", NOTES, "1")[0] == 0
    assert say(*QUEUE, "resume", NOTES)[1]["entries"] == []

    assert say(*QUEUE, "close", NOTES, "--dry-run")[0] == 0
    assert say(*QUEUE, "close", NOTES, "--yes")[0] == 0
    assert say(*QUEUE, "show", NOTES)[0] == 4
    assert say("pr", "queue", NOTES, "1")[0] == 5
