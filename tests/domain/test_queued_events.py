"""Which rows of the queue are events, and why the others are none."""

from __future__ import annotations

import json

import pytest

from appliance.domain import audit_headers, queued_events
from appliance.domain.ids import new_id
from appliance.domain.queued_events import MisfitError, Queued, insist_it_fits, spelled
from audit import entry
from tests.domain.hostile_rows import ROWS, honest


def queued(row, *, is_known=False):
    return Queued(1, **row, is_known=is_known)


@pytest.mark.parametrize("organisation_id", [None, new_id()])
@pytest.mark.parametrize("said", ["plain", 'with "quotes" and \\', "日本 \u202e", "p1:" + "A" * 43])
def test_what_the_appliance_writes_fits(organisation_id, said):
    insist_it_fits(queued(honest(organisation_id, said)))


@pytest.mark.parametrize("name", ROWS)
def test_what_it_does_not_write_does_not_fit_and_is_kept_whole(name):
    row = queued(ROWS[name].change(honest()))

    with pytest.raises(MisfitError, match=ROWS[name].why):
        insist_it_fits(row)
    members = json.loads(spelled(row))
    assert members.keys() == set(Queued._fields)
    if isinstance(row.header, str):
        assert members["header"] == row.header


def test_an_event_that_is_in_a_log_does_not_fit_again():
    with pytest.raises(MisfitError, match="in a log already"):
        insist_it_fits(queued(honest(), is_known=True))


@pytest.mark.parametrize("request_id", ["", "0123", 'a"b', "a\\b", "a\tb", "a\x7fb", "é", "😀"])
def test_a_usual_header_is_what_is_spelled_so_anyhow(request_id):
    members = json.loads(honest()["header"]) | {"request_id": request_id}
    header = entry.canonical(members).decode()

    if queued_events.USUAL.fullmatch(header):
        assert entry.read(header.encode()).members == members
    assert audit_headers.members(header) == members


@pytest.mark.parametrize(
    "header", ["{", "[]", "null", "", '{"action":"a.b"}', honest()["header"] + " "]
)
def test_a_header_that_is_none_is_read_as_unreadable(header):
    said = audit_headers.members(header)

    assert said["action"] == audit_headers.UNREADABLE
    assert said.keys() == entry.MEMBERS.keys()
    for name, parts in entry.PARTS.items():
        assert said[name].keys() == parts.keys()


@pytest.mark.parametrize("text", [None, "", "{", "[1]", "7", "[" * 100_000])
def test_a_body_that_is_none_says_nothing(text):
    assert audit_headers.body(text) == {}
