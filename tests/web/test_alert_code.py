"""The code of an alert: its lines, its data flow, and the secret only for who may see it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from appliance.domain.permissions import Role
from tests.alerting import CODE, SECRET, another, find
from tests.commands import saying
from tests.git.builder import Builder

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = "/lab/notes/security"
API = "/api/v1/repos/lab/notes/alerts"
VALUE, OTHER = b"value-in-the-clear", b"another-in-the-clear"
SOURCE = b"import os\n\nTOKEN = '" + VALUE + b"'\nOTHER = '" + OTHER + b"'\nrun(TOKEN)\n"
FLOW = [{"path": "src/in.py", "line": 1, "end_line": 1}, {"path": "src/settings.py", "line": 5}]


@pytest.fixture
def lab(world):
    """A repository with two secrets (1, 2) in one file, and a weakness (3) to which data flows."""
    repository = world.repository("lab/notes")
    built = Builder(world.folder(repository))
    commit = built.commit({b"src/settings.py": SOURCE, b"src/in.py": b"name = input()\n"})
    oid = hashlib.sha1(b"blob %d\0" % len(SOURCE) + SOURCE, usedforsecurity=False).hexdigest()
    first = replace(SECRET, object_id=oid, first_commit=commit)
    find(world, "lab/notes", [first, another(first, "other", line=4, end_line=4)])
    weak = replace(
        CODE,
        path=b"src/settings.py",
        object_id=oid,
        line=5,
        first_commit=commit,
        detail={"flow": [*FLOW, {"line": 99}, {"path": "gone", "line": 1}, "no step"]},
    )
    find(world, "lab/notes", [weak])
    for role in (Role.READER, Role.WRITER, Role.OWNER):
        world.user(str(role), role=role, on="lab/notes")
    return world


def page(lab, who, number):
    answer = lab.browser(who).get(f"{HERE}/{number}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_page_and_no_answer_has_a_secret_in_it(lab, number):
    shown = page(lab, "owner", number)
    answered = lab.client("owner").get(f"{API}/{number}/code")

    assert "exa...one" in shown
    assert answered.json["place"]["path"] == "src/settings.py"
    assert [each["masked"] for each in answered.json["place"]["lines"]].count(True) == 2
    for value in (VALUE, OTHER):
        assert value.decode() not in shown
        assert value.decode() not in answered.text


def test_who_decides_about_secrets_may_see_one_and_that_is_recorded(lab):
    assert "Show the secret" in page(lab, "owner", 1)
    assert "Show the secret" not in page(lab, "writer", 1)

    answer = lab.browser("owner").post(f"{HERE}/1/secret")
    assert answer.status_code == 200
    assert VALUE.decode() in answer.text
    assert OTHER.decode() not in answer.text
    answer = lab.client("owner").post(f"{API}/2/secret", json={})
    assert OTHER.decode() in answer.text
    assert VALUE.decode() not in answer.text
    assert lab.events().count("alert.secret_shown") == 2
    assert VALUE.decode() not in page(lab, "owner", 1)


@pytest.mark.parametrize(("who", "status"), [("reader", 404), ("writer", 403)])
def test_others_are_shown_no_secret(lab, who, status):
    assert lab.browser(who).post(f"{HERE}/1/secret").status_code == status
    answer = lab.client(who).post(f"{API}/1/secret", json={})

    assert answer.status_code == status
    assert VALUE.decode() not in answer.text
    assert lab.events().count("alert.secret_shown") == 0


def test_only_secrets_are_unmasked(lab):
    assert lab.client("owner").post(f"{API}/3/secret", json={}).status_code == 409


def test_data_flows_through_steps(lab):
    flow = lab.client("writer").get(f"{API}/3/code").json["flow"]

    steps = [(each["path"], each["line"]) for each in flow]
    assert steps == [("src/in.py", 1), ("src/settings.py", 5)]
    shown = page(lab, "writer", 3)
    assert "2 steps" in shown
    assert "input" in shown


def test_what_stands_on_no_line_has_no_code(lab):
    find(lab, "lab/notes", [another(SECRET, "name", line=None, end_line=None, path=b"x")])
    find(lab, "lab/notes", [another(SECRET, "far", line=500)])
    find(lab, "lab/notes", [another(SECRET, "tag", detail={"in": "tag"})])

    for number in (4, 5, 6):
        assert lab.client("owner").get(f"{API}/{number}/code").json["place"] is None
        assert lab.client("owner").post(f"{API}/{number}/secret", json={}).status_code == 409
        assert page(lab, "owner", number)


def test_commands_show_the_lines(lab, monkeypatch, capsys):
    with saying(lab, "owner", monkeypatch, capsys) as say:
        masked = say("alert", "code", "lab/notes", "1")
        shown = say("alert", "code", "lab/notes", "1", "--secret")

    assert masked["place"]["lines"][2]["text"] == "exa...one"
    assert VALUE.decode() in shown["place"]["lines"][2]["text"]
