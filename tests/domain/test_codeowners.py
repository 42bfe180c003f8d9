"""CODEOWNERS: which line decides, whom it names, how much of a tree has owners."""

from __future__ import annotations

import pytest

from appliance.domain import codeowners


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*", "a/b.c", True),
        ("*.js", "a/b.js", True),
        ("*.js", "a/b.jsx", False),
        ("/build/logs/", "build/logs/a/b", True),
        ("/build/logs/", "x/build/logs/a", False),
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/sub/a.md", False),
        ("docs/", "docs/sub/a.md", True),
        ("docs", "docs/sub/a.md", True),
        ("apps/", "x/apps/a", True),
        ("/apps/", "x/apps/a", False),
        ("/docs/", "docs", False),
        ("**/logs", "a/b/logs/c", True),
        ("/a/**/z", "a/b/c/z", True),
        ("/a/**/z", "a/z", True),
        ("/scripts/*.sh", "scripts/a/b.sh", False),
        ("CODEOWNERS", "docs/CODEOWNERS", True),
        ("/CODEOWNERS", "docs/CODEOWNERS", False),
        ("a?c", "abc", True),
        ("/src/**", "src/a/b", True),
    ],
)
def test_which_files_a_pattern_is_about(pattern, path, fits):
    found = codeowners.parse(f"{pattern} @author".encode())
    assert bool(found.owners_of(path.encode())) == fits


FILE = b"""# The owners.
*            @org/all    # everybody
*.sql        @reviewer author@codara.test
/docs/
/docs/api/   @other @other
![x]         @nobody
/x           nobody
"""


def test_the_last_line_decides():
    found = codeowners.parse(FILE)
    assert found.owners_of(b"a.py") == ("@org/all",)
    assert found.owners_of(b"a.sql") == ("@reviewer", "author@codara.test")
    assert found.owners_of(b"docs/a.sql") == ()
    assert found.owners_of(b"docs/api/a.sql") == ("@other",)
    assert found.named == {"@org/all", "@reviewer", "author@codara.test", "@other"}


def test_lines_that_say_nothing_are_problems():
    found = codeowners.parse(FILE)
    assert [(each.number, each.why) for each in found.problems] == [(6, "pattern"), (7, "owner")]


def test_how_much_has_owners():
    paths = [b"a.py", b"b.sql", b"docs/a", b"docs/b", b"docs/api/c"]
    found = codeowners.coverage(codeowners.parse(FILE), paths)
    assert (found.files, found.owned, found.unowned) == (5, 3, (b"docs/a", b"docs/b"))
    assert [(line.number, files) for line, files in found.by_line] == [
        (2, 1),
        (3, 1),
        (4, 2),
        (5, 1),
    ]


def test_changed_files_by_the_line_that_gives_them():
    found = codeowners.grouped(codeowners.parse(FILE), [b"a.py", b"b.py", b"docs/x", b"c.sql"])
    assert {line.pattern: paths for line, paths in found.items()} == {
        "*": (b"a.py", b"b.py"),
        "*.sql": (b"c.sql",),
    }


def test_a_huge_file_is_read_up_to_its_limits():
    lines = b"\n".join(b"/a%d @author" % number for number in range(codeowners.MOST_LINES + 5))
    found = codeowners.parse(lines)
    assert len(found.lines) == codeowners.MOST_LINES
    assert {each.why for each in found.problems} == {"too_many"}
