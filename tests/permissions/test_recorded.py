"""Each row of the tables of permissions, done by who may: the log says so, or nothing was done."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.peers.deaf_log import audited_rows, deaf_log
from tests.permissions import branch_doors, pulls
from tests.permissions import test_api_table as api
from tests.permissions import test_pages_table as portal
from tests.permissions.actors import ACTORS
from tests.permissions.pages import FORMS, PAGES
from tests.permissions.people import public_key
from tests.permissions.recorded import CHANGES, READS, REFUSALS

ON_ONE = pytest.mark.parametrize("shared_stage", ["sqlite"], indirect=True)
KEY = "PUBLIC-KEY"
# Where the table of permissions sends what nobody could do, because permission is asked first.
BODIES = {
    ("POST", "/api/v1/user/keys"): {"key": KEY},
    ("POST", "/api/v1/user/tokens"): {"name": "t", "scopes": ["user"], "expires_in_days": 1},
    ("PUT", f"{api.ORG}/members/<name>"): {"role": "auditor"},
    ("POST", f"{api.REPO}/keys"): {"key": KEY},
    ("POST", f"{api.REPO}/write/<path:tail>"): {"content": "2"},
}
OTHERS = {
    ("PUT", f"{api.ORG}/members/<name>"),
    ("DELETE", f"{api.ORG}/members/<name>"),
    ("PUT", f"{api.ORG}/teams/<team>/members/<name>"),
}
"""Rows about who is the only owner, or a member already: here they are about somebody else."""
ASKED_FIRST = {
    ("POST", f"{api.REPO}/import"): "an import starts no sooner than its address was looked at",
    ("POST", f"{api.REPO}/transfer"): "to an organisation of one's own, which is the same one",
    **branch_doors.MOVES_NOTHING,
    **pulls.MOVES_NOTHING,
    ("DELETE", "/api/v1/users/<name>"): "who was not suspended is not deleted",
    ("DELETE", f"{api.ORG}"): "one that has repositories is not deleted",
    ("POST", "/api/v1/audit/witnesses"): "what is sent is no key",
    ("PUT", "/api/v1/audit/quorum"): "what is set is what was set",
    ("POST", "/api/v1/audit/cosignatures"): "what is sent is no note",
    ("POST", "/api/v1/audit/anchors"): "what is sent is no token",
}
"""Rows that change nothing for anybody, for a reason that is none of permission."""
NO_KEY = (
    {"key": "no key"},
    {"certificate": "none"},
    {"challenge": "x", "signature": "x"},
)
"""Enough to see who may; with a real key or certificate it is done in the tests of these."""
ROWS = [
    row
    for row in api.TABLE
    if f"{row[0]} {row[1]}" in CHANGES | READS
    and (row[0], row[1]) not in ASKED_FIRST
    and ((row[0], row[1]) in BODIES or row[3] not in NO_KEY)
]


def row_id(row):
    """A row of the API by its method and rule."""
    return f"{row[0]} {row[1]}"


def who(expected):
    """The last actor who may: an administrator, if anybody may who is one."""
    return expected.rindex("+")


@ON_ONE
@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_what_the_api_does_is_recorded_or_not_done(stage, row):
    method, rule, expected, body = row
    number = who(expected)
    body = with_key(BODIES.get((method, rule), body))
    client, place = stage.client(ACTORS[number]), api.address(stage, rule, number)
    if (method, rule) in OTHERS:
        place = place.replace(f"target-{number}", f"out-{number}")

    def ask():
        return client.open(place, method=method, json=api.with_names(body, number))

    assert_recorded_or_not_done(stage, ask, f"{method} {rule}", {503})


@ON_ONE
@pytest.mark.parametrize("row", FORMS, ids=lambda row: f"{row.rule}-{row.whose}")
def test_what_forms_do_is_recorded_or_not_done(stage, row):
    number = who(row.expected)

    # An act on several rows says of each what came of it, on the page that follows.
    is_on_several = "act" in row.form and "chosen" in row.form
    refusals = {303} if is_on_several else {503}
    assert_recorded_or_not_done(
        stage, lambda: portal.opened(stage, row, number), f"POST {row.rule}", refusals
    )


@ON_ONE
@pytest.mark.parametrize(
    "row", [row for row in PAGES if row.leaves_a_trace], ids=lambda row: row.rule
)
def test_what_pages_give_away_is_recorded_or_not_given(stage, row):
    number = who(row.expected)

    assert_recorded_or_not_done(
        stage, lambda: portal.opened(stage, row, number), f"GET {row.rule}", {503}
    )


def assert_recorded_or_not_done(stage, ask, door, refusals):
    """Ask while the log takes nothing, and again when it does."""
    engine = stage.world.wiring.database.engine
    before = audited_rows(engine)
    # Nobody reads the traceback, and to paint it takes longer than all the rest.
    with deaf_log(engine), capture_logs():
        refused = ask()
    kept = audited_rows(engine)
    so_far = stage.world.events_so_far()
    done = ask()
    recorded = set(stage.world.events_since(so_far))

    assert refused.status_code in refusals, refused.text
    assert kept == before
    assert done.status_code < 400, done.text
    done.close()  # Or a transfer goes on, and is watched.
    allowed = {*CHANGES.get(door, "").split(), *READS.get(door, "").split()}
    assert recorded, "nothing was recorded"
    assert recorded - REFUSALS <= allowed


def with_key(body):
    """The body with a new key in it, where it wants one."""
    return {"key": public_key()} if body == {"key": KEY} else body
