"""A sender of streams that is killed while it sends: another goes on, and nothing is left out."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.faults import killed_programs
from tests.peers.mould import Copy
from tests.peers.receivers import HANG_UP_AFTER_TAKING, OK, receiving
from tests.streams import (
    first_of_each,
    happen,
    indexes,
    lab,
    report,
    stream,
)
from tests.world import World

__all__ = ["lab"]

EVENTS = 1000


class Senders:
    """One sender at a time, each in a process of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self.started: list[Copy] = []

    def start(self) -> None:
        process = killed_programs.start(self._world, "stream")
        process.let_talk()
        self.started.append(process)

    def replace(self) -> None:
        """Kill the present one, and start another."""
        with self._lock:
            self.started[-1].send_signal(signal.SIGKILL)
            self.started[-1].wait()
            self.start()

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def senders(lab):
    made = Senders(lab)
    yield made
    made.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_killed_sender_had_in_its_hands_is_sent_again(lab, senders):
    happen(lab, EVENTS)
    deaths = {3, 4, 11, 19}
    is_done = threading.Event()

    def deadly(request):
        if request.lines[-1]["index"] == EVENTS - 1:
            is_done.set()
        if request.number not in deaths:
            return OK
        senders.replace()
        return HANG_UP_AFTER_TAKING

    with receiving(deadly) as receiver:
        stream_id = stream(lab, receiver.url, options={"batch": 50})
        senders.start()
        assert is_done.wait(100)

    came = indexes(receiver.kept)
    assert first_of_each(came) == list(range(EVENTS))
    assert len(senders.started) == len(deaths) + 1
    assert len(came) >= EVENTS + 50 * len(deaths), "what was in its hands came again"
    assert report(lab, stream_id).parked == 0
