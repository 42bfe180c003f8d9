"""Who may read a repository hears what happens in it, once and in order, as long as they may."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.request import urlopen

import pytest
import sqlalchemy as sa

from appliance.db.credentials import AccessToken
from appliance.db.users import User
from appliance.domain.identity import Method
from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import listening
from appliance.web import event_server
from tests.peers.appliance import serve
from tests.peers.listener import (
    given,
    over_http,
    process_of_listeners,
    serving_listeners,
)
from tests.webhooks import NOTES, branch, lab, push

__all__ = ["lab"]
PLACE = "/api/v1/repos/lab/notes/events"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def listen(lab):
    """Lets somebody listen to the repository."""
    lab.user("reader", role=Role.READER, on=NOTES)
    opened = []

    def open_(name="reader", last=""):
        lab.token(name)
        credential = sa.select(AccessToken.id).join(User, User.id == AccessToken.user_id)
        token_id = lab.one(credential.where(User.name == name).limit(1))
        actor = lab.actor(name)
        origin = replace(actor.origin, method=Method.TOKEN, credential_id=token_id)
        opened.append(given(lab, replace(actor, origin=origin), NOTES, last))
        return opened[-1]

    with serving_listeners(lab):
        yield open_
        for each in opened:
            each.close()


def numbers(found):
    return [int(each.payload["data"]["push_id"]) for each in found]


def test_what_happens_is_heard_with_its_payload(lab, listen):
    ear = listen()
    push(lab)
    branch(lab, "new")
    found = ear.some(3)

    assert ear.status == 200
    assert ear.headers["content-type"] == "text/event-stream"
    assert [each.name for each in found] == ["push", "push", "ref.created"]
    assert found[0].payload["repository"]["path"] == NOTES
    assert len({each.id for each in found}) == 3


def test_who_comes_back_hears_each_event_once(lab, listen):
    ear = listen()
    push(lab, 5)
    first = ear.some(2)
    ear.close()
    push(lab, 5, start=5)
    again = listen(last=first[-1].id)
    rest = again.some(8)
    push(lab, 1, start=10)

    assert numbers([*first, *rest, *again.some(1)]) == list(range(11))


def test_who_comes_back_in_the_middle_of_one_change_hears_its_rest(lab, listen):
    ear = listen()
    branch(lab, "new")
    (first,) = ear.some(1)
    ear.close()
    (rest,) = listen(last=first.id).some(1)

    assert (first.name, rest.name) == ("push", "ref.created")


def test_nobody_hears_of_another_repository(lab, listen):
    other = lab.repository("lab/other")
    ear = listen()
    push(lab, repository=other)
    push(lab, start=1)

    assert numbers(ear.some(1)) == [1]


@pytest.mark.parametrize("end", ["grant", "token", "user", "repository"])
@pytest.mark.promise("P70")
def test_who_may_not_any_more_is_let_go_within_seconds(lab, listen, end):
    ear, other = listen(), listen("owner")
    with lab.wiring.database.engine.begin() as connection:
        connection.execute(ENDS[end](lab))
    begun = time.monotonic()
    push(lab)  # Whatever is recorded then lets it be looked at.
    while ear.next() is not None:
        pass

    assert time.monotonic() - begun < 45  # Looked at once a minute, but for what was recorded.
    assert numbers(other.some(1)) == [0]


def of_reader(lab):
    return lab._user("reader").id


ENDS = {
    "grant": lambda _: sa.text("DELETE FROM grants"),
    "token": lambda lab: sa.delete(AccessToken).where(AccessToken.user_id == of_reader(lab)),
    "user": lambda _: sa.text("UPDATE users SET state = 'suspended' WHERE name = 'reader'"),
    "repository": lambda _: sa.text("DELETE FROM grants WHERE role = 'reader'"),
}


@ON_ONE
def test_a_connection_without_end_holds_no_thread_of_the_web_door(lab):
    with serve(lab) as door, process_of_listeners(lab):
        token = lab.token("owner")
        ears = [over_http(door.url, NOTES, token) for _ in range(60)]  # More than it has threads.
        push(lab)
        heard = [numbers(each.some(1)) for each in ears]
        with urlopen(f"{door.url}/healthz", timeout=60) as answer:  # noqa: S310 - http to ourselves.
            status = answer.status
        for each in ears:
            each.close()

    assert heard == [[0]] * 60
    assert status == 200
    assert ears[0].headers["x-content-type-options"] == "nosniff"


@ON_ONE
def test_where_nobody_serves_listeners_one_hears_by_coming_again(lab):
    client = lab.client("owner")
    first = client.get(PLACE)
    push(lab, 2)
    position = first.text.split("id: ")[1].split("\n")[0]
    second = client.get(PLACE, headers={"Last-Event-ID": position})

    assert first.mimetype == "text/event-stream"
    assert "event:" not in first.text
    assert second.text.count("event: push\n") == 2
    assert second.text.startswith("retry: ")


@ON_ONE
def test_a_position_is_of_its_repository_and_not_made_up(lab):
    other = lab.repository("lab/other")
    sealer = lab.wiring.sealer
    client = lab.client("owner")
    for last in ("1-1", "Ä", listening.position(str(other.id), 1, 1, sealer=sealer)):
        answer = client.get(PLACE, headers={"Last-Event-ID": last.encode().decode("latin-1")})
        assert answer.status_code == 422, last


@ON_ONE
@pytest.mark.promise("P10")
def test_who_may_not_read_it_hears_nothing(lab):
    lab.user("nobody")
    lab.user("member", member=OrganisationRole.MEMBER, of="lab")

    assert lab.client("nobody").get(PLACE).status_code == 404
    assert lab.client("member").get(PLACE).status_code == 404
    assert lab.client().get(PLACE).status_code == 404


def test_a_listener_that_takes_nothing_costs_only_a_little(lab, listen):
    ear = listen()
    push(lab, 1500)  # More than waits for one listener.
    found = ear.some(1500)

    assert numbers(found) == list(range(1500))


@ON_ONE
def test_at_a_door_that_is_held_it_ends_when_nobody_listens(lab, monkeypatch):
    monkeypatch.setattr(event_server, "IDLE_SECONDS", 0)
    lab.wiring.home.run.mkdir(exist_ok=True)
    door_is_held = event_server.opened(lab.wiring.home.events_socket)
    # In a thread of its own: browsers of other tests keep a loop running in this one.
    with door_is_held as door, ThreadPoolExecutor(1) as other:
        other.submit(lambda: asyncio.run(event_server.serve(lab.wiring, door))).result(30)
