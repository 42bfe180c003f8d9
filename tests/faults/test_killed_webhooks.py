"""Whoever delivers to webhooks is killed: another goes on, and nothing is left out."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.faults import killed_programs
from tests.peers.receivers import HANG_UP_AFTER_TAKING, OK, receiving
from tests.webhooks import hook, lab, push, pushes

__all__ = ["lab"]

EVENTS = 1000


def start(world):
    process = killed_programs.start(world, "deliver")
    process.let_talk()
    return process


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_killed_sender_had_in_its_hands_is_sent_again_before_the_next(lab):
    deaths, is_done, started = {1, 2, 400, 800}, threading.Event(), []

    def deadly(request):
        if pushes([request]) == [EVENTS - 1]:
            is_done.set()
        if request.number not in deaths:
            return OK
        started[-1].send_signal(signal.SIGKILL)
        started[-1].wait()
        started.append(start(lab))
        return HANG_UP_AFTER_TAKING

    with receiving(deadly) as receiver:
        hook(lab, receiver.url)
        push(lab, EVENTS)
        started.append(start(lab))
        is_there = is_done.wait(100)
        started[-1].kill()
        started[-1].wait()

    came = pushes(receiver.kept)
    assert is_there, came[-1:]
    assert list(dict.fromkeys(came)) == list(range(EVENTS))
    assert came == sorted(came), "nothing overtook what was in its hands"
    assert len(started) == len(deaths) + 1
    assert len(came) >= EVENTS + len(deaths)
