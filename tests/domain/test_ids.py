"""Ids sort by the time they were made, and events keep personal values apart."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.domain import events
from appliance.domain.events import all_events
from appliance.domain.ids import new_id, new_pseudonym


def test_an_id_is_a_uuid_of_version_7():
    identifier = new_id()
    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")


def test_no_two_ids_or_pseudonyms_are_the_same():
    assert len({new_id() for _ in range(10_000)}) == 10_000
    assert len({new_pseudonym() for _ in range(1000)}) == 1000


def test_ids_of_one_process_sort_as_they_were_made():
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(made)


def test_ids_grow_although_the_clock_is_set_back(monkeypatch):
    before = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    after = [new_id() for _ in range(100)]
    assert [before, *after] == sorted([before, *after])


def test_ids_of_many_threads_differ():
    with ThreadPoolExecutor(8) as pool:
        made = [
            each
            for part in pool.map(lambda _: [new_id() for _ in range(500)], range(8))
            for each in part
        ]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    "event", [each for each in all_events() if not each.is_impersonal], ids=lambda event: event.kind
)
def test_what_people_type_is_kept_apart(event):
    fields = {field.name: field for field in dataclasses.fields(event)}
    typed = {"email", "values", "attempt"} | (
        {"name"} if event.target in {"user", "token"} else set()
    )
    assert all(fields[name].metadata.get("personal") for name in typed & set(fields))


def test_what_an_event_says_is_parted_in_two():
    event = events.UserCreated(person="p_x", instance_role="user", name="writer", email=None)
    assert event.body() == {"instance_role": "user"}
    assert event.personal_values() == {"name": "writer"}
    assert event.category == "user"
