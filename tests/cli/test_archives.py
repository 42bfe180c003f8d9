"""Archives of other systems: what they hold comes along, once, and the rest is said."""

from __future__ import annotations

import io
import tarfile

import pytest

from appliance.cli import archives
from appliance.domain.brought import Said, Talk, attributed, pieces, titled
from appliance.domain.conversations import LARGEST_TEXT_BYTES, LONGEST_TITLE
from appliance.errors import InvalidError
from tests.cli import archives as built

FORMS = pytest.mark.parametrize("form", ["github", "gitlab", "gitea"])


@FORMS
def test_an_archive_comes_in_whole_and_only_once(form, here, fresh, tmp_path):
    organisation = fresh("org")
    here("org", "create", organisation)
    writer = fresh("writer")
    here("user", "create", writer, "--email", f"{writer}@lab.example")
    archive = getattr(built, form)(tmp_path)
    words = ("repo", "import-archive", archive, organisation, "--user", f"octocat={writer}")

    (planned,) = here(*words, "--dry-run", "--json").json
    assert (planned["conversations"], planned["pull_requests"], planned["brought"]) == (2, 1, 0)
    (came,) = here(*words, "--json").json

    assert (came["git"], came["brought"], came["comments"]) == ("brought", 2, 3)
    assert came["unknown"] == ["ghost"]
    assert came["left_out"]["reactions"] == 1
    path = f"{organisation}/notes"
    assert here("repo", "show", path, "--json").json["content"] == "ready"
    issue = here("issue", "show", path, "1", "--json").json
    assert (issue["title"], issue["state"], issue["author"]) == ("The roof leaks", "closed", writer)
    assert issue["body"] == "It drips.\nSee #2."
    assert [each["name"] for each in issue["labels"]] == ["not nice"]
    assert issue["milestone"]["title"] == "Before winter"
    assert issue["assignees"] == [writer]
    assert issue["created_at"].startswith("2024-03-01T10:00:00")
    pull = here("issue", "show", path, "2", "--json").json
    assert pull["body"].startswith("> *ghost wrote on 2024-03-02:*")
    assert "`mend`" in pull["body"][:200]
    assert pull["body"].endswith("[…]")

    (again,) = here(*words, "--json").json
    assert (again["git"], again["brought"], again["already"]) == ("was there", 0, 2)
    assert again["comments"] == 0
    opened = here("issue", "create", path, "Another", "--json").json
    assert opened["number"] == 3


@FORMS
def test_people_are_found_by_their_addresses(form, tmp_path):
    folder = tmp_path / "unpacked"
    (whole,) = archives.read(archives.unpack(getattr(built, form)(tmp_path), folder))

    assert whole.people["octocat"] == ("writer@lab.example",)
    assert (folder / whole.git).exists()
    assert [each.number for each in whole.talks] == [1, 2]
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
        archives.unpack(archive, tmp_path / "into")


def test_links_are_not_taken_out(tmp_path):
    archive = tmp_path / "links.tar"
    with tarfile.open(archive, "w") as made:
        member = tarfile.TarInfo("repo.yml")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(member)
        made.addfile(tarfile.TarInfo("plain"))

    assert [each.name for each in archives.unpack(archive, tmp_path / "into").iterdir()] == [
        "plain"
    ]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_what_is_no_archive_is_said(content, tmp_path):
    archive = tmp_path / "archive"
    archive.write_bytes(content)
    (tmp_path / "into").mkdir()

    with pytest.raises(InvalidError):
        archives.read(archives.unpack(archive, tmp_path / "into"))


def test_long_conversations_go_in_pieces():
    comments = tuple(Said("", "x" * 40, "") for _ in range(7))
    talk = Talk(1, "t", "y" * 10, "", "", comments=comments)

    found = list(pieces(talk, most_bytes=100))

    assert [first for first, _ in found] == [0, 2, 4, 6]
    assert [each for _, piece in found for each in piece.comments] == list(comments)


def test_texts_and_titles_are_made_possible():
    assert len(attributed("ä" * LARGEST_TEXT_BYTES, "note").encode()) <= LARGEST_TEXT_BYTES
    assert attributed("a\r\nb\0", "") == "a\nb"
    assert titled("  a\n b ") == "a b"
    assert len(titled("x" * 300)) == LONGEST_TITLE
    assert titled("") == "(no title)"
