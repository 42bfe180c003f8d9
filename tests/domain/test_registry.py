"""The registry of actions: whole, and of words that the outside has too."""

import re

import pytest

from appliance.domain import events
from appliance.domain.events import registry, reserved
from appliance.domain.events.acts import ACT_OF, MORE
from appliance.domain.events.categories import CATEGORIES
from appliance.domain.events.outside import ECS_TYPES, OCSF_CLASSES, OTHER
from appliance.domain.events.words import Act, Severity, Viewer
from audit.entry import ACTION

ACTIONS = registry.actions()
CONTROL = re.compile(
    r"pci:\d+(\.\d+){1,3}|nist:[A-Z]{2}-\d+(\(\d+\))?|iso:(A\.5\.\d{1,2}|A\.8\.\d{1,2})"
)
TYPES = {
    *("str", "int", "bool", "list[str]", "list[int]", "list[list[str]]"),
    *("dict[str, Any]", "dict[str,Any]"),
}


def named(action):
    return action.name


def test_there_are_as_many_as_the_vocabulary_was_planned_to_have():
    assert 200 <= len(ACTIONS) <= 450
    assert len(CATEGORIES) == 42
    assert {each.category for each in ACTIONS} == set(CATEGORIES)


def test_no_name_is_declared_twice():
    declared = [each.kind for each in events.Event.__subclasses__()]
    declared += [each.name for each in reserved.ROWS]

    assert sorted(declared) == sorted(set(declared))


def test_what_is_recorded_has_a_class_and_what_is_reserved_a_row():
    emitted = {each.name for each in ACTIONS if each.is_emitted}

    assert emitted == {each.kind for each in events.Event.__subclasses__()}
    assert emitted.isdisjoint(each.name for each in reserved.ROWS)


def test_what_is_said_of_actions_is_said_of_known_ones():
    assert [name for name in MORE if not registry.is_known(name)] == []


@pytest.mark.parametrize("action", ACTIONS, ids=named)
def test_an_action_is_described(action):
    last = action.name.rpartition(".")[2].rpartition("_")[2]

    assert ACTION.match(action.name)
    assert action.sentence.endswith(".")
    assert action.target
    assert last in ACT_OF or MORE[action.name].act, "give its last word an act in acts.WORDS"
    assert [each for each in action.controls if not CONTROL.fullmatch(each)] == []
    assert action.controls
    assert Viewer.LOG in action.viewers


@pytest.mark.parametrize("action", ACTIONS, ids=named)
def test_a_body_has_members_of_known_types(action):
    names = [each.name for each in action.fields]

    assert len(set(names)) == len(names)
    assert {each.type for each in action.fields} <= TYPES
    assert [each for each in names if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", each)] == []
    assert [each for each in action.fields if each.is_personal and each.type != "str"] == []
    assert ("address" in names) is not action.is_impersonal
    if action.is_impersonal:
        assert action.personal_fields == ()


@pytest.mark.parametrize("action", ACTIONS, ids=named)
def test_the_outside_knows_its_words(action):
    beside = set().union(*(ECS_TYPES[each] for each in action.ecs_categories))

    assert action.ocsf.uid == action.ocsf_class
    assert 1 <= action.ocsf_activity <= OTHER
    assert action.ocsf_type // 100 == action.ocsf_class
    assert set(action.ecs_types) <= beside
    assert action.ecs_types


def test_an_action_of_another_release_is_read_all_the_same():
    action = registry.of("teapot.boiled")

    assert (action.name, action.category, action.act) == ("teapot.boiled", "teapot", Act.NOTE)
    assert (action.ocsf_class, action.ocsf_activity) == (6003, OTHER)
    assert not registry.is_known("teapot.boiled")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user.created", (3007, 1, "creation", Severity.MEDIUM)),
        ("auth.signed_in", (3002, 1, "start", Severity.LOW)),
        ("auth.sign_in_refused", (3002, 1, "info", Severity.MEDIUM)),
        ("session.revoked", (3002, 2, "end", Severity.LOW)),
        ("repo.archived", (3004, 9, "change", Severity.LOW)),
        ("repo.role_granted", (3007, 16, "creation", Severity.MEDIUM)),
        ("git.fetched", (6001, 2, "access", Severity.INFORMATIONAL)),
        ("git.archive_downloaded", (6001, 7, "access", Severity.INFORMATIONAL)),
        ("audit.exported", (1008, 3, "access", Severity.MEDIUM)),
        ("audit.stream_paused", (1008, 10, "change", Severity.HIGH)),
        ("log.pruned", (1008, 2, "deletion", Severity.HIGH)),
        ("access.refused", (6003, OTHER, "denied", Severity.MEDIUM)),
    ],
)
def test_what_others_call_it(name, expected):
    action = registry.of(name)

    found = (action.ocsf_class, action.ocsf_activity, action.ecs_types[0], action.severity)
    assert found == expected


def test_what_must_not_be_deniable_is_awaited():
    awaited = {each.name for each in ACTIONS if each.is_awaited}

    assert awaited >= {
        *("audit.stream_paused", "audit.stream_deleted", "audit.auditor_granted", "log.pruned"),
        *("log.continued", "log.key_rotated", "privacy.erased", "hold.released"),
        *("admin.secret_exported", "admin.secret_rotated"),
    }
    assert all(set(OCSF_CLASSES) >= {each.ocsf_class} for each in ACTIONS)
