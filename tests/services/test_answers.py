"""What a process remembers of commits stays small, and nobody waits in vain twice."""

from __future__ import annotations

from appliance.services.answers import MOST, Patience, Remembered


def test_an_answer_is_remembered_until_there_are_too_many():
    answers: Remembered[int, int] = Remembered()
    for number in range(MOST):
        answers.keep(number, -number)

    assert (answers.get(1), answers.get(MOST)) == (-1, None)
    answers.keep(MOST, -MOST)
    assert (answers.get(1), answers.get(MOST)) == (None, -MOST)


def test_what_is_heavy_takes_the_room_of_others():
    answers: Remembered[str, str] = Remembered(10)
    answers.keep("a", "one", weight=6)
    answers.keep("b", "two", weight=4)
    assert (answers.get("a"), answers.get("b")) == ("one", "two")

    answers.keep("c", "three", weight=1)

    assert (answers.get("a"), answers.get("b"), answers.get("c")) == (None, None, "three")


def test_only_who_has_more_time_tries_again():
    patience = Patience()
    assert not patience.is_in_vain("a", 0.1)

    patience.note("a", 2.0)
    patience.note("a", 1.0)

    assert patience.is_in_vain("a", 2.0)
    assert not patience.is_in_vain("a", 2.1)
    assert not patience.is_in_vain("b", 2.0)
