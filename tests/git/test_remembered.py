"""Answers beside git's own files appear whole or not at all."""

from __future__ import annotations

import pytest

from appliance.git import remembered


def test_a_later_answer_takes_the_place_of_an_earlier(tmp_path):
    place = tmp_path / remembered.FOLDER / "answer"
    remembered.write(place, b"earlier")
    remembered.write(place, b"later")

    assert place.read_bytes() == b"later"
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("in_the_way", ["file above", "folder there"])
def test_what_cannot_be_kept_is_forgotten_and_leaves_nothing_behind(tmp_path, in_the_way):
    place = tmp_path / remembered.FOLDER / "answer"
    if in_the_way == "file above":
        place.parent.write_bytes(b"")
    else:
        place.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    remembered.write(place, b"answer")

    assert sorted(tmp_path.rglob("*")) == before
