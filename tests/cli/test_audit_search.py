"""`codara audit search, tail, show` at the console, for people and for programs."""

import json
from typing import Any

import pytest

from appliance.cli import audit_search
from appliance.cli.context import Context
from appliance.domain import events
from appliance.errors import UnavailableError


@pytest.fixture
def console(world, say, monkeypatch):
    """Say a command at the console of a world with two logs; the instance's has 30 events."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    world.administrator()
    lab = world.organisation("lab")
    with world.begin(world.actor("administrator")) as work:
        for number in range(30):
            said = {"reason": f"r{number % 3}", "attempt": f"\x1b[31mno\n{number}"}
            work.record(events.AccessRefused(**said))
        for _ in range(7):
            work.record(events.SignedOut(about=lab.id, organisation_id=lab.id))
    world.keep_log()
    return lambda *words: say("audit", *words, "--home", world.home)


def test_people_read_a_line_for_each_event(console):
    found = console("search", "category:access", "r1", "--limit", "5")
    lines = found.out.splitlines()
    assert len(lines) == 5
    for each in lines:
        assert "Z  access.refused [refused]" in each
        assert "administrator" in each
        assert "attempt=?[31mno?" in each
        assert "reason=r1" in each
        assert each.endswith("from 127.0.0.1")
        assert each.isprintable()
    assert "There are more; these are the newest 5." in found.said


def test_a_value_longer_than_a_line_is_cut_for_people(console, world):
    with world.begin(world.actor("administrator")) as work:
        work.record(events.AccessRefused(reason="long", attempt="x" * 1000))
    world.keep_log()

    [told] = console("search", "long").out.splitlines()
    [whole] = console("search", "long", "--json").json

    assert f"attempt={'x' * 200}… " in told
    assert whole["fields"]["attempt"] == "x" * 1000


def test_programs_get_all_that_they_asked_for(console, world):
    found = console("search", "category:access", "--limit", "2000", "--json").json
    assert len(found) == 30
    assert len({each["id"] for each in found}) == 30
    assert len(world.recorded("audit.searched")) == 1
    said = console(
        "search", "NOT category:access", "--org", "lab", "--from", "2026-01-01", "--json"
    )
    assert [each["index"] for each in said.json] == [6, 5, 4, 3, 2, 1, 0]
    assert said.said == ""
    assert "Searched since" in console("search", "nothing").said
    assert console("search", "--org", "lab", "--as-of", "2", "--json").json[0]["index"] == 1


def test_what_is_wrong_is_said(console):
    found = console("search", "actr:writer")
    assert (found.code, found.out) == (2, "")
    assert "At character 1: actr: is not one of actor, action" in found.said
    assert console("search", "--org", "never").code == 4
    assert console("search", "--org", "lab", "--instance").code == 2
    assert console("show", "never").code == 2


def test_the_newest_come_last(console):
    found = console("tail", "-n", "3", "--instance", "category:access", "--json").out
    assert [json.loads(each)["index"] for each in found.splitlines()] == [27, 28, 29]
    assert console("tail", "-n", "0").out == ""
    assert len(console("tail").out.splitlines()) == 20


def test_one_event_is_shown_whole(console, world):
    event = console("search", "category:access", "--limit", "1", "--json").json[0]
    assert console("show", event["id"], "--json").json == event
    shown = console("show", event["id"]).out
    assert f"Id            {event['id']}" in shown
    assert "access.refused" in shown
    assert "reason" in shown
    assert "\x1b" not in shown
    assert len(world.recorded("audit.event_read")) == 2


class EnoughError(Exception):
    """The test has seen what it wanted."""


def test_whoever_follows_waits_for_an_appliance_that_is_away(console, world, capsys):
    console("tail", "-n", "0")
    context = Context(home=world.home)
    first = context.api.call("GET", audit_search.EVENTS, query={"q": "category:job"})
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 1:
            with world.begin(world.actor("administrator")) as work:
                work.record(events.JobCancelled(job="upkeep"))
            world.keep_log()
            context.api.call = away(context.api)
        if len(pauses) == 4:
            raise EnoughError

    got = []
    followed = audit_search.newer(context, {"q": "category:job"}, first["newer"], pause=pause)
    with pytest.raises(EnoughError):
        got += (each["fields"]["job"] for each in followed)
    # Nothing yet; two times away; then what happened meanwhile, and nothing after it.
    assert pauses == [1.0, 10.0, 10.0, 1.0]
    assert capsys.readouterr().err.count("Waiting for it.") == 1


def away(api):
    """The API, of which two calls get no answer."""
    call, failures = api.call, iter(range(2))

    def answer(*words: Any, **more: Any):
        if next(failures, None) is not None:
            raise UnavailableError("It does not answer.")
        return call(*words, **more)

    return answer
