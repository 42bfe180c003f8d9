"""Streams over the API and the command line: who may, what is shown, and what is never."""

from __future__ import annotations

import io
import json
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from appliance.cli.__main__ import main
from appliance.db.audit_streams import AuditStream
from appliance.domain.permissions import InstanceRole, OrganisationRole, Role
from appliance.jobs.streaming import Streaming
from tests.peers.appliance import serve
from tests.peers.receivers import OK, receiving, refuse
from tests.streams import SECRET, happen, lab

__all__ = ["lab"]

STREAMS = "/api/v1/audit/streams"
MOST_TURNS = 20
"""A turn ends by time as well: a slow machine needs several for a few events."""
PEOPLE = {
    "nobody": {},
    "reader": {"role": Role.READER, "on": "lab/notes"},
    "member": {"member": OrganisationRole.MEMBER, "of": "lab"},
    "auditor": {"member": OrganisationRole.AUDITOR, "of": "lab"},
    "officer": {"member": OrganisationRole.SECURITY_OFFICER, "of": "lab"},
    "inspector": {"instance": InstanceRole.AUDITOR},
    "administrator": {"instance": InstanceRole.ADMINISTRATOR},
}
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def body(address="http://127.0.0.1:9/in", **fields: Any):
    return {
        "name": "siem",
        "org": "lab",
        "receiver": "webhook",
        "address": address,
        "secret": SECRET,
        "from": "start",
        **fields,
    }


@pytest.fixture
def people(lab):
    lab.repository("lab/notes")
    for name, what in PEOPLE.items():
        lab.user(name, **what)
    return lab


def made(world, **fields: Any):
    answer = world.client("owner").post(STREAMS, json=body(**fields))
    assert answer.status_code == 201, answer.json
    return answer.json


def instance_stream(world):
    fields = body(org="", covers="everything")
    return world.client("administrator").post(STREAMS, json=fields).json


def test_a_stream_is_made_shown_and_listed_without_its_secret(lab):
    stream = made(lab, format="cef", actions=["repo.*"], options={"batch": 10})

    assert lab.client("owner").get(f"{STREAMS}/{stream['id']}").json == stream
    assert lab.client("owner").get(f"{STREAMS}?org=lab").json["items"] == [stream]
    assert stream["has_secret"] is True
    assert SECRET not in json.dumps(stream)
    assert (stream["format"], stream["covers"]) == ("cef", "organisation")
    assert stream["options"] == {"batch": 10, "ocsf_version": "1.9.0"}
    assert lab.events() == ["audit.stream_created"]
    (event,) = lab.recorded()
    assert event.body["destination"] == "http://127.0.0.1:9", "paths may hold secrets"
    assert SECRET not in event.text


def test_the_secret_is_sealed_in_the_database(lab):
    made(lab)
    file = lab.home / "codara.db"
    if file.exists():
        assert SECRET.encode() not in file.read_bytes()


# Nobody sees; members see that the organisation is there; auditors look; owners and officers do.
LOOK = {"nobody": 404, "reader": 403, "member": 403, "auditor": 200, "officer": 200, "owner": 200}
LOOK |= {"inspector": 200, "administrator": 200}
DO = LOOK | {"auditor": 403, "inspector": 403}
HIDDEN = {"reader": 404, "member": 404}


@ON_ONE
@pytest.mark.promise("P10")
@pytest.mark.promise("P11")
def test_who_may_look_at_streams_of_an_organisation_and_who_may_change_them(people):
    place = f"{STREAMS}/{made(people)['id']}"
    for name, expected in LOOK.items():
        client = people.client(name)
        assert client.get(f"{STREAMS}?org=lab").status_code == expected, name
        for rest in ("", "/parked"):
            shown = client.get(place + rest).status_code
            assert shown == (HIDDEN | {"nobody": 404}).get(name, expected), (name, rest)
    for name, allowed in DO.items():
        expected = (HIDDEN | {"nobody": 404}).get(name, allowed)
        assert tried(people, name, place) == {expected}, name


def tried(world, name, place):
    """What the changes of a stream are answered with: one status, or 200 for all successes."""
    client = world.client(name)
    never = f"{place}/parked/{uuid4()}"
    answers = [
        client.patch(place, json={"format": "ecs"}),
        client.post(f"{place}/pause"),
        client.post(f"{place}/resume"),
        client.post(f"{place}/replay", json={"from": "end"}),
    ]
    answers += [client.post(f"{never}/{each}") for each in ("retry", "skip")]
    found = {each.status_code for each in answers[:4]}
    others = {each.status_code for each in answers[4:]}
    assert others == ({404} if found <= {200, 404} else found)
    return found


@ON_ONE
@pytest.mark.promise("P10")
@pytest.mark.promise("P11")
def test_who_may_make_test_and_delete_streams(people):
    answers = {
        name: people.client(name).post(STREAMS, json=body(name=name)).status_code for name in DO
    }
    assert answers == {name: 201 if status == 200 else status for name, status in DO.items()}
    place = f"{STREAMS}/{made(people)['id']}"
    for name in ("nobody", "reader", "member"):
        assert people.client(name).post(f"{place}/test").status_code == 404
        assert people.client(name).delete(place).status_code == 404
    for name in ("auditor", "inspector"):
        assert people.client(name).post(f"{place}/test").status_code == 403
        assert people.client(name).delete(place).status_code == 403
    assert people.client("officer").delete(place).status_code == 204
    assert people.client("owner").get(place).status_code == 404


@ON_ONE
def test_streams_of_the_instance_are_for_administrators(people):
    stream = instance_stream(people)
    place = f"{STREAMS}/{stream['id']}"

    assert people.client().get(STREAMS).status_code == 401
    for name in ("nobody", "owner", "officer"):
        client = people.client(name)
        assert client.get(STREAMS).status_code == 403
        assert client.post(STREAMS, json=body(org="")).status_code == 403
        assert client.get(place).status_code == 404
        assert client.delete(place).status_code == 404
    inspector = people.client("inspector")
    assert inspector.get(STREAMS).json["items"] == [stream]
    assert inspector.delete(place).status_code == 403


@ON_ONE
def test_a_person_in_a_browser_confirms_first(people):
    browser = people.browser("owner")

    assert browser.post(STREAMS, json=body()).json["code"] == "elevation_required"
    assert people.browser("owner", elevated=True).post(STREAMS, json=body()).status_code == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address": "https://169.254.169.254/"}, "url"),
        ({"address": "gopher://127.0.0.1/"}, "url"),
        ({"secret": ""}, "secret"),
        ({"secret": "short"}, "secret"),
        ({"options": {"batch": 0}}, "options.batch"),
        ({"options": {"batch": True}}, "options.batch"),
        ({"options": {"unknown": 1}}, "options.unknown"),
        ({"options": {"ocsf_version": "0.1"}}, "options.ocsf_version"),
        ({"actions": ["DROP TABLE"]}, "actions"),
        ({"from": 10_000}, "from"),
        ({"from": "middle"}, "from"),
        ({"name": " "}, "name"),
        ({"covers": "everything"}, "covers"),
    ],
)
@ON_ONE
def test_what_is_wrong_is_said_of_its_field(lab, fields, field):
    happen(lab, 1)

    answer = lab.client("owner").post(STREAMS, json=body(**fields))

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]


@ON_ONE
def test_names_are_taken_once(lab):
    made(lab)

    assert lab.client("owner").post(STREAMS, json=body(name="SIEM")).status_code == 409


@ON_ONE
def test_a_secret_does_not_go_along_to_another_address(lab):
    place = f"{STREAMS}/{made(lab)['id']}"
    client = lab.client("owner")

    there = {"address": "http://127.0.0.1:10/"}
    assert client.patch(place, json=there).status_code == 422
    changed = client.patch(place, json={**there, "secret": "another long secret"})
    assert changed.status_code == 200
    assert changed.json["address"] == "http://127.0.0.1:10/"


@ON_ONE
def test_an_owner_lets_no_stream_write_on_our_disk(lab):
    lab.sender.close()
    lab.configure(CODARA_STREAMS__FOLDER=str(lab.home / "drop"))
    lab.sender = Streaming(lab.wiring)
    lab.administrator()
    wanted = body("carried", receiver="file", secret="")

    assert lab.client("owner").post(STREAMS, json=wanted).status_code == 403
    of_instance = {**wanted, "org": ""}
    assert lab.client("administrator").post(STREAMS, json=of_instance).status_code == 201


@ON_ONE
def test_a_test_message_says_what_the_receiver_says(lab):
    answers = [OK, refuse(400), refuse(503)]
    with receiving(lambda request: answers[request.number]) as receiver:
        place = f"{STREAMS}/{made(lab, address=receiver.url)['id']}/test"
        said = [lab.client("owner").post(place) for _ in answers]

    assert [each.status_code for each in said] == [204, 422, 503]
    assert "400" in said[1].json["detail"]
    assert receiver.kept[0].lines[0]["header"]["action"] == "audit.test_message"
    assert lab.events().count("audit.stream_tested") == 3


@pytest.fixture
def command(lab, monkeypatch, capsys, tmp_path):
    """Runs a command with the owner's token; gives its exit code and what it printed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with serve(lab) as served:
        monkeypatch.setenv("CODARA_URL", served.url)
        monkeypatch.setenv("CODARA_TOKEN", lab.token("owner"))

        def run(*words: str, given=""):
            monkeypatch.setattr("sys.stdin", io.StringIO(given))
            capsys.readouterr()
            code = main(["audit", "stream", *words, "--json"])
            out = capsys.readouterr().out
            return code, json.loads(out) if out else None

        yield run


@ON_ONE
def test_the_life_of_a_stream_at_the_command_line(lab, command):
    happen(lab, 4)

    def picky(request):
        return refuse(422) if 1 in {line["index"] for line in request.lines} else OK

    with receiving(picky) as receiver:
        words = ("--org", "lab", "--to", "webhook", "--address", receiver.url, "--from-start")
        code, stream = command("create", "siem", *words, "--secret-stdin", given=f"{SECRET}\n")
        assert code == 0
        assert command("test", stream["id"])[0] == 0
        for _ in range(MOST_TURNS):
            lab.sender.work_off(lab.one(stream_ids()))
            _, found = command("show", stream["id"])
            if found["lag_events"] == 0:
                break
        assert (found["parked"], found["lag_events"]) == (1, 0)
        _, (parked,) = command("parked", stream["id"])
        assert parked["index"] == 1
        assert command("parked", stream["id"], "--skip", parked["event_id"]) == (0, [])

    assert command("change", stream["id"], "--option", "batch=7")[1]["options"]["batch"] == 7
    assert command("change", stream["id"])[0] == 2
    assert command("pause", stream["id"])[1]["state"] == "paused"
    assert command("pause", stream["id"])[0] == 5
    assert command("resume", stream["id"])[0] == 0
    again = "replay", stream["id"], "--from-index"
    assert command(*again, "2")[1]["places"][0]["position"] == 2
    assert command(*again, "3", "--org", "lab")[1]["places"][0]["position"] == 3
    assert command(*again, "3", "--org", "nobody")[0] == 2
    assert [each["id"] for each in command("list", "--org", "lab")[1]] == [stream["id"]]
    assert command("delete", stream["id"], "--yes")[0] == 0
    assert command("show", stream["id"])[0] == 4


def stream_ids():
    return sa.select(AuditStream.id)
