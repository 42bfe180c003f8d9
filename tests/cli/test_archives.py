"""Archives of other systems: what they hold comes along, once, and the rest is said."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile

import pytest

from appliance.domain.brought import (
    Judged,
    Place,
    Pull,
    Said,
    Talk,
    Thread,
    heads,
    hunk_end,
    pieces,
    titled,
)
from appliance.domain.brought_words import attributed
from appliance.domain.conversations import LARGEST_TEXT_BYTES, LONGEST_TITLE
from appliance.domain.pull_requests import Side, Verdict
from appliance.errors import InvalidError
from appliance.services import archive_reading
from appliance.services.archive_files import unpack
from tests.cli.archive_of_gitea import gitea
from tests.cli.archive_of_github import github
from tests.cli.archive_of_gitlab import gitlab

FORMS = pytest.mark.parametrize("form", [github, gitlab, gitea])


@FORMS
def test_an_archive_comes_in_whole_and_only_once(form, here, fresh, tmp_path):
    organisation = fresh("org")
    here("org", "create", organisation)
    writer = fresh("writer")
    here("user", "create", writer, "--email", f"{writer}@lab.example")
    archive = form(tmp_path)
    words = ("repo", "import-archive", archive, organisation, "--user", f"octocat={writer}")

    (planned,) = here(*words, "--dry-run", "--json").json
    assert (planned["conversations"], planned["pull_requests"], planned["brought"]) == (4, 3, 0)
    told = here(*words, "--dry-run").out
    assert re.search(r"^Issues and pull requests +4$", told, re.MULTILINE)
    (came,) = here(*words, "--json").json

    assert (came["git"], came["brought"], came["comments"]) == ("brought", 4, 3)
    assert (came["reviews"], came["line_comments"], came["unplaced"]) == (2, 4, 1)
    assert came["as_issues"] == [4]
    assert came["unknown"] == ["ghost"]
    assert came["left_out"]["reactions"] == 1
    path = f"{organisation}/notes"
    assert here("repo", "show", path, "--json").json["content"] == "ready"
    the_issue_as_it_was(here, path, writer)
    merged_as_it_was(here, path)
    open_as_it_is(here, path)

    (again,) = here(*words, "--json").json
    assert (again["git"], again["brought"], again["already"]) == ("was there", 0, 4)
    assert (again["comments"], again["reviews"]) == (0, 0)
    opened = here("issue", "create", path, "Another", "--json").json
    assert opened["number"] == 5


def the_issue_as_it_was(here, path, writer):
    """The first one, and the last one: a pull request of which Git has nothing."""
    issue = here("issue", "show", path, "1", "--json").json
    assert (issue["title"], issue["state"], issue["author"]) == ("The roof leaks", "closed", writer)
    assert issue["body"] == "It drips.\nSee #2."
    assert [each["name"] for each in issue["labels"]] == ["not nice"]
    assert issue["milestone"]["title"] == "Before winter"
    assert issue["assignees"] == [writer]
    assert issue["created_at"].startswith("2024-03-01T10:00:00")
    assert "`burn`" in here("issue", "show", path, "4", "--json").json["body"]


def merged_as_it_was(here, path):
    """What came of the second one: merged, reviewed, and spoken of at its lines."""
    pull = here("pr", "show", path, "2", "--json").json
    assert (pull["title"], pull["is_merged"], pull["state"]) == ("Mend the roof", True, "closed")
    assert pull["closed_at"].startswith("2024-03-04T10:00:00")
    assert (pull["head"]["branch"], pull["base"]["branch"]) == ("mend", "main")
    assert pull["body"].startswith("> *ghost wrote on 2024-03-02:*")
    assert pull["body"].endswith("[…]")
    (patch_set,) = here("pr", "patch-sets", path, "2", "--json").json
    assert (patch_set["number"], patch_set["head"]) == (1, pull["head"]["commit"])
    (review,) = here("pr", "reviews", path, "2", "--json").json
    assert (review["verdict"], review["is_dismissed"]) == ("approve", False)
    (thread,) = here("pr", "threads", path, "2", "--json").json
    assert (thread["anchor"]["path"], thread["anchor"]["line"]) == ("roof", 2)
    said = [each["body"].splitlines()[-1] for each in thread["comments"]]
    assert said == ["Why German?", "Why not?"]


def open_as_it_is(here, path):
    """What is with the third one: a draft with two patch sets, whose approval is of elsewhere."""
    pull = here("pr", "show", path, "3", "--json").json
    assert (pull["state"], pull["is_draft"], pull["patch_set"]) == ("open", True, 2)
    (review,) = here("pr", "reviews", path, "3", "--json").json
    assert (review["patch_set"] in {1, 2}, review["is_dismissed"]) == (True, True)
    threads = here("pr", "threads", path, "3", "--json").json
    anchors = [each["anchor"] for each in threads]
    assert [(each["patch_set"], each["line"]) for each in anchors] == [(1, 1), (2, None)]


def test_what_the_command_unpacked_goes_with_it(here, tmp_path, monkeypatch):
    scratch, damaged = tmp_path / "scratch", tmp_path / "damaged.zip"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    whole = gitea(tmp_path)
    damaged.write_bytes(whole.read_bytes()[:-400])

    (planned,) = here("repo", "import-archive", whole, "lab", "--dry-run", "--json").json
    broken = here("repo", "import-archive", damaged, "lab", "--dry-run")
    stopped = here("repo", "import-archive", whole, "no-such-owner")

    assert planned["nobody"] == {"octocat": 11, "ghost": 3}
    assert (broken.code, stopped.code) == (2, 4), (broken, stopped)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("codara", ["remote"], indirect=True)
def test_a_job_brings_in_what_is_sent_from_elsewhere(codara, fresh, tmp_path):
    organisation = fresh("org")
    codara("org", "create", organisation)
    words = ("repo", "import-archive", gitea(tmp_path), f"{organisation}/kept", "--upload")

    came = codara(*words, "--json").json

    (part,) = came["repositories"]
    assert (came["state"], part["name"], part["report"]["git"]) == ("done", "kept", "brought")
    assert codara("pr", "show", f"{organisation}/kept", "2", "--json").json["is_merged"]


@FORMS
def test_people_are_found_by_their_addresses(form, tmp_path):
    folder = tmp_path / "unpacked"
    (whole,) = archive_reading.read(unpack(form(tmp_path), folder))

    assert whole.people["octocat"] == ("writer@lab.example",)
    assert (folder / whole.git).exists()
    assert [each.number for each in whole.talks] == [1, 2, 3, 4]
    assert [each.title for each in whole.milestones] == ["Before winter"]
    assert whole.milestones[0].is_closed


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out"])
def test_nothing_leaves_the_folder(name, tmp_path):
    archive = tmp_path / "bad.tar"
    with tarfile.open(archive, "w") as made:
        member = tarfile.TarInfo(name)
        member.size = 1
        made.addfile(member, io.BytesIO(b"x"))

    with pytest.raises(InvalidError, match="leads out of it"):
        unpack(archive, tmp_path / "into")


def test_links_are_not_taken_out(tmp_path):
    archive = tmp_path / "links.tar"
    with tarfile.open(archive, "w") as made:
        member = tarfile.TarInfo("repo.yml")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(member)
        made.addfile(tarfile.TarInfo("plain"))

    assert [each.name for each in unpack(archive, tmp_path / "into").iterdir()] == ["plain"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_what_is_no_archive_is_said(content, tmp_path):
    archive = tmp_path / "archive"
    archive.write_bytes(content)
    (tmp_path / "into").mkdir()

    with pytest.raises(InvalidError):
        archive_reading.read(unpack(archive, tmp_path / "into"))


@pytest.mark.parametrize(
    ("hunk", "end"),
    [
        ("@@ -1,3 +1,3 @@\n one\n-two\n+zwei", (Side.NEW, 2)),
        ("@@ -1,3 +1,3 @@ def f():\n one\n-two", (Side.OLD, 2)),
        ("@@ -10 +20 @@\n ten", (Side.NEW, 20)),
        ("@@ -0,0 +1 @@\n+one\n\\ No newline at end of file", (Side.NEW, 1)),
        ("@@ -1,3 +1,3 @@", None),
        ("", None),
        ("no hunk", None),
    ],
)
def test_a_piece_of_a_diff_ends_with_the_line_that_is_meant(hunk, end):
    assert hunk_end(hunk) == end


def test_commits_that_were_spoken_of_are_patch_sets_in_their_order():
    first = Thread((Place("b" * 40, "f"),), (Said("", "", "2024-03-02T10:00:00Z"),))
    second = Thread((Place("a" * 40, "f"),), (Said("", "", "2024-03-03T12:00:00+05:00"),))
    review = Judged("", Verdict.APPROVE, "2024-03-03T10:00:00Z", head="c" * 40)
    pull = Pull("topic", "main", "c" * 40, reviews=(review,), threads=(second, first))

    assert heads(pull) == ["b" * 40, "a" * 40, "c" * 40]


def test_long_conversations_go_in_pieces():
    comments = tuple(Said("", "x" * 40, "") for _ in range(7))
    talk = Talk(1, "t", "y" * 10, "", "", comments=comments)

    found = list(pieces(talk, most_bytes=100))

    assert [first for first, _ in found] == [0, 2, 4, 6]
    assert [each for _, piece in found for each in piece.comments] == list(comments)


def test_texts_and_titles_are_made_possible():
    assert len(attributed("ä" * LARGEST_TEXT_BYTES, "note", {}).encode()) <= LARGEST_TEXT_BYTES
    assert attributed("a\r\nb\0", "", {}) == "a\nb"
    assert titled("  a\n b ") == "a b"
    assert len(titled("x" * 300)) == LONGEST_TITLE
    assert titled("") == "(no title)"
