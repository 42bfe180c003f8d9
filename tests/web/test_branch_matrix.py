"""Several branches beside each other."""

from __future__ import annotations

import pytest

from tests.services.pulling import NOTES, Place
from tests.web.code_pages import Browser, build, reader

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MATRIX = "/api/v1/repos/lab/odd/matrix"


@pytest.fixture
def three(world):
    """`main`, `topic` (two more than it) and `side/way` (one more)."""
    builder, one = build(world, "lab/odd", {b"a": b"1\n"})
    two = builder.commit({b"a": b"2\n"}, parents=[one], branch=b"topic", message=b"Two\n")
    builder.commit({b"a": b"3\n"}, parents=[two], branch=b"topic", message=b"Three\n")
    builder.commit({b"a": b"4\n"}, parents=[one], branch=b"side/way", message=b"Four\n")
    reader(world)
    return world


def test_each_is_compared_with_each(three):
    client = three.client("reader-lab-odd")
    found = client.get(f"{MATRIX}?ref=main&ref=topic&ref=side/way&ref=main").json
    far = {
        (each["ref"], each["base"]): (each["ahead"], each["behind"]) for each in found["distances"]
    }

    assert [each["ref"] for each in found["sides"]] == ["main", "topic", "side/way"]
    assert found["is_complete"]
    assert far == {
        ("topic", "main"): (2, 0),
        ("side/way", "main"): (1, 0),
        ("main", "topic"): (0, 2),
        ("side/way", "topic"): (1, 2),
        ("main", "side/way"): (0, 1),
        ("topic", "side/way"): (2, 1),
    }
    assert client.get(f"{MATRIX}?ref=main").status_code == 422
    assert client.get(f"{MATRIX}?ref=main&ref=absent").status_code == 404
    assert client.get(f"{MATRIX}?" + "&".join(["ref=main"] * 11)).status_code == 422


def test_the_page_shows_what_was_chosen(three):
    browser = Browser(three.browser("reader-lab-odd"))
    page = browser.page("/lab/odd/branches/matrix?ref=main&ref=topic&ref=side/way")
    assert "2 ahead, 1 behind" in page
    assert "/lab/odd/compare/side/way...topic" in page
    assert "Choose two branches or more" in browser.page("/lab/odd/branches/matrix?ref=main")
    assert "/lab/odd/branches/matrix" in browser.page("/lab/odd/branches")


def test_a_commit_names_its_pull_requests(world):
    place = Place(world)
    head = place.topic()
    place.open(title="Bring <it>")
    client = world.client("reader")
    address = f"/api/v1/repos/{NOTES}/commits/{head}/pulls"

    assert client.get(address).json["items"] == [
        {"number": 1, "title": "Bring <it>", "state": "open"}
    ]
    page = Browser(world.browser("reader")).page(f"/{NOTES}/commit/{head}")
    assert f'href="/{NOTES}/pulls/1"' in page
    assert "Bring &lt;it&gt;" in page
    assert world.client("outsider").get(address).status_code == 404
