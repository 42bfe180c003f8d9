"""Reports of other tools become alerts of code, and alerts become reports."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
import sqlalchemy as sa

from appliance.domain.permissions import Role, Scope
from appliance.services import sarif_uploads
from tests.alerting import CODE, SECRET, find
from tests.commands import saying
from tests.git.builder import Builder
from tests.scanning.tokens import github_token

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REPO = "/api/v1/repos/lab/notes"
SARIF, SARIFS = f"{REPO}/sarif", f"{REPO}/code-scanning/sarifs"
PASSWORD = "v8#Tq2!mZx4w"
SOURCE = b"one\nrun(first)\nrun(second)\nrun(first)\n"


@pytest.fixture
def lab(world):
    """A repository with one file."""
    repository = world.repository("lab/notes")
    world.built = Builder(world.folder(repository))
    world.head = world.built.commit({b"a.py": SOURCE})
    for role in (Role.READER, Role.WRITER, Role.MAINTAINER):
        world.user(str(role), role=role, on="lab/notes")
    return world


def report(*lines: int, category="", snippet="requires login"):
    """As a tool gives it that wants a login for its fingerprints and lines."""
    results = [
        {
            "ruleId": "run",
            "message": {"text": "Do not run it."},
            "fingerprints": {"matchBasedId/v1": "requires login"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "a.py"},
                        "region": {"startLine": line, "snippet": {"text": snippet}},
                    }
                }
            ],
        }
        for line in lines
    ]
    run = {
        "tool": {"driver": {"name": "tool", "rules": [{"id": "run"}]}},
        "automationDetails": {"id": category},
        "results": results,
    }
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def upload(lab, data, who="writer", **query: str):
    return lab.client(who).post(SARIF, data=data, query_string=query)


def states(lab):
    found = lab.client("writer").get(f"{REPO}/alerts").json["items"]
    return {each["number"]: (each["line"], each["state"]) for each in found}


def test_findings_of_one_fingerprint_are_alerts_of_their_own(lab):
    answer = upload(lab, report(2, 3, 4))

    assert answer.status_code == 201, answer.json
    assert answer.json["runs"][0]["new"] == 3
    assert answer.json["commit"] == lab.head
    assert sorted(line for line, _ in states(lab).values()) == [2, 3, 4]
    assert lab.events()[-1] == "alert.report_uploaded"


def test_an_alert_stays_the_same_when_lines_move_and_ends_when_it_is_named_no_more(lab):
    upload(lab, report(2, 3, 4))
    lab.built.commit({b"a.py": b"new\nnew\n" + SOURCE})

    moved = upload(lab, gzip.compress(report(4, 5, 6))).json["runs"][0]
    assert (moved["new"], moved["fixed"]) == (0, 0)
    other = upload(lab, report(5, category="nightly")).json["runs"][0]
    assert (other["new"], other["fixed"]) == (1, 0)
    ended = upload(lab, report(4, 6)).json["runs"][0]
    assert (ended["new"], ended["fixed"]) == (0, 1)
    assert [state for _, state in states(lab).values()].count("fixed") == 1


def test_what_is_not_kept_whole_ends_nothing(lab, monkeypatch):
    upload(lab, report(2, 3))
    monkeypatch.setattr(sarif_uploads, "MOST_KEPT", 1)

    answer = upload(lab, report(2, 4)).json
    assert (answer["runs"][0]["skipped"], answer["runs"][0]["complete"]) == (1, False)
    assert answer["runs"][0]["fixed"] == 0
    assert lab.client("writer").get(f"{SARIFS}/{answer['id']}").json["errors"]


def test_programs_made_for_github_hand_reports_in(lab):
    body = {
        "commit_sha": lab.head,
        "ref": "refs/heads/main",
        "sarif": base64.b64encode(gzip.compress(report(2))).decode(),
        "tool_name": "tool",
        "validate": True,
    }
    client = lab.client("writer", Scope.SCAN_WRITE)

    answer = client.post(SARIFS, json=body)
    assert answer.status_code == 202, answer.json
    assert client.get(f"{SARIFS}/{answer.json['id']}").json["processing_status"] == "complete"
    for wrong in ({"sarif": "%"}, {"commit_sha": "0" * 40}, {"commit_sha": ""}, {"more": 1}):
        refused = client.post(SARIFS, json=body | wrong)
        assert refused.status_code == 422
        assert refused.json["errors"][0]["field"]


def test_who_may_not_hand_reports_in(lab):
    assert upload(lab, report(2), "reader").status_code == 404
    assert lab.client("reader").post(SARIFS, json={}).status_code == 404
    assert lab.client("writer", Scope.SCAN_READ).post(SARIF, data=report(2)).status_code == 403
    assert lab.client("reader").get(SARIF).status_code == 404
    unknown = f"{SARIFS}/00000000-0000-7000-8000-000000000000"
    assert lab.client("writer").get(unknown).status_code == 404


@pytest.mark.parametrize("data", [b"", b"[" * 60_000, b"\x1f\x8b\0"], ids=range(3))
def test_a_hostile_report_is_a_clear_refusal(lab, data):
    answer = upload(lab, data)

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "sarif")


def test_alerts_are_taken_out_as_a_report(lab):
    find(lab, "lab/notes", [CODE])
    find(lab, "lab/notes", [SECRET])

    answer = lab.client("writer").get(SARIF)
    runs = answer.json["runs"]
    assert answer.content_type == "application/sarif+json"
    assert [each["automationDetails"]["id"] for each in runs] == ["codara/code/", "codara/secret/"]
    assert "exa…one" not in answer.text
    assert SECRET.identity not in answer.text


def test_commands(lab, monkeypatch, capsys, tmp_path):
    file = tmp_path / "report.sarif"
    file.write_bytes(report(2, 3))
    with saying(lab, "writer", monkeypatch, capsys) as say:
        assert say("scan", "upload", "lab/notes", str(file))["runs"][0]["new"] == 2
        out = tmp_path / "out"
        say("alert", "export", "lab/notes", "--output", str(out))
        assert json.loads(out.read_bytes())["runs"][0]["results"][0]["ruleId"] == "run"
        say("alert", "export", "lab/notes", "--format", "csv", "--output", str(out))
        assert out.read_text().count(",run,") == 2
        file.write_bytes(b"{}")
        say("scan", "upload", "lab/notes", str(file), status=2)


def test_a_secret_in_a_report_is_masked_wherever_the_tool_wrote_it(lab):
    token = github_token()
    said = json.loads(report(2, category=f"nightly {token}"))
    run = said["runs"][0]
    run["tool"]["driver"] |= {
        "version": token,
        "rules": [
            {
                "id": "run",
                "shortDescription": {"text": f"Do not print {token} here"},
                "help": {"text": f'Take password = "{PASSWORD}" out of the file.'},
                "helpUri": f"https://tool.example/?token={token}",
                "properties": {"tags": [token, "leak"]},
            }
        ],
    }
    place = run["results"][0]["locations"][0]["physicalLocation"]
    place["artifactLocation"]["uri"] = f"keys/{token}.txt"
    run["results"].append({"ruleId": f"no-place-{token}", "message": {"text": token}})

    answer = upload(lab, json.dumps(said).encode())

    assert answer.status_code == 201, answer.json
    (alert,) = lab.client("writer").get(f"{REPO}/alerts").json["items"]
    assert alert["title"] == "Do not print ghp_…" + token[-2:] + " here"
    assert alert["path"] == "keys/ghp_…" + token[-2:] + ".txt"
    kept = everything(lab)
    assert "Do not print" in kept
    assert token not in kept
    assert PASSWORD not in kept


def test_the_same_report_with_a_secret_in_it_names_the_same_alerts_again(lab):
    said = json.loads(report(2, 3))
    said["runs"][0]["tool"]["driver"]["rules"][0]["name"] = f"key {github_token()}"

    first = upload(lab, json.dumps(said).encode()).json["runs"][0]
    second = upload(lab, json.dumps(said).encode()).json["runs"][0]

    assert (first["new"], second["new"], second["fixed"]) == (2, 0, 0)


def everything(lab):
    """All rows of all tables, as text."""
    with lab.wiring.database.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        queries = [sa.select(sa.text("*")).select_from(sa.table(name)) for name in tables]
        return "\n".join(str(row) for each in queries for row in connection.execute(each))
