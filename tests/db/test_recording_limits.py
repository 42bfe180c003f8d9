"""What is recorded fits into a line of an export, or the change fails with a clear answer."""

import json

import pytest

from appliance.db.recording import Source, prepare
from appliance.domain import events
from appliance.domain.events.parts import LARGEST_BODY, LONGEST_VALUE
from appliance.domain.identity import stranger
from appliance.errors import TooLargeError
from audit.bundle import LONGEST_LINE


def team(size):
    return events.TeamChanged(changed={"description": "x" * size})


def test_a_body_that_fits_fits_into_a_line():
    row = prepare(team(LARGEST_BODY - 100), stranger(), Source()).row
    line = json.dumps({"body": json.loads(row["body"]), "i": 2**53 - 1, "salt": "x" * 43})

    assert len(line) < LONGEST_LINE


def test_a_value_that_fits_fits_into_a_line_however_it_is_spelled():
    refused = events.AccessRefused(reason="refused", attempt="\x01" * LONGEST_VALUE)
    ((field, _person, salt, words),) = json.loads(
        prepare(refused, stranger(), Source()).row["personal"]
    )
    line = json.dumps({"field": field, "i": 2**53 - 1, "salt": salt, "value": words})

    assert len(line) < LONGEST_LINE


@pytest.mark.parametrize(
    "event",
    [
        team(LARGEST_BODY),
        events.AccessRefused(reason="refused", attempt="é" * LONGEST_VALUE),
    ],
    ids=lambda event: event.kind,
)
def test_what_does_not_fit_is_refused_by_name(event):
    source = Source()

    with pytest.raises(TooLargeError, match=f"{event.kind}.*too large"):
        prepare(event, stranger(), source)

    assert source.counts()[1] == []


def test_a_change_that_cannot_be_recorded_is_not_made(world):
    def change():
        with world.begin(world.user("owner")) as work:
            work.record(team(10))
            work.record(team(LARGEST_BODY))

    with pytest.raises(TooLargeError):
        change()

    assert world.events() == []
