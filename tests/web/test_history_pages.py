"""Histories, commits and comparisons: what changed, when, and by whom."""

from __future__ import annotations

import pytest

from tests.web.code_pages import TEXT, build, links, reader

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = b"".join(b"line %d\n" % number for number in range(2000))


@pytest.fixture
def story(world):
    """Three commits on main, and a branch that left after the second."""
    builder, one = build(world, "lab/odd", {b"a.txt": b"one two three\nsame\n"})
    two = builder.commit(
        {b"a.txt": b"one 2 three\nsame\n", b"old.py": TEXT}, parents=[one], message=b"Second\n"
    )
    three = builder.commit(
        {b"a.txt": b"one 2 three\nsame\n", b"new.py": TEXT},
        parents=[two],
        message=b"Third: move\n\nBody & more.\n",
        author=b"Other <other@example.org>",
    )
    topic = builder.commit(
        {b"a.txt": b"one 2 three\nsame  \n", b"old.py": TEXT, b"long.txt": LONG},
        parents=[two],
        branch=b"topic",
        message=b"On topic\n",
    )
    return builder, one, two, three, topic


def test_a_history_lists_commits_newest_first(world, story):
    page = reader(world).page("/lab/odd/commits")

    assert page.index("Third: move") < page.index("Second") < page.index(">Begin<")
    assert "On topic" not in page


def test_a_history_is_filtered_by_words_author_and_day(world, story):
    browser = reader(world)

    assert "Third: move" not in browser.page("/lab/odd/commits/main?q=second")
    by_other = browser.page("/lab/odd/commits/main?author=Other")
    assert "Third: move" in by_other
    assert ">Second<" not in by_other
    assert "No matching commits" in browser.page("/lab/odd/commits/main?since=2030-01-01")
    assert ">Second<" in browser.page("/lab/odd/commits/main?since=2023-11-14&until=2023-11-15")
    assert browser.get("/lab/odd/commits/main?since=yesterday").status_code == 422


def test_the_history_of_a_file_goes_on_under_its_old_name(world, story):
    _builder, _one, two, _three, _topic = story
    page = reader(world).page("/lab/odd/commits/main/new.py")

    assert ">Second<" in page
    assert "as old.py" in page
    assert f"/lab/odd/blob/{two}/old.py" in links(page)


def test_long_histories_come_in_pages(world):
    builder, oid = build(world, "lab/odd", {b"a.txt": TEXT})
    for number in range(120):
        oid = builder.commit({b"a.txt": b"%d" % number}, parents=[oid], message=b"No %d\n" % number)
    browser, url, pages = reader(world), "/lab/odd/commits/main", 0
    seen = ""
    while url:
        page = browser.page(url)
        pages += 1
        seen += page
        url = next((one for one in links(page) if "cursor=" in one and ">Older<" in page), "")
    assert pages == 3
    assert all(f">No {number}<" in seen for number in range(120))
    assert browser.get("/lab/odd/commits/main?cursor=nonsense").status_code == 422


def test_a_commit_says_all_about_itself(world, story):
    _builder, _one, two, three, _topic = story
    page = reader(world).page(f"/lab/odd/commit/{three}")

    assert "Third: move" in page
    assert "Body &amp; more." in page
    assert "Other" in page
    assert f"/lab/odd/commit/{two}" in links(page)
    assert "Renamed" in page


def test_a_commit_may_be_called_by_the_beginning_of_its_id(world, story):
    answer = reader(world).get(f"/lab/odd/commit/{story[3][:9]}")

    assert answer.headers["Location"] == f"/lab/odd/commit/{story[3]}"


def test_changed_words_are_marked_in_both_views(world, story):
    browser = reader(world)
    for view in ("", "?view=split"):
        page = browser.page(f"/lab/odd/commit/{story[2]}{view}")
        assert "<mark>two</mark>" in page
        assert "<mark>2</mark>" in page


def test_changes_of_white_space_alone_can_be_hidden(world, story):
    browser, topic = reader(world), story[4]

    assert ">a.txt<" in browser.page(f"/lab/odd/commit/{topic}")
    assert ">a.txt<" not in browser.page(f"/lab/odd/commit/{topic}?w=1")


def test_a_large_change_comes_when_it_is_asked_for(world, story):
    browser, topic = reader(world), story[4]
    page = browser.page(f"/lab/odd/commit/{topic}")
    piece = next(one for one in links(page) if "part=file" in one)

    assert "line 1999" not in page
    assert "line 1999" in browser.page(piece)
    assert "<html" not in browser.page(piece)
    assert "line 1999" in browser.page(piece.replace("&n=2", "").replace("&part=file", ""))


def test_a_commit_names_the_branches_and_tags_that_contain_it(world, story):
    builder, one, *_others = story
    builder.ref(b"refs/tags/v1", one)
    page = reader(world).page(f"/lab/odd/commit/{one}?part=refs")

    assert {"/lab/odd/tree/main", "/lab/odd/tree/topic", "/lab/odd/tree/v1"} <= set(links(page))


def test_a_first_commit_shows_all_that_it_brought(world, story):
    page = reader(world).page(f"/lab/odd/commit/{story[1]}")

    assert "no parent" in page
    assert "one two three" in page


def test_three_dots_show_what_a_branch_brought(world, story):
    page = reader(world).page("/lab/odd/compare/main...topic")

    assert "On topic" in page
    assert "long.txt" in page
    assert "new.py" not in page
    assert "1 ahead of and 1 behind" in page


def test_two_dots_show_the_difference_itself(world, story):
    page = reader(world).page("/lab/odd/compare/main..topic")

    assert "long.txt" in page
    assert "new.py" in page


def test_a_comparison_can_be_turned_round(world, story):
    page = reader(world).page("/lab/odd/compare/main...topic")

    assert "/lab/odd/compare/topic...main" in links(page)


def test_the_pickers_lead_to_the_comparison(world, story):
    answer = reader(world).get("/lab/odd/compare?base=main&head=topic&dots=..")

    assert answer.headers["Location"] == "/lab/odd/compare/main..topic"


def test_histories_that_never_met_are_said_to(world, story):
    builder = story[0]
    builder.commit({b"z.txt": TEXT}, branch=b"alone", message=b"Alone\n")
    page = reader(world).page("/lab/odd/compare/main...alone")

    assert "no common history" in page
    assert "z.txt" in page


def test_what_is_equal_has_nothing_to_compare(world, story):
    assert "nothing to compare" in reader(world).page("/lab/odd/compare/main...main")
