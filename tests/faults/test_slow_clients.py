"""Clients that stop, trickle or never hang up hold some threads for a while, and never all."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import sqlalchemy as sa
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData

from appliance.db.organisations import Organisation
from appliance.domain.permissions import Role
from appliance.web.paced_socket import FAREWELL, HEAD, HEAD_BYTES, PAGE, Pace, PacedSocket
from tests.peers.appliance import serve

pytestmark = pytest.mark.promise("P24")
THREADS = 8
MANY = 3 * THREADS
PATIENCE_SECONDS = 60
KIB = 1024
MIB = 1024 * KIB
NEVER_A_REQUEST = {"nothing", "half-a-line", "half-a-head"}
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def head(method, path, *lines: str, length=None):
    """The head of a request, perhaps with a body of some length to come."""
    named = [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: here", *named, *lines, "", ""]).encode()


@pytest.fixture
def served(world):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    with serve(world, CODARA_SERVER__WEB_THREADS=str(THREADS)) as served:
        yield served


@pytest.fixture
def connections():
    with ExitStack() as stack:
        yield stack


def connect(served, connections, said=b"", *, over_tcp=True):
    """A connection on which something has been said."""
    if over_tcp:
        address = urlsplit(served.url)
        client = socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS)
    else:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(os.fspath(served.world.home / "run/web.sock"))
    connections.enter_context(client)
    client.sendall(said)
    return client


def everything(client):
    """All that the server says before it ends the connection."""
    said = b""
    try:
        while chunk := client.recv(64 * KIB):
            said += chunk
    except ConnectionError:
        return said
    return said


def is_over(client):
    """Whether the server has answered or gone."""
    return bool(select.select([client], [], [], 0)[0])


def answers(served):
    """Whether a page is answered."""
    return requests.get(f"{served.url}/sign-in", timeout=PATIENCE_SECONDS).status_code == 200


def beginnings(world):
    """Requests that are begun, one of each class; none of them is ever finished."""
    secret = world.token("writer")
    basic = base64.b64encode(f"git:{secret}".encode()).decode()
    as_git, as_writer = f"Authorization: Basic {basic}", f"Authorization: Bearer {secret}"
    kinds = {
        "push": "application/x-git-receive-pack-request",
        "fetch": "application/x-git-upload-pack-request",
        "form": "application/x-www-form-urlencoded",
        "json": "application/json",
        "lfs": "application/vnd.git-lfs+json",
    }
    told = {name: f"Content-Type: {kind}" for name, kind in kinds.items()}
    git = "/lab/notes.git"
    return {
        "nothing": b"",
        "half-a-line": b"GET /sig",
        "half-a-head": head("GET", "/sign-in")[:-2],
        "form": head("POST", "/sign-in", told["form"], length=1000) + b"user=wr",
        "api": head("POST", "/api/v1/orgs", as_writer, told["json"], length=1000) + b'{"na',
        "unread": head("POST", "/nowhere", told["form"], length=1000) + b"some",
        "push": head("POST", f"{git}/git-receive-pack", as_git, told["push"], length=1000) + b"00",
        "fetch": head("POST", f"{git}/git-upload-pack", as_git, told["fetch"], length=1000) + b"00",
        "lfs": head("POST", f"{git}/info/lfs/objects/batch", as_git, told["lfs"], length=1000),
        "chunks": head("POST", "/sign-in", told["form"], "Transfer-Encoding: chunked")
        + b"40\r\nus",
    }


@sqlite
def test_many_clients_that_stop_leave_room_for_a_page(served, connections):
    begun = beginnings(served.world)
    clients = {
        name: [connect(served, connections, said) for _ in range(MANY)]
        for name, said in begun.items()
    }

    assert answers(served)
    # Transfers keep half of the threads for their patience; all others are ended soon.
    for name in begun.keys() - {"push", "fetch"}:
        said = {everything(client)[:12] for client in clients[name]}
        assert said == {b"" if name in NEVER_A_REQUEST else b"HTTP/1.1 408"}, name
    assert answers(served)


@sqlite
def test_many_clients_that_trickle_leave_room_for_a_page(served, connections):
    said = head("POST", "/sign-in", "Content-Type: text/plain", length=10 * MIB)
    clients = {connect(served, connections, said) for _ in range(MANY)}
    while clients:
        assert answers(served)
        clients -= {client for client in clients if is_over(client)}
        for client in clients:
            client.send(b"a")


@sqlite
def test_many_clients_that_do_not_read_leave_room_for_a_page(served, connections):
    said = head("GET", "/api/v1/openapi.json") * 20
    for _ in range(MANY):
        address = urlsplit(served.url)
        client = connections.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        client.connect((address.hostname, address.port))
        client.sendall(said)

    assert answers(served)


@sqlite
def test_many_clients_that_do_not_hang_up_leave_room_for_a_page(served, connections):
    said = head("GET", "/healthz", "Connection: close")
    clients = [connect(served, connections, said) for _ in range(MANY)]

    assert answers(served)
    assert {everything(client)[:12] for client in clients} == {b"HTTP/1.1 200"}


@sqlite
def test_a_body_that_broke_off_is_not_taken_for_a_whole_one(served, connections):
    secret = served.world.token("writer")
    body = json.dumps({"name": "half"}).encode()
    lines = [f"Authorization: Bearer {secret}", "Content-Type: application/json"]
    said = head("POST", "/api/v1/orgs", *lines, length=len(body) + 1) + body
    client = connect(served, connections, said)
    client.shutdown(socket.SHUT_WR)

    assert everything(client)[:12] == b"HTTP/1.1 408"
    made = sa.select(Organisation).where(Organisation.name == "half")
    assert served.world.one(made) is None


@sqlite
@pytest.mark.parametrize("over_tcp", [True, False], ids=["tcp", "unix"])
@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nHost: here\r\nX: "])
def test_a_head_without_an_end_is_ended(served, connections, over_tcp, start):
    before = peak_memory(served)
    clients = [connect(served, connections, start, over_tcp=over_tcp) for _ in range(THREADS)]
    flooding = [threading.Thread(target=flood, args=[client]) for client in clients]
    for each in flooding:
        each.start()
    for each in flooding:
        each.join(PATIENCE_SECONDS)

    assert not any(each.is_alive() for each in flooding)
    # Room for the head, and what the interpreter makes of it; without a bound it is far more.
    assert peak_memory(served) - before < THREADS * 20 * HEAD_BYTES
    assert answers(served)


def flood(client):
    """Send letters until the server has had enough."""
    try:
        while not is_over(client):
            client.sendall(b"a" * 64 * KIB)
    except ConnectionError:
        return


def peak_memory(served):
    """The most that any process of the web tier has had."""
    tasks = Path(f"/proc/{served.process.pid}/task").glob("*/children")
    below = [pid for task in tasks for pid in task.read_text().split()]
    said = [Path(f"/proc/{pid}/status").read_text() for pid in [served.process.pid, *below]]
    return max(int(text.split("VmHWM:")[1].split()[0]) for text in said) * KIB


@pytest.fixture
def pair():
    places = threading.BoundedSemaphore(1)
    ours, theirs = socket.socketpair()
    with theirs, PacedSocket(ours, places) as paced:
        yield paced, theirs, places


def quick():
    """A pace that a test can wait for."""
    return Pace(0.1, 0.1, float("inf"), needs_place=False)


def test_what_moves_enough_may_take_longer():
    slow = Pace(silence_seconds=10, grace_seconds=10, bytes_per_second=100)

    assert slow.patience_seconds(0, 0) == 10
    assert slow.patience_seconds(9, 0) == 1
    assert slow.patience_seconds(11, 0) < 0
    assert slow.patience_seconds(11, 1000) == 9
    assert slow.patience_seconds(0, 10**6) == 10


def test_silence_in_a_body_is_told_from_silence_in_a_head(pair):
    paced, theirs, _places = pair
    theirs.send(b"some")
    paced.begin(quick())
    assert paced.recv(100) == b"some"
    with pytest.raises(TimeoutError):
        paced.recv(100)
    paced.begin(HEAD)
    paced._waited_seconds = HEAD.grace_seconds
    with pytest.raises(NoMoreData):
        paced.recv(100)


def test_an_answer_that_nobody_takes_ends_the_connection(pair):
    paced, _theirs, _places = pair
    paced.begin(quick())
    with pytest.raises(ConnectionResetError):
        paced.sendall(b"a" * 8 * MIB)


def test_a_wait_of_more_than_a_moment_needs_a_place(pair):
    paced, theirs, places = pair
    assert places.acquire(blocking=False)
    paced.begin(PAGE)
    with pytest.raises(TimeoutError, match="Too many"):
        paced.recv(100)
    places.release()
    paced.begin(PAGE)
    asking = threading.Thread(target=lambda: paced.sendall(paced.recv(1)))
    asking.start()
    while not paced._has_place:
        assert asking.is_alive()
    theirs.send(b"a")
    asking.join(PATIENCE_SECONDS)

    assert theirs.recv(1) == b"a"
    paced.begin(PAGE)
    assert places.acquire(blocking=False)


def test_a_head_has_its_longest_length(pair):
    paced, theirs, _places = pair
    sending = threading.Thread(target=theirs.sendall, args=[b"a" * HEAD_BYTES])
    sending.start()
    for _ in range(HEAD_BYTES // KIB):
        assert receive_exactly(paced, KIB)
    with pytest.raises(LimitRequestHeaders):
        paced.recv(KIB)
    sending.join(PATIENCE_SECONDS)


def receive_exactly(client, size_bytes):
    """So many bytes, however they arrive."""
    received = b""
    while len(received) < size_bytes:
        received += client.recv(size_bytes - len(received))
    return received


def test_the_last_answer_is_read_although_bytes_of_the_client_were_not(pair):
    paced, theirs, _places = pair
    theirs.sendall(b"unread")
    paced.sendall(b"the answer")
    closing = threading.Thread(target=paced.close_politely)
    closing.start()

    assert theirs.recv(100) == b"the answer"
    assert theirs.recv(100) == b""
    theirs.close()
    closing.join(FAREWELL.grace_seconds * 10)
    assert paced.fileno() == -1


def test_a_file_is_sent_from_and_to_where_it_is_asked(pair, tmp_path):
    paced, theirs, _places = pair
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    with file.open("rb") as opened:
        assert paced.sendfile(opened, 2, 3) == 3
        assert paced.sendfile(opened, 8) == 2

    assert theirs.recv(100) == b"23489"
