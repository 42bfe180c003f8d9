"""Branches, tags, the file finder, search and archives."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from appliance.db.repositories import ProtectionRule
from appliance.domain.ids import new_id
from appliance.domain.permissions import Role
from tests.web.code_pages import TEXT, build, links, reader
from tests.world import NOON

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def story(world):
    """main, and topic one commit ahead of it."""
    builder, one = build(world, "lab/odd", {b"a.txt": TEXT, b"src/deep/Module.py": b"def f(): 1\n"})
    two = builder.commit({b"a.txt": TEXT}, parents=[one], branch=b"topic", message=b"On topic\n")
    builder.tag(b"v1.0", one, b"The first\n\nWith notes & more.\n")
    return builder, one, two


@ONLY_SQLITE
def test_branches_say_how_far_they_are(world, story):
    page = reader(world).page("/lab/odd/branches")

    assert "0 behind, 1 ahead" in page
    assert "Default" in page
    assert "/lab/odd/compare/main...topic" in links(page)
    assert "Delete the branch" not in page


@ONLY_SQLITE
def test_branches_and_tags_are_found_by_part_of_their_names(world, story):
    browser = reader(world)

    assert "/lab/odd/tree/topic" not in links(browser.page("/lab/odd/branches?q=mai"))
    assert "No matching branches" in browser.page("/lab/odd/branches?q=nothing")
    assert "/lab/odd/tree/v1.0" in links(browser.page("/lab/odd/tags?q=1.0"))
    assert "No matching tags" in browser.page("/lab/odd/tags?q=nothing")


@ONLY_SQLITE
def test_ten_thousand_branches_come_in_pages(world, story):
    builder, one, _two = story
    lines = [b"%s refs/heads/many/%05d\n" % (one.encode(), number) for number in range(10_000)]
    (builder.at / "packed-refs").write_bytes(b"# pack-refs with: peeled \n" + b"".join(lines))
    browser = reader(world)
    page = browser.page("/lab/odd/branches?sort=name")

    assert "10K" in page or "10,002" in page
    assert "/lab/odd/branches?sort=name&from=50" in links(page)
    assert "many/00060" in browser.page("/lab/odd/branches?sort=name&from=50")


@ONLY_SQLITE
def test_a_protected_branch_is_marked(world, story):
    repository = world._repository("lab/odd")
    world.add(
        ProtectionRule(
            id=new_id(), repository_id=repository.id, pattern="refs/heads/main", created_at=NOON
        )
    )

    assert "Protected" in reader(world).page("/lab/odd/branches")


@ONLY_SQLITE
def test_a_tag_shows_its_note_and_its_archives(world, story):
    page = reader(world).page("/lab/odd/tags")

    assert "With notes &amp; more." in page
    assert "/lab/odd/archive/v1.0.zip" in links(page)


def test_a_writer_deletes_a_branch_and_it_is_recorded(world, story):
    _builder, _one, two = story
    browser = reader(world, role=Role.WRITER)
    assert "Delete the branch" in browser.page("/lab/odd/branches")
    answer = browser.post("/lab/odd/branches/delete", branch="topic", expected=two)

    assert answer.status_code == 303
    assert "/lab/odd/tree/topic" not in links(browser.page("/lab/odd/branches"))
    assert any(kind.startswith("git.") for kind in world.events())


@pytest.mark.parametrize(
    ("role", "branch", "expected", "status"),
    [
        (Role.READER, "topic", "", 403),
        (Role.WRITER, "main", "", 409),
        (Role.WRITER, "topic", "1" * 40, 412),
        (Role.WRITER, "nothing", "", 404),
    ],
)
def test_a_branch_stays_where_it_must(world, story, role, branch, expected, status):
    browser = reader(world, role=role)
    answer = browser.post("/lab/odd/branches/delete", branch=branch, expected=expected)

    assert answer.status_code == status
    assert "/lab/odd/tree/topic" in links(browser.page("/lab/odd/branches"))


@ONLY_SQLITE
def test_the_finder_lists_every_file_and_finds_without_a_script(world, story):
    browser = reader(world)
    page = browser.page("/lab/odd/find/main?q=deep+module")
    address = next(one for one in links(page) if "part=list" in one)
    answer = browser.get(address)

    assert "/lab/odd/blob/main/src/deep/Module.py" in links(page)
    assert "/lab/odd/blob/main/a.txt" not in links(page)
    assert ["src/deep/Module.py", "/lab/odd/blob/main/src/deep/Module.py"] in answer.json
    again = browser.get(address, **{"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@ONLY_SQLITE
def test_search_finds_lines_paths_and_messages(world, story):
    browser = reader(world)
    content = browser.page("/lab/odd/search?q=SECOND")

    assert "<mark>second</mark>" in content
    assert "/lab/odd/blob/main/a.txt#L2" in links(content)
    assert "No matching lines" in browser.page("/lab/odd/search?q=SECOND&exact=1")
    assert "a.txt" in browser.page("/lab/odd/search?q=s.c.nd&regex=1")
    assert "Module.py" in browser.page("/lab/odd/search?q=module&kind=files")
    assert "On topic" in browser.page("/lab/odd/search?q=ON&kind=commits&ref=topic")
    assert "On topic" not in browser.page("/lab/odd/search?q=ON+TOPIC&kind=commits&ref=main")


@ONLY_SQLITE
@pytest.mark.parametrize("query", ["(", "a{1000}{1000}"])
def test_a_wrong_expression_is_said_in_words(world, story, query):
    page = reader(world).page(f"/lab/odd/search?regex=1&q={query}")

    assert 'class="notice warn"' in page


@ONLY_SQLITE
def test_what_was_asked_is_shown_and_never_run(world, story):
    page = reader(world).page("/lab/odd/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22")

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_an_archive_is_streamed_and_recorded(world, story):
    browser = reader(world)
    zipped = browser.get("/lab/odd/archive/main.zip")
    tarred = browser.get("/lab/odd/archive/v1.0.tar.gz")

    names = zipfile.ZipFile(io.BytesIO(zipped.data)).namelist()
    assert any(name.endswith("/src/deep/Module.py") for name in names)
    with tarfile.open(fileobj=io.BytesIO(tarred.data)) as archive:
        assert any(name.endswith("/a.txt") for name in archive.getnames())
    assert 'filename="odd-main.zip"' in zipped.headers["Content-Disposition"]
    assert world.events().count("git.archive_downloaded") == 2
    again = browser.get("/lab/odd/archive/main.zip", **{"If-None-Match": zipped.headers["ETag"]})
    assert again.status_code == 304


@ONLY_SQLITE
@pytest.mark.parametrize("name", ["main", "main.rar", "nothing.zip", ".zip"])
def test_there_are_no_other_archives(world, story, name):
    assert reader(world).get(f"/lab/odd/archive/{name}").status_code == 404
