"""The client for Python, against a whole appliance; and against one that comes and goes."""

from __future__ import annotations

import threading

import pytest

from codara_client import InvalidNameError, ProblemError, UnavailableError, connect, repository
from tests.clients.serving import COMES_AND_GOES, PROBLEM, serving


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


@pytest.mark.parametrize("path", ["lab/..", "../admin", "lab/."])
def test_no_name_leads_to_another_path(path):
    with pytest.raises(InvalidNameError):
        repository(path)


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


def test_an_appliance_that_comes_and_goes_is_waited_for():
    waited: list[float] = []

    with serving(*COMES_AND_GOES) as (url, asked):
        heard = connect(url, "cod_x").watch_events("lab", "notes", pause=waited.append)
        found = [next(heard), next(heard)]

    assert [each.payload for each in found] == [{"n": 1}, {"n": 2}]
    assert asked == ["", "2", "2", "2", "2"]
    assert waited == [0.5, 1.0, 1.0, 0.5]


@pytest.mark.parametrize("status", [401, 404])
def test_who_may_not_listen_is_told(status):
    said = b'{"detail": "It is not there.", "code": "not_found", "more": [1]}'

    with serving((status, PROBLEM, said)) as (url, _), pytest.raises(ProblemError) as refused:
        next(connect(url, "cod_x").watch_events("lab", "notes"))

    assert refused.value.status == status
    assert refused.value.body["more"] == [1]


def test_what_is_no_stream_is_waited_for_and_never_an_event():
    class Enough(Exception):  # noqa: N818 - no error: how a listener ends.
        pass

    def stop(_seconds: float) -> None:
        raise Enough

    page = (200, {"Content-Type": "text/html"}, b"data: {}\n\n")
    with serving(page) as (url, _), pytest.raises(Enough):
        next(connect(url, "cod_x").watch_events("lab", "notes", pause=stop))
