"""Statuses and check runs: reported by programs, and read on the pages of commits."""

from __future__ import annotations

from functools import partial

import pytest

from appliance.domain.permissions import Role
from tests.commands import saying
from tests.web.code_pages import Browser, build

REPO = "/api/v1/repos/lab/odd"
RUNS = f"{REPO}/check-runs"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOTICE = {"path": "a.py", "start_line": 2, "end_line": 3, "annotation_level": "notice"}


@pytest.fixture
def odd(world):
    """A repository with two commits, and who may do what on it."""
    builder, one = build(world, "lab/odd", {b"a.py": b"one\ntwo\nthree\n"})
    two = builder.commit({b"a.py": b"1\n2\n3\n"}, parents=[one], message=b"Second\n")
    for role in (Role.READER, Role.WRITER, Role.MAINTAINER):
        world.user(str(role), role=role, on="lab/odd")
    world.user("machine", role=Role.WRITER, on="lab/odd")
    world.user("outsider")
    world.commits = (one, two)
    return world


def said(world, who="machine", commit=-1, **body):  # noqa: ANN003 - a body.
    return world.client(who).post(f"{REPO}/statuses/{world.commits[commit]}", json=body)


def state(world, commit=-1):
    return world.client("reader").get(f"{REPO}/commits/{world.commits[commit]}/status").json


def test_a_status_is_reported_and_counts_until_the_next(odd):
    first = said(odd, state="failure", context="build", target_url="https://ci.test/1")
    assert (first.status_code, first.json["creator"]) == (201, {"login": "machine"})
    assert state(odd)["state"] == "failure"
    assert said(odd, state="success", context="build").status_code == 201

    now = state(odd)
    assert (now["state"], now["total_count"], len(now["statuses"])) == ("success", 1, 1)
    every = odd.client("reader").get(f"{REPO}/commits/{odd.commits[-1]}/statuses").json["items"]
    assert [each["state"] for each in every] == ["success", "failure"]
    assert odd.events() == ["check.status_reported"] * 2


def test_what_was_said_of_a_commit_says_nothing_of_the_next(odd):
    said(odd, commit=0, state="success")

    assert (state(odd, 0)["state"], state(odd, 0)["total_count"]) == ("success", 1)
    assert (state(odd, 1)["state"], state(odd, 1)["total_count"]) == ("pending", 0)


def test_nobody_makes_good_what_another_found_bad(odd):
    said(odd, state="failure", context="build")
    said(odd, "writer", state="success", context="build")

    assert state(odd)["state"] == "failure"


@pytest.mark.parametrize(
    ("who", "status"), [("outsider", 404), ("reader", 403), ("writer", 201), ("machine", 201)]
)
def test_who_writes_reports(odd, who, status):
    assert said(odd, who, state="pending").status_code == status
    run = {"name": "build", "head_sha": odd.commits[0]}
    assert odd.client(who).post(RUNS, json=run).status_code == status


@ON_ONE
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"state": "fine"}, "state"),
        ({"state": "success", "target_url": "javascript:alert(1)"}, "target_url"),
        ({"state": "success", "context": "a\nb\x07"}, "context"),
    ],
)
def test_nonsense_is_refused_by_its_field(odd, body, field):
    answer = said(odd, **body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert odd.client("machine").post(f"{REPO}/statuses/{'1' * 40}", json=body).status_code != 201


def test_a_check_run_goes_its_way(odd):
    client = odd.client("machine")
    made = client.post(RUNS, json={"name": "build", "head_sha": odd.commits[-1]})
    one = made.headers["Location"]
    assert (made.status_code, made.json["status"], made.json["started_at"]) == (201, "queued", None)
    begun = client.patch(one, json={"status": "in_progress"}).json
    assert begun["started_at"] is not None
    assert state(odd)["state"] == "pending"
    output = {"title": "One", "annotations": [{**NOTICE, "message": "So."}]}
    client.patch(one, json={"output": output})
    more = {"annotations": [{**NOTICE, "message": "And so."}]}
    artefacts = [{"name": "report", "url": "https://ci.test/r", "size_bytes": 5}]
    ended = client.patch(
        one, json={"conclusion": "success", "output": more, "artefacts": artefacts}
    ).json
    assert (ended["status"], ended["output"]["annotations_count"]) == ("completed", 2)
    assert ended["output"]["title"] == "One"
    assert ended["artefacts"][0]["url"] == "https://ci.test/r"
    assert client.get(one).json == ended
    assert client.get(f"{REPO}/commits/{odd.commits[-1]}/check-runs").json["items"] == [ended]
    lines = client.get(f"{one}/annotations").json["items"]
    assert [each["message"] for each in lines] == ["So.", "And so."]
    assert state(odd)["state"] == "success"
    assert odd.events() == ["check.run_created", *["check.run_changed"] * 3]


def test_a_check_run_is_its_reporters_and_maintainers(odd):
    body = {"name": "build", "head_sha": odd.commits[-1]}
    one = odd.client("machine").post(RUNS, json=body).headers["Location"]

    assert odd.client("writer").patch(one, json={"conclusion": "success"}).status_code == 403
    assert odd.client("maintainer").patch(one, json={"conclusion": "cancelled"}).status_code == 200
    assert odd.client("outsider").get(one).status_code == 404
    other = one.replace("lab/odd", "lab/even")
    odd.repository("lab/even")
    odd.grant("machine", Role.WRITER, "lab/even")
    assert odd.client("machine").get(other).status_code == 404


@ON_ONE
@pytest.mark.parametrize(
    "body",
    [
        {"status": "completed"},
        {"status": "queued", "conclusion": "success"},
        {"output": {"annotations": [{**NOTICE, "end_line": 1, "message": "Back"}]}},
        {"artefacts": [{"name": "x", "url": "data:text/html,x"}]},
        {"details_url": "javascript:alert(1)"},
    ],
)
def test_what_does_not_go_together_is_refused(odd, body):
    body = {"name": "build", "head_sha": odd.commits[-1], **body}

    assert odd.client("machine").post(RUNS, json=body).status_code == 422


@ON_ONE
def test_pages_show_how_commits_stand(odd):
    client, commit = odd.client("machine"), odd.commits[-1]
    said(odd, state="success", context="lint", target_url="https://ci.test/lint")
    output = {
        "title": "Two failed",
        "summary": "# Two\n\n<script>alert(1)</script>",
        "annotations": [{**NOTICE, "message": "<b>So</b>"}],
    }
    run = {"name": "build <1>", "head_sha": commit, "conclusion": "failure", "output": output}
    identifier = client.post(RUNS, json=run).json["id"]
    browser = Browser(odd.browser("reader"))

    page = browser.page(f"/lab/odd/commit/{commit}")
    assert "build &lt;1&gt;" in page
    assert "1 of 2 checks have passed" in page
    assert 'href="https://ci.test/lint"' in page
    assert 'id="checks"' not in browser.page(f"/lab/odd/commit/{odd.commits[0]}")
    assert "1 of 2 checks have passed" in browser.page("/lab/odd/commits")
    assert "1 of 2 checks have passed" in browser.page("/lab/odd/branches")
    report = browser.page(f"/lab/odd/check-runs/{identifier}")
    assert f"/lab/odd/blob/{commit}/a.py#L2-L3" in report
    assert "&lt;b&gt;So&lt;/b&gt;" in report
    assert "<script>alert" not in report
    assert (
        Browser(odd.browser("outsider")).get(f"/lab/odd/check-runs/{identifier}").status_code == 404
    )


@ON_ONE
def test_the_command_line_reports_and_reads(odd, capsys, monkeypatch):
    with saying(odd, "machine", monkeypatch, capsys) as say:
        run = partial(say, "repo")
        run("status", "report", "lab/odd", "main", "build", "--state", "pending")
        assert run("status", "list", "lab/odd", "main")[0]["context"] == "build"
        commit = odd.commits[-1]
        made = run("check-run", "create", "lab/odd", commit, "lint", "--state", "in_progress")
        changed = run("check-run", "change", "lab/odd", made["id"], "--conclusion", "neutral")
        assert run("check-run", "show", "lab/odd", made["id"]) == changed
        assert run("check-run", "annotations", "lab/odd", made["id"]) == []
        assert len(run("check-run", "list", "lab/odd", commit)) == 1
        found = run("status", "show", "lab/odd", commit)
        assert (found["state"], found["passed_count"], found["total_count"]) == ("pending", 1, 2)


def test_a_commit_is_named_by_any_revision(odd):
    client, head = odd.client("maintainer"), odd.commits[-1]
    for name in ("plain", "with/slash"):
        made = client.post(f"{REPO}/branches", json={"name": name, "start": head})
        assert made.status_code == 201, made.json
    for spelled in ("plain", "with/slash", "refs/heads/with/slash", head, head[:8]):
        place = f"{REPO}/commits/{spelled}"
        assert client.get(place).json["oid"] == head
        assert client.get(f"{place}/status").json["sha"] == head
        for rest in ("statuses", "check-runs", "pulls", "comments", "labels"):
            assert client.get(f"{place}/{rest}").status_code == 200, rest
    for spelled in ("nothing", "nothing/here", "1234567"):
        assert client.get(f"{REPO}/commits/{spelled}").status_code == 404
