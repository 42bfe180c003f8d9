"""What pages of a wiki are called, and in which files they are."""

from __future__ import annotations

import pytest

from appliance.domain.wiki_pages import file_of, find, page_of, pages_of, title_of
from appliance.errors import InvalidError


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"Home.md", "Home"),
        (b"How-to-build.markdown", "How-to-build"),
        (b"guides/Set-up.md", "guides/Set-up"),
        (b"_Sidebar.md", "_Sidebar"),
        (b"UPPER.MD", "UPPER"),
        (b"v1.2.md", "v1.2"),
        (b"picture.png", None),
        (b".md", None),
        (b".hidden.md", None),
        (b".github/x.md", None),
        (b"folder/.md", None),
        (b"\xff.md", None),
    ],
)
def test_a_markdown_file_is_a_page(path, name):
    page = page_of(path)

    assert (page.name if page else None) == name


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Home", b"Home.md"),
        (" How to build ", b"How-to-build.md"),
        ("guides/Set up", b"guides/Set-up.md"),
        ("_Footer", b"_Footer.md"),
        ("Größe", "Größe.md".encode()),
        ("v1.2", b"v1.2.md"),
    ],
)
def test_a_new_page_gets_a_file_of_its_name(name, path):
    assert file_of(name) == path


@pytest.mark.parametrize(
    "name",
    ["", " ", "-", ".", "..", "a/../b", "/a", "a/", "a//b", ".git/x", "_new", "_Other", "a/_b",
     "a#b", "a|b", "[a]", "a?b", "a%b", "a\\b", "a:b", "a\nb", "a\0b", "x" * 201],
)  # fmt: skip
def test_other_names_are_refused(name):
    with pytest.raises(InvalidError):
        file_of(name)


def test_a_page_is_found_in_any_letters_and_the_exact_one_first():
    pages = pages_of([b"how-to-build.md", b"How-To-Build.md", b"x.png", b"Home.md"])

    assert [page.name for page in pages] == ["Home", "How-To-Build", "how-to-build"]
    assert find(pages, "how-to-build").path == b"how-to-build.md"
    assert find(pages, "HOW TO BUILD").path == b"How-To-Build.md"
    assert find(pages, "how") is None
    assert title_of("How-To-Build") == "How To Build"
