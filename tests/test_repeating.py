"""What is done again and again goes on, whatever happens once."""

from __future__ import annotations

import threading

from appliance.repeating import repeating


def test_what_stumbles_once_is_called_again():
    calls, went_on = [], threading.Event()

    def act():
        calls.append(None)
        if len(calls) == 1:
            raise RuntimeError("once")
        went_on.set()

    with repeating(act, name="tried", every_seconds=0.01):
        assert went_on.wait(10)
