"""Transfers take half of the threads; the rest answers pages and hooks."""

from __future__ import annotations

import base64
import socket
import threading
from urllib.parse import urlsplit

import pytest
import requests as http

from appliance.domain.permissions import Role
from appliance.errors import UnavailableError
from appliance.web.git_slots import GitSlots
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token


def test_half_of_the_threads_are_given_and_given_back_once():
    slots = GitSlots(4, patience_seconds=0)
    first, second = slots.take(), slots.take()

    with pytest.raises(UnavailableError) as refused:
        slots.take()
    first.release()
    first.release()
    third = slots.take()
    with pytest.raises(UnavailableError):
        slots.take()

    assert refused.value.retry_after_seconds > 0
    second.release()
    third.release()


def test_who_waits_gets_the_slot_that_is_given_back():
    slots = GitSlots(2, patience_seconds=60)
    held, got = slots.take(), []
    waiting = threading.Thread(target=lambda: got.append(slots.take()))
    waiting.start()

    held.release()
    waiting.join(60)

    assert len(got) == 1


def test_only_a_few_may_wait():
    slots = GitSlots(4, patience_seconds=60)
    held = [slots.take(), slots.take()]
    waiting = threading.Thread(target=slots.take)
    waiting.start()
    while slots._waiting.acquire(blocking=False):
        slots._waiting.release()

    with pytest.raises(UnavailableError):
        slots.take()
    for slot in held:
        slot.release()
    waiting.join(60)


def test_pages_answer_while_every_slot_is_taken(world, tmp_path):
    world.repository("lab/notes")
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")
    git = GitClient(tmp_path / "person")
    copy = git.working_copy(tmp_path / "copy")
    with serve(world, CODARA_SERVER__WEB_THREADS="8") as served:
        remote = served.remote("lab/notes", token(world, writer))
        git("push", "-q", remote, "main", at=copy)
        # Bodies that never end: each holds a thread and a slot until it is closed.
        halves = [_half_a_fetch(remote) for _ in range(4)]
        page = http.get(f"{served.url}/healthz", timeout=60)
        busy = _ask_until_busy(f"{remote}/info/refs?service=git-upload-pack")
        for half in halves:
            half.close()
        git("clone", "-q", remote, "again", at=tmp_path)

    assert page.status_code == 200
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")


def _ask_until_busy(address):
    """The answer once the server has got to all that was sent before; or any after many tries."""
    answer = None
    for _ in range(200):
        answer = http.get(address, timeout=60)
        if answer.status_code == 503:
            break
    return answer


def _half_a_fetch(remote):
    """A request whose body has begun and does not go on; gives its connection."""
    parts = urlsplit(remote)
    credentials = base64.b64encode(f"git:{parts.password}".encode()).decode()
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    head = (
        f"POST {parts.path}/git-upload-pack HTTP/1.1\r\nHost: {parts.hostname}\r\n"
        f"Authorization: Basic {credentials}\r\n"
        "Content-Type: application/x-git-upload-pack-request\r\n"
        "Git-Protocol: version=2\r\nContent-Length: 1000\r\n\r\n0014command=ls-refs\n"
    )
    connection.sendall(head.encode())
    return connection
