"""`codara pr compare`, `edit` and `apply`, said to an appliance that runs."""

from __future__ import annotations

import pytest

from appliance.cli.client import CONSOLE_HEADER, Client, LocalSocket, repository
from tests.journeys.running import until

LINES = "one\ntwo\nthree\n"
SUGGESTION = "So, perhaps:\n```suggestion\nzwei\n```"


@pytest.fixture
def api(appliance):
    """The same appliance, for what no command does."""
    return Client(LocalSocket(appliance.home / "run" / "web.sock"), {CONSOLE_HEADER: ""})


@pytest.fixture
def asked(here, lab, api):
    """A pull request of one commit; gives its repository, and a way to write to its branch."""
    path = f"{lab}/compared"
    here("repo", "create", path, "--readme")

    def write(content, **more: str):
        where = f"{repository(path)}/write/file"
        return api.call("PUT", where, {"branch": "topic", "content": content, **more})

    write(LINES, start="main", message="Write three lines\n")
    made = here("pr", "create", path, "topic", "--title", "Three lines", "--json").json
    assert (made["number"], made["patch_set"]) == (1, 1)
    return path, write


def test_patch_sets_are_compared_commit_by_commit(asked, here):
    path, write = asked
    write(f"{LINES}four\n", message="Add a line\n")
    until(lambda: here("pr", "show", path, "1", "--json").json["patch_set"] == 2)

    found = here("pr", "compare", path, "1", "1", "--json").json
    assert [(each["fate"], each["subject"]) for each in found] == [
        ("same", "Write three lines"),
        ("new", "Add a line"),
    ]
    assert here("pr", "compare", path, "1", "1", "2", "--json").json == found
    assert "Add a line" in here("pr", "compare", path, "1", "1").out
    assert here("pr", "compare", path, "1", "7").code == 4


def test_a_pull_request_is_sorted(asked, here, api):
    path, _ = asked
    api.call("POST", f"{repository(path)}/labels", {"name": "bug", "colour": "#b00020"})
    api.call("POST", f"{repository(path)}/milestones", {"title": "1.0"})

    sorting = ("--label", "bug", "--assignee", "admin", "--milestone", "1")
    found = here("pr", "edit", path, "1", *sorting, "--json").json

    assert [each["name"] for each in found["labels"]] == ["bug"]
    assert (found["assignees"], found["milestone"]["title"]) == (["admin"], "1.0")
    found = here("pr", "edit", path, "1", "--milestone", "0", "--title", "Two", "--json").json
    assert (found["milestone"], found["title"], len(found["labels"])) == (None, "Two", 1)
    assert here("pr", "edit", path, "1").code == 2


def test_suggestions_are_applied_once(asked, here, api):
    path, _ = asked
    said = {"path": "file", "line": 2, "body": SUGGESTION}
    thread = api.call("POST", f"{repository(path)}/pulls/1/threads", said)
    comment = thread["comments"][0]["id"]

    made = here("pr", "apply", path, "1", comment, "--json").json

    read = api.call("GET", f"{repository(path)}/read/file", query={"ref": made["commit"]})
    assert read["content"] == "one\nzwei\nthree\n"
    assert here("pr", "apply", path, "1", comment).code == 5
