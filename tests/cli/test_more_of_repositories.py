"""What stands around repositories, by commands: labels, milestones, webhooks, pins, the matrix."""

from __future__ import annotations

import os
import subprocess

import pytest

from appliance.domain.permissions import OrganisationRole
from appliance.services import archive_files
from tests.cli.archive_of_github import github
from tests.commands import saying
from tests.services.pulling import NOTES, Place

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def say(world, monkeypatch, capsys):
    """Say a command as the owner of an organisation, over the network; gives what it answers."""
    place = Place(world)
    place.topic()
    world.join("owner", "lab", OrganisationRole.OWNER)
    with saying(world, "owner", monkeypatch, capsys) as say_it:
        yield say_it


def test_labels_are_made_changed_and_deleted(say):
    made = say("repo", "label", "create", NOTES, "not nice", "--colour", "ff0000")
    assert (made["name"], made["colour"]) == ("not nice", "ff0000")
    changed = say("repo", "label", "change", NOTES, "not nice", "--name", "a/b")
    assert (changed["name"], changed["colour"]) == ("a/b", "ff0000")
    assert "a/b" in [each["name"] for each in say("repo", "label", "list", NOTES)]
    assert say("repo", "label", "delete", NOTES, "a/b", "--yes") == {"deleted": "a/b"}


def test_milestones_are_made_changed_and_deleted(say):
    made = say("repo", "milestone", "create", NOTES, "Before winter", "--due", "2027-10-01")
    number = str(made["number"])
    assert made["due_on"] == "2027-10-01"
    changed = say("repo", "milestone", "change", NOTES, number, "--due", "none", "--closed")
    assert (changed["due_on"], changed["is_open"]) == (None, False)
    assert say("repo", "milestone", "list", NOTES, "--open") == []
    assert say("repo", "milestone", "show", NOTES, number)["title"] == "Before winter"
    say("repo", "milestone", "delete", NOTES, number, "--yes")
    assert say("repo", "milestone", "list", NOTES) == []


def test_branches_are_compared_each_with_each(say):
    found = say("repo", "matrix", NOTES, "main", "topic")
    far = {
        (each["ref"], each["base"]): (each["ahead"], each["behind"]) for each in found["distances"]
    }
    assert far["topic", "main"] == (1, 0)
    assert far["main", "topic"] == (0, 1)


def test_issues_are_changed(say):
    say("issue", "create", NOTES, "The roof leaks")
    say("repo", "label", "create", NOTES, "bug")
    changed = say("issue", "edit", NOTES, "1", "--title", "It drips", "--label", "bug", "--lock")
    assert (changed["title"], changed["is_locked"]) == ("It drips", True)
    assert [each["name"] for each in changed["labels"]] == ["bug"]
    again = say("issue", "edit", NOTES, "1", "--body", "Still.", "--unlock", "--milestone", "0")
    assert (again["body"], again["is_locked"], again["milestone"]) == ("Still.", False, None)


@pytest.mark.parametrize("noun", ["branch", "tag"])
def test_branches_and_tags_are_made_and_deleted(say, noun):
    made = say("repo", noun, "create", NOTES, "a/new-one", "main")
    assert made["name"] == "a/new-one"
    found = say("repo", noun, "list", NOTES, "--search", "new")
    assert [each["commit"] for each in found] == [made["commit"]]
    say("repo", noun, "delete", NOTES, "a/new-one", "--expected", made["commit"], "--yes")
    assert say("repo", noun, "list", NOTES, "--search", "new") == []


def test_merging_is_set(say):
    wanted = ("--method", "squash", "--method", "merge", "--delete-branches", "--no-auto")
    changed = say("repo", "merge-settings", NOTES, *wanted)
    assert changed["methods"] == ["squash", "merge"]
    assert (changed["delete_branches"], changed["auto_merge"]) == (True, False)
    assert say("repo", "merge-settings", NOTES) == changed


def test_things_are_found_by_their_names(say):
    assert [each["path"] for each in say("search", "note")] == [NOTES]
    assert [each["path"] for each in say("search", "maint", "--kind", "users")] == ["maintainer"]


def test_things_in_repositories_are_found(say, tmp_path):
    source = tmp_path / "source"
    source.write_text("It is dark.")
    say("issue", "create", NOTES, "The lighthouse is dark")
    found = say("search", "lighthouse", "--kind", "issues", "--owner", "lab")
    assert [(each["path"], each["number"]) for each in found] == [(NOTES, 1)]
    say("repo", "file", "write", NOTES, "lighthouse.txt", str(source))
    for kind in ("files", "content", "commits"):
        word = "dark" if kind == "content" else "lighthouse"
        assert [each["path"] for each in say("search", word, "--kind", kind)] == [NOTES], kind


def test_what_is_pinned_stands_in_its_order(say):
    assert [each["path"] for each in say("user", "pin", NOTES)] == [NOTES]
    assert [each["path"] for each in say("user", "pins", "owner")] == [NOTES]
    assert say("user", "pin") == []
    say("repo", "star", NOTES)
    assert [each["path"] for each in say("user", "stars", "owner")] == [NOTES]
    assert [each["path"] for each in say("repo", "forks", NOTES)] == [NOTES]


def test_an_organisation_has_the_same_webhooks_as_a_repository(say):
    address = ("--address", "https://8.8.8.8/in", "--event", "push")
    made = say("org", "hook", "create", "lab", *address)
    of_it = ("lab", made["id"])
    assert made["secret"]
    assert [each["id"] for each in say("org", "hook", "list", "lab")] == [made["id"]]
    assert say("org", "hook", "change", *of_it, "--off")["is_active"] is False
    assert say("org", "hook", "change", *of_it, "--on")["url"] == "https://8.8.8.8/in"
    ping = say("org", "hook", "ping", *of_it)
    number = str(ping["number"])
    assert say("org", "hook", "delivery", *of_it, number)["event"] == "ping"
    assert [each["number"] for each in say("org", "hook", "deliveries", *of_it)] == [ping["number"]]
    between = ("--since", "2020-01-01T00:00:00Z", "--until", "2020-01-02T00:00:00Z")
    assert say("org", "hook", "redeliver", *of_it, *between)["deliveries"] == 0
    assert say("org", "hook", "show", *of_it)["id"] == made["id"]
    assert say("repo", "hook", "list", NOTES) == []
    assert say("org", "hook", "delete", *of_it, "--yes") == {"deleted": made["id"]}


def test_elsewhere_pull_requests_wait_for_their_commits(say, world, tmp_path):
    archive = github(tmp_path)
    words = ("repo", "import-archive", str(archive), "owner")

    (first,) = say(*words)
    assert (first["git"], first["brought"]) == ("not brought", 0)
    source = archive_files.unpack(archive, tmp_path / "unpacked") / "repositories/octo/notes.git"
    folder = world.folder(world._repository("owner/notes"))
    fetch = ["git", "fetch", "-q", str(source), "refs/heads/*:refs/heads/*"]
    # As the appliance itself would take a push.
    env = {**os.environ, "CODARA_INTERNAL": "1"}
    subprocess.run([*fetch, "refs/pull/*/head:refs/archive/*"], cwd=folder, check=True, env=env)

    (second,) = say(*words)
    assert (second["git"], second["brought"], second["as_issues"]) == ("was there", 4, [4])
    assert say("pr", "show", "owner/notes", "2")["is_merged"]
