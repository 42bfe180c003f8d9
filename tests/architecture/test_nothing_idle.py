"""What is declared is used: permissions are asked for, events recorded, settings read."""

import ast
from functools import cache

from appliance.domain import events
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from script.settings_reference import sections
from tests.architecture.sources import attributes, files, nodes

EVENTS = events.Event.__subclasses__()
BELOW = ("services", "web", "ssh", "cli", "jobs", "access")


@cache
def mentioned():
    rooms = [f"appliance/{room}" for room in BELOW]
    return attributes(*rooms) | attributes("appliance/db") | wiring()


def wiring():
    return frozenset(
        node.attr
        for path in files("appliance", suffix=".py")
        if path.name.startswith("wiring") or "wiring" in path.parts
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
    )


def test_every_permission_is_asked_for():
    assert [each for each in Permission if each.name not in mentioned()] == []


def test_every_event_is_recorded():
    assert [each.kind for each in EVENTS if each.__name__ not in mentioned()] == []


def test_no_two_events_share_a_name():
    kinds = [event.kind for event in EVENTS]

    assert sorted(kinds) == sorted(set(kinds))


def test_every_job_is_promised_and_done():
    promised, done = (
        attributes("appliance/services", "appliance/jobs"),
        attributes("appliance/jobs"),
    )

    assert [each for each in Job if each.name not in promised & done] == []


def test_every_setting_is_read():
    read = attributes("appliance", "config")
    settings = [(section, key) for section, owner in sections() for key in owner.model_fields]

    assert [f"{section}.{key}" for section, key in settings if key not in read] == []
