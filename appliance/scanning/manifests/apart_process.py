"""The process in which manifests are read, started by `apart.py` alone; its line is its input.

It ends with its first trouble: whoever started it knows then that nothing was read.
"""

from __future__ import annotations

import codecs
import importlib
import json
import os
import socket
from dataclasses import asdict
from typing import Any

from appliance.scanning.manifests import reading
from appliance.scanning.manifests.apart import LENGTH, OUT_OF_MEMORY, receive
from appliance.scanning.manifests.refusal import LARGEST_BYTES, ManifestError
from appliance.scanning.resident import sandbox

MOST_BYTES = LARGEST_BYTES + 1
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "ascii", "idna")
"""Which files may say they have: afterwards nothing can be loaded any more."""
LATE = ("lxml.etree", "yaml")
"""What parsers load when they first need it, which would be too late here."""


def main() -> None:
    """Give up what can be given up, and read until nobody asks any more."""
    for name in ENCODINGS:
        codecs.lookup(name)
    for name in LATE:
        importlib.import_module(name)
    line = socket.socket(fileno=0)
    sandbox.enter()
    try:
        while True:
            _answer(line)
    except ConnectionError:
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _answer(line: socket.socket) -> None:
    asked = json.loads(receive(line, MOST_BYTES) or b"")
    content = receive(line, MOST_BYTES) or b""
    sandbox.end_after(asked["cpu"])

    def beside(path: str) -> bytes | None:
        _say(line, {"beside": path})
        return receive(line, MOST_BYTES)

    try:
        found = reading.read(asked["path"], content, beside)
    except ManifestError as refused:
        answer: dict[str, Any] = {"error": str(refused), "line": refused.line}
    else:
        answer = {"components": [asdict(each) for each in found]}
    _say(line, answer)
    sandbox.end_after(0)


def _say(line: socket.socket, answer: dict[str, Any]) -> None:
    text = json.dumps(answer).encode()
    line.sendall(LENGTH.pack(len(text)) + text)


if __name__ == "__main__":
    main()
