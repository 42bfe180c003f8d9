"""The pages and the schema of audit events say what the registry says, and events are so."""

import json
from dataclasses import replace

import jsonschema_rs
import pytest

from appliance.db.recording import Source, prepare
from appliance.domain import events
from appliance.domain.events import registry
from appliance.domain.identity import Impersonator, Origin, stranger
from appliance.domain.ids import new_id
from script import audit_reference

ADVICE = "run: .venv/bin/python -m script.audit_reference"
SAMPLES = {
    "str": "x",
    "int": 1,
    "bool": True,
    "list[str]": ["x"],
    "list[int]": [1],
    "list[list[str]]": [["x", "y"]],
    "dict[str, Any]": {"x": 1},
}
CLASSES = {each.kind: each for each in events.all_events()}
WHO = replace(
    stranger(Origin(address="192.0.2.7")),
    impersonator=Impersonator(new_id(), "administrator", "p_" + "a" * 26, new_id()),
)
VALIDATOR = jsonschema_rs.Draft202012Validator(audit_reference.schema())


def recorded(name):
    """An event of an action with every member, as an export shows it."""
    members = {
        each.name: SAMPLES[each.type]
        for each in registry.of(name).fields
        if each not in registry.EVERYWHERE  # Who does it says these.
    }
    row = prepare(CLASSES[name](**members), WHO, Source()).row
    header = json.loads(row["header"])
    return (
        {"header": header, "body": json.loads(row["body"])} if row["body"] else {"header": header}
    )


def test_the_pages_are_what_would_be_written_now():
    assert audit_reference.PAGE.read_text("utf-8") == audit_reference.page(), ADVICE
    assert audit_reference.MAPPINGS.read_text("utf-8") == audit_reference.mappings(), ADVICE


def test_the_schema_is_what_would_be_written_now():
    assert audit_reference.SCHEMA.read_text("utf-8") == audit_reference.schema_text(), ADVICE


def test_the_schema_is_one():
    jsonschema_rs.meta.validate(audit_reference.schema())


@pytest.mark.parametrize("name", CLASSES)
def test_an_event_is_as_its_schema_says(name):
    VALIDATOR.validate(recorded(name))


@pytest.mark.parametrize("name", [each for each in CLASSES if registry.of(each).is_impersonal])
def test_what_verifiers_read_holds_nothing_personal(name):
    assert "p1:" not in json.dumps(recorded(name))


def test_what_is_no_such_event_is_refused():
    event = recorded("user.renamed")
    header, body = event["header"], event["body"]
    wrong = [
        {"header": {**header, "action": "user.boiled"}, "body": body},
        {"header": {**header, "outcome": "failed"}, "body": body},
        {"header": {**header, "name": "writer"}, "body": body},
        {"header": header, "body": {**body, "after": "writer"}},
        {"header": header, "body": {**body, "password": "x"}},
        {"header": header, "body": {"before": body["before"]}},
    ]

    assert VALIDATOR.is_valid(event)
    assert [each for each in wrong if VALIDATOR.is_valid(each)] == []


def test_every_action_is_on_both_pages():
    page, mappings = audit_reference.page(), audit_reference.mappings()
    rows = [f"\n| `{each.name}` |" for each in registry.actions()]

    assert [row for row in rows if page.count(row) != 1 or mappings.count(row) != 1] == []
