"""The same weakness in copies of a file and in forks, and one decision for all, where one may."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, AlertDecision
from appliance.db.repositories import Repository
from appliance.domain import alert_identity
from appliance.domain.alerts import AlertKind, AlertState, DismissalReason, Step
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.errors import HiddenError
from appliance.services import alert_copies, alert_policies
from appliance.services.alert_policies import NewPolicy
from script import code_scanner
from tests.alerting import CODE, KEY, SECRET, find
from tests.commands import saying
from tests.feeding import perform
from tests.world import NOON

WEAK = """import os
from flask import request


def ping():
    os.system("ping " + request.args["host"])


"""
LONG = "".join(f"total = add(total, value_{each}, rate[{each}])\n" for each in range(60))
TEXT = WEAK + LONG
NEAR = "# Changed here.\n\n" + TEXT.replace("value_30,", "another_value,")
UNLIKE = WEAK + "".join(f"if name == 'n{each}': return {each} * 7\n" for each in range(60))
CALL = '    os.system("ping " + request.args["host"])'
FILES = (
    ("lab/notes", "app.py", TEXT),
    ("lab/near", "copied.py", NEAR),
    ("lab/unlike", "other.py", UNLIKE),
    ("lab/hidden", "app.py", TEXT),
    ("lab/fork", "app.py", UNLIKE),
)
DISMISS = {"state": "dismissed", "reason": "used_in_tests", "comment": "only a fixture"}


@pytest.fixture
def lab(world):
    """A weakness in `lab/notes`, in a near copy, in an unlike file, in a near copy that only others
    may see, and in a fork in which everything around it is another.
    """
    world.organisation("lab")
    world.user("everywhere", member=OrganisationRole.OWNER, of="lab")
    source = world.repository("lab/notes")
    for each in ("lab/near", "lab/unlike", "lab/hidden"):
        world.repository(each)
    world.repository("lab/fork", forked_from_id=source.id)
    world.user("keeper", role=Role.MAINTAINER, on="lab/notes")
    for each in ("lab/near", "lab/unlike", "lab/fork"):
        world.grant("keeper", Role.MAINTAINER, each)
    for home, path, content in FILES:
        put(world, home, path, content)
        find(world, home, [seen(path, content)])
    perform(world, Job.COMPARE_FILES)
    return world


def seen(path, content):
    """What a scan says of such a file."""
    line = content.split("\n").index(CALL) + 1
    blob = b"blob %d\0%b" % (len(content), content.encode())
    return replace(
        CODE,
        identity=alert_identity.of_code(path.encode(), CODE.rule, CALL, 0),
        preview=CALL.strip(),
        object_id=hashlib.sha1(blob, usedforsecurity=False).hexdigest(),
        path=path.encode(),
        line=line,
    )


def put(world, repository, path, content):
    answer = world.client("everywhere").put(
        f"/api/v1/repos/{repository}/write/{path}",
        json={"content": content, "message": "Change it", "branch": "main"},
    )
    assert answer.status_code == 200, answer.text


def copies(world, name):
    answer = world.client(name, Scope.SCAN_READ).get("/api/v1/repos/lab/notes/alerts/1/copies")
    assert answer.status_code == 200, answer.text
    return {each["repository"]: each for each in answer.json["items"]}


def dismiss(world, name):
    answer = world.client(name, Scope.SCAN_WRITE).patch(
        "/api/v1/repos/lab/notes/alerts/1", json=DISMISS
    )
    assert answer.status_code == 200, answer.text


def carry(world, name):
    return world.client(name, Scope.SCAN_WRITE).post("/api/v1/repos/lab/notes/alerts/1/copies")


def states(world):
    with world.reading(appliance()) as work:
        query = sa.select(Repository, Alert.state).join(Alert, Alert.repository_id == Repository.id)
        return {row[0].path: row[1] for row in work.session.execute(query)}


def dismissed(world):
    return [each for each in world.recorded() if each.action.startswith("alert.dismiss")]


def test_the_same_is_found_in_copies_and_forks_for_who_may_see_it(lab):
    found = copies(lab, "keeper")

    assert set(found) == {"lab/near", "lab/fork"}
    assert 0.8 <= found["lab/near"]["similarity"] < 1
    assert (found["lab/near"]["path"], found["lab/near"]["line"]) == ("copied.py", 8)
    assert (found["lab/fork"]["similarity"], found["lab/fork"]["fork"]) == (None, True)
    assert not found["lab/near"]["fork"]
    assert copies(lab, "everywhere")["lab/hidden"]["similarity"] == 1
    lab.user("reader", role=Role.READER, on="lab/notes")
    reader = lab.client("reader", Scope.SCAN_READ)
    assert reader.get("/api/v1/repos/lab/notes/alerts/1/copies").status_code == 404


def test_a_decision_is_carried_to_copies_where_one_may_and_nowhere_else(lab):
    assert carry(lab, "keeper").status_code == 409, "nothing is decided yet"
    dismiss(lab, "keeper")

    answer = carry(lab, "keeper")

    assert {each["repository"] for each in answer.json["items"]} == {"lab/near", "lab/fork"}
    assert states(lab) == {
        **dict.fromkeys(("lab/notes", "lab/near", "lab/fork"), AlertState.DISMISSED),
        **dict.fromkeys(("lab/unlike", "lab/hidden"), AlertState.OPEN),
    }
    with lab.reading(appliance()) as work:
        home = work.session.scalar(sa.select(Repository.id).where(Repository.name == "notes"))
    said = [each.body.get("carried_from") for each in dismissed(lab)]
    assert said == [None, f"{home}#1", f"{home}#1"]
    with lab.reading(appliance()) as work:
        rows = list(work.session.scalars(sa.select(AlertDecision)))
    assert {(each.step, each.reason, each.comment) for each in rows} == {
        (Step.DISMISSED, DismissalReason.USED_IN_TESTS, "only a fixture")
    }

    assert carry(lab, "keeper").json["items"] == [], "once more changes nothing"
    assert len(dismissed(lab)) == 3


def test_its_history_names_the_first_for_who_may_see_that(lab):
    dismiss(lab, "keeper")
    carry(lab, "keeper")
    lab.user("near", role=Role.WRITER, on="lab/near")

    def said(name):
        found = lab.client(name, Scope.SCAN_READ).get("/api/v1/repos/lab/near/alerts/1").json
        return found["decisions"][-1]["evidence"]

    assert said("keeper") == {"carried_from": "lab/notes#1"}
    assert said("near") == {}
    assert "lab/notes" in lab.browser("keeper").get("/lab/near/security/1").text
    assert "lab/notes" not in lab.browser("near").get("/lab/near/security/1").text


def test_who_may_not_decide_alone_asks_for_it_in_copies(lab):
    dismiss(lab, "keeper")
    lab.user("writer", role=Role.WRITER, on="lab/notes")
    lab.grant("writer", Role.WRITER, "lab/near")

    assert [each["repository"] for each in carry(lab, "writer").json["items"]] == ["lab/near"]

    assert states(lab)["lab/near"] is AlertState.OPEN
    assert [each.action for each in dismissed(lab)][1:] == ["alert.dismissal_requested"]
    assert carry(lab, "keeper").json["items"][0]["repository"] == "lab/fork"


def test_an_organisation_that_wants_two_people_gets_requests(lab):
    dismiss(lab, "keeper")
    lab.administrator()
    with lab.begin(lab.actor("administrator")) as work:
        wanted = NewPolicy(
            approved_kinds=frozenset({AlertKind.CODE}),
            maintainers_settle_secrets=False,
            days={},
            exploited_days=7,
        )
        alert_policies.set_policy(work, "lab", wanted)

    carry(lab, "keeper")

    actions = [each.action for each in dismissed(lab)]
    assert actions == ["alert.dismissed", *["alert.dismissal_requested"] * 2]


def test_to_who_may_not_see_alerts_there_is_nothing_to_carry(lab):
    dismiss(lab, "keeper")
    outsider = lab.user("outsider")

    with pytest.raises(HiddenError), lab.begin(outsider) as work:
        alert_copies.carry(work, "lab/notes", 1, now=NOON)
    read_only = lab.client("keeper", Scope.SCAN_READ)
    assert read_only.post("/api/v1/repos/lab/notes/alerts/1/copies").status_code == 403


def test_what_changed_since_it_was_compared_is_no_copy(lab):
    find(lab, "lab/near", [seen("copied.py", "# And now?\n" + NEAR)])

    assert set(copies(lab, "keeper")) == {"lab/fork"}


def test_commands_show_copies_and_carry_decisions(lab, monkeypatch, capsys):
    dismiss(lab, "keeper")
    with saying(lab, "keeper", monkeypatch, capsys) as say:
        shown = say("alert", "copies", "lab/notes", "1")
        carried = say("alert", "carry", "lab/notes", "1")

    assert [each["repository"] for each in shown] == ["lab/near", "lab/fork"]
    assert [each["repository"] for each in carried] == ["lab/near", "lab/fork"]
    assert states(lab)["lab/near"] is AlertState.DISMISSED


def test_a_secret_is_carried_only_as_the_same_secret(lab):
    """Two of one kind look alike when they are masked."""
    for home, path, content, value in (
        ("lab/notes", "key.py", TEXT, b"one"),
        ("lab/near", "key.py", NEAR, b"one"),
        ("lab/fork", "key.py", NEAR, b"another"),
    ):
        put(lab, home, path, content)
        identity = alert_identity.of_secret(KEY, SECRET.rule, value)
        at = seen(path, content)
        find(lab, home, [replace(SECRET, identity=identity, path=at.path, object_id=at.object_id)])
    perform(lab, Job.COMPARE_FILES)

    owner = lab.client("everywhere", Scope.SCAN_READ)
    found = owner.get("/api/v1/repos/lab/notes/alerts/2/copies").json["items"]

    assert [each["repository"] for each in found] == ["lab/near"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_real_program_finds_is_carried(world):
    world.configure(CODARA_SCANNING__CODE_PROGRAM=str(code_scanner.make()))
    world.organisation("lab")
    world.user("everywhere", member=OrganisationRole.OWNER, of="lab")
    for home, path, content in FILES[:2]:
        world.repository(home)
        put(world, home, path, content)
    perform(world, Job.SCAN_CODE, Job.COMPARE_FILES)
    dismiss(world, "everywhere")

    assert [each["path"] for each in carry(world, "everywhere").json["items"]] == ["copied.py"]
    assert set(states(world).values()) == {AlertState.DISMISSED}


def test_the_page_offers_to_carry_and_does(lab):
    browser = lab.browser("keeper")
    before = browser.get("/lab/notes/security/1").text
    assert "lab/near#1" in before
    assert "Dismiss open copies, too" not in before
    dismiss(lab, "keeper")
    assert "Dismiss open copies, too" in browser.get("/lab/notes/security/1").text

    assert browser.post("/lab/notes/security/1", data={"act": "carry"}).status_code == 303

    assert states(lab)["lab/near"] is AlertState.DISMISSED
    assert "Dismiss open copies, too" not in browser.get("/lab/notes/security/1").text
