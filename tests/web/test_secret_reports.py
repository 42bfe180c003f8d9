"""Reports of trufflehog3 become alerts of secrets, and no value of theirs is kept."""

from __future__ import annotations

import json
import subprocess

import pytest

from appliance.domain.permissions import Role
from script import secret_engine
from tests.commands import saying
from tests.git.builder import Builder

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REPO = "/api/v1/repos/lab/notes"
VALUE = "kJ3d92LmQx7zWp4RtY8s"
KEY = "-----BEGIN RSA PRIVATE KEY-----"


@pytest.fixture
def lab(world):
    """A repository that has had a secret, and has a key."""
    repository = world.repository("lab/notes")
    world.home = world.folder(repository)
    world.built = built = Builder(world.home)
    world.old = built.commit(
        {b"a.py": f"one\ntoken = '{VALUE}'\n".encode(), b"k.pem": KEY.encode()}
    )
    world.head = built.commit({b"a.py": b"one\n"}, parents=[world.old])
    for role in (Role.READER, Role.WRITER):
        world.user(str(role), role=role, on="lab/notes")
    return world


def issue(secret=VALUE, **more: object):
    rule = {"id": "generic.secret", "message": "Generic Secret", "severity": "HIGH"}
    return {
        "rule": {**rule, "pattern": "x"},
        "path": "a.py",
        "line": "9",
        "secret": secret,
        "context": {"9": f"+{secret}"},
        "commit": None,
        "author": None,
        "date": None,
        "branch": None,
        "message": None,
        **more,
    }


def upload(lab, data, who="writer"):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return lab.client(who).post(f"{REPO}/sarif?format=trufflehog3", data=body)


def alerts(lab):
    return lab.client("writer").get(f"{REPO}/alerts").json["items"]


def test_an_issue_is_an_alert_where_its_value_stands(lab):
    answer = upload(lab, [issue(commit=lab.old), issue(commit=lab.old, branch="main")])

    assert answer.status_code == 201, answer.json
    assert answer.json["runs"][0]["new"] == 1
    (alert,) = alerts(lab)
    assert (alert["kind"], alert["rule"]) == ("secret", "trufflehog3:generic.secret")
    assert (alert["path"], alert["line"], alert["lane"]) == ("a.py", 2, "review")


def test_what_trufflehog3_writes_is_taken_in(lab, tmp_path):
    """The program itself, over the whole history: it says the wrong line, and the value."""
    key = "AKIA" + "QZ7WX4NBVLK2MHJT"
    lab.built.commit({b"b.py": f"one\ntwo\nkey = '{key}'\n".encode()}, parents=[lab.head])
    clone, found = tmp_path / "clone", tmp_path / "found.json"
    subprocess.run(["git", "clone", "--quiet", lab.home, clone], check=True)
    subprocess.run(["git", "-C", clone, "remote", "remove", "origin"], check=True)
    words = [secret_engine.make(), "--format", "JSON", "--output", found, clone]
    ended = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert found.exists(), ended.stderr

    assert upload(lab, found.read_bytes()).status_code == 201

    (alert,) = [each for each in alerts(lab) if each["path"] == "b.py"]
    assert alert["rule"] == "trufflehog3:amazon.aws-api-key"
    assert alert["line"] == 3
    assert key not in json.dumps(alerts(lab))


def test_no_value_leaves_the_report(lab):
    upload(lab, [issue(commit=lab.old), issue(secret=KEY, path="k.pem")])

    shown = json.dumps([alerts(lab), lab.client("writer").get(f"{REPO}/sarif").json])
    assert VALUE not in shown
    assert VALUE[:4] in shown  # Enough to recognise it.


def test_a_place_that_the_report_makes_up_is_none(lab):
    upload(lab, [issue(commit="0" * 40), issue(secret="other" * 4), issue(path="../a.py")])

    assert {each["line"] for each in alerts(lab)} == {None}


def test_keys_of_which_one_line_is_told_differ_by_their_file(lab):
    upload(lab, [issue(secret=KEY, path="k.pem"), issue(secret=KEY, path="other.pem")])

    assert len(alerts(lab)) == 2


def test_a_report_without_them_ends_nothing(lab):
    upload(lab, [issue(commit=lab.old)])
    upload(lab, [])

    assert [each["state"] for each in alerts(lab)] == ["open"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b"[1]",
        json.dumps([issue(commit="main")]).encode(),
        json.dumps([issue(secret="")]).encode(),
        json.dumps([issue(path="a\0b")]).encode(),
        json.dumps([issue(rule=None)]).encode(),
    ],
    ids=["empty", "mapping", "deep", "number", "commit", "no-secret", "nul", "no-rule"],
)
def test_what_is_no_report_is_refused_without_its_values(lab, data):
    answer = upload(lab, data)

    assert answer.status_code == 422, answer.json
    assert VALUE not in answer.text
    assert alerts(lab) == []


def test_who_may_not_report_finds_nothing_there(lab):
    assert upload(lab, [issue()], who="reader").status_code == 404


def test_the_command_hands_one_in(lab, tmp_path, monkeypatch, capsys):
    file = tmp_path / "found.json"
    file.write_text(json.dumps([issue(commit=lab.old)]))

    with saying(lab, "writer", monkeypatch, capsys) as say:
        said = say("scan", "upload", "lab/notes", str(file), "--format", "trufflehog3")

    assert said["runs"][0]["tool"] == "trufflehog3"
    assert said["runs"][0]["new"] == 1
