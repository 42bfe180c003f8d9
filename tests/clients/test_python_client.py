"""The client for Python, against a whole appliance; and against one that comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from codara_client import ProblemError, UnavailableError, connect

STREAM = {"Content-Type": "text/event-stream"}
PROBLEM = {"Content-Type": "application/problem+json"}


def test_what_is_asked_is_answered(client, notes):
    made = client.call("POST", f"/repos/admin/{notes}/issues", {"title": "The roof leaks"})

    assert made["number"] == 1
    assert client.call("GET", f"/repos/admin/{notes}/issues/1")["title"] == "The roof leaks"


def test_a_list_is_read_over_all_of_its_pages(client, notes):
    for number in range(3):
        client.call("POST", f"/repos/admin/{notes}/issues", {"title": f"Number {number}"})

    found = client.each(f"/repos/admin/{notes}/issues", query={"limit": 1})

    assert [each["title"] for each in found] == ["Number 2", "Number 1", "Number 0"]


def test_a_no_says_its_kind_and_its_fields(client):
    with pytest.raises(ProblemError) as hidden:
        client.call("GET", "/repos/admin/nothing")
    with pytest.raises(ProblemError) as wrong:
        client.call("POST", "/repos", {"owner": "admin", "colour": "red"})

    assert (hidden.value.status, hidden.value.code) == (404, "not_found")
    assert hidden.value.request_id
    assert (wrong.value.status, set(wrong.value.fields)) == (422, {"name", "colour"})


def test_nobody_there_is_said():
    with pytest.raises(UnavailableError, match="does not answer"):
        connect("http://127.0.0.1:1", "cod_x").call("GET", "/user")


def test_events_are_heard_and_gone_on_from(client, notes):
    is_heard = threading.Event()
    written = []

    def write() -> None:
        place = f"/repos/admin/{notes}/write/notes.txt"
        content = {"content": f"{len(written)}\n"}
        written.append(client.call("PUT", place, content)["commit"])

    def speak() -> None:
        while not is_heard.is_set():
            write()

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        found = [next(client.watch_events("admin", notes))]
    finally:
        is_heard.set()
        speaker.join()
    write()
    following = client.watch_events("admin", notes, after=found[0].id)
    while pushed(found)[-1:] != written[-1:]:
        found.append(next(following))

    heard = pushed(found)
    assert heard == written[-len(heard) :]


def pushed(found):
    """What a branch was moved to by each of these events."""
    return [each.payload["data"]["refs"][0]["after"] for each in found if each.name == "push"]


@contextmanager
def _serving(*answers: tuple[int, dict[str, str], bytes]) -> Generator[tuple[str, list[str]]]:
    """An appliance that says these in order, and from where on it was asked each time."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Last-Event-ID", ""))
            status, headers, body = answers[len(asked) - 1]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_an_appliance_that_comes_and_goes_is_waited_for():
    busy = b'{"detail": "Not now.", "code": "unavailable"}'
    waited: list[float] = []
    answers = [
        (200, STREAM, b'retry: 500\nid: 1\n\nid: 2\nevent: push\ndata: {"n": 1}\n\n'),
        (503, {**PROBLEM, "Retry-After": "7"}, busy),
        (502, {}, b"<h1>Bad gateway</h1>"),
        # Cut off in the middle of an event, which is heard whole the next time.
        (200, {**STREAM, "Content-Length": "1000"}, b'id: 3\nevent: push\ndata: {"n"'),
        (200, STREAM, b'id: 3\nevent: push\ndata: {"n": 2}\n\n'),
    ]

    with _serving(*answers) as (url, asked):
        heard = connect(url, "cod_x").watch_events("lab", "notes", pause=waited.append)
        found = [next(heard), next(heard)]

    assert [each.payload for each in found] == [{"n": 1}, {"n": 2}]
    assert asked == ["", "2", "2", "2", "2"]
    assert waited == [0.5, 7.0, 1.0, 0.5]


@pytest.mark.parametrize("status", [401, 404])
def test_who_may_not_listen_is_told(status):
    said = b'{"detail": "It is not there.", "code": "not_found"}'

    with _serving((status, PROBLEM, said)) as (url, _), pytest.raises(ProblemError) as refused:
        next(connect(url, "cod_x").watch_events("lab", "notes"))

    assert refused.value.status == status


def test_what_is_no_stream_is_waited_for_and_never_an_event():
    class Enough(Exception):  # noqa: N818 - no error: how a listener ends.
        pass

    def stop(_seconds: float) -> None:
        raise Enough

    page = (200, {"Content-Type": "text/html"}, b"data: {}\n\n")
    with _serving(page) as (url, _), pytest.raises(Enough):
        next(connect(url, "cod_x").watch_events("lab", "notes", pause=stop))
