"""The door of the resident scanner: how it is asked. Imports no rules and no engine."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from appliance.errors import UnavailableError, sentence
from appliance.scanning.resident import wire
from appliance.scanning.resident.wire import Answer, BrokenLineError, Greeting, Question

REACHED_SECONDS = 2.0
"""So long a scanner may take to be there: it may just be starting again."""
NOT_THERE = sentence("The secret scanner does not answer.")
BACKLOG = 128


class ScannerDownError(UnavailableError):
    """The scanner is not there, has died, or took too long. Nothing is known of what was asked."""

    code = "scanner_down"


@dataclass(frozen=True)
class Asked:
    """A question that is being answered."""

    line: socket.socket
    deadline: float

    def answer(self) -> Answer:
        """What came of it; the line is closed then.

        Errors:
            ScannerDownError: no whole answer came in time.
        """
        with self.line:
            try:
                self.line.settimeout(max(0.001, self.deadline - time.monotonic()))
                return wire.answer(self.line)
            except (OSError, BrokenLineError, KeyError, TypeError) as error:
                raise ScannerDownError(NOT_THERE) from error

    def forget(self) -> None:
        """Nobody wants to know any more."""
        self.line.close()


@dataclass(frozen=True)
class Door:
    """Where the scanner is reached. It keeps no state."""

    place: Path

    def ask(self, question: Question, objects: IO[bytes], *, seconds: float) -> Asked:
        """Hand over what git says, and go on with something else; `objects` is closed here.

        Errors:
            ScannerDownError: it is not there.
        """
        with objects:
            line = self._reached()
            try:
                wire.ask(line, question, objects.fileno())
            except OSError as error:
                line.close()
                raise ScannerDownError(NOT_THERE) from error
        return Asked(line, time.monotonic() + seconds)

    def greet(self) -> Greeting:
        """How it is.

        Errors:
            ScannerDownError: it is not there.
        """
        with self._reached() as line:
            try:
                wire.ask(line, None)
                return wire.greeting(line)
            except (OSError, BrokenLineError, TypeError) as error:
                raise ScannerDownError(NOT_THERE) from error

    def _reached(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(REACHED_SECONDS)
        try:
            line.connect(os.fspath(self.place))
        except OSError as error:
            line.close()
            raise ScannerDownError(NOT_THERE) from error
        return line


def opened(path: Path) -> socket.socket:
    """Open the door. Whoever holds it can start the scanner anew, and who asks meanwhile waits."""
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(path))
    listener.listen(BACKLOG)
    return listener
