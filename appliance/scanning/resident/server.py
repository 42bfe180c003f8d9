"""The process: it holds the compiled rules, and lets a child of its own look at each question.

A child shares all that is compiled, costs a millisecond, and takes with it what a hostile file may
do to it. Neither opens files, connections or programs (`sandbox`).
"""

from __future__ import annotations

import bz2
import codecs
import ctypes
import gc
import io
import lzma
import os
import signal
import socket
import sys
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

from appliance.scanning.resident import sandbox, wire
from appliance.scanning.resident.door import opened
from appliance.scanning.resident.engine import Engine
from appliance.scanning.resident.wire import ALL, BrokenLineError, Greeting, Question

ASKED_SECONDS = 5.0
READ_BYTES = 1024 * 1024


def serve(door: socket.socket, scratch: Path) -> None:
    """Answer until we are ended. Give everything up that is not needed for that."""
    engine = Engine.load(scratch)
    _import_all_that_is_late(engine)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel buries the children.
    limits = sandbox.enter()
    greeting = Greeting(
        pid=os.getpid(),
        rules=len(engine.blocking.rules) + len(engine.reviewing.rules),
        digest=engine.digest,
        limits=limits,
    )
    gc.collect()
    gc.freeze()
    ctypes.CDLL(None).malloc_trim(0)  # What reading the rules took, nobody needs any more.
    while True:
        line, _ = door.accept()
        with line:
            if os.fork() == 0:
                _answer_and_end(door, line, engine, greeting)


def _import_all_that_is_late(engine: Engine) -> None:
    """What Python imports only when it needs it, it could not open any more."""
    for name in ("utf-16-le", "utf-16-be", "utf-16", "cp437", "latin-1", "idna", "utf-8-sig"):
        codecs.lookup(name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"nothing")
    rolled = io.BytesIO()
    with tarfile.open(fileobj=rolled, mode="w:gz") as roll:
        roll.addfile(tarfile.TarInfo("a.txt"))
    samples = ["a: bm90aGluZyB0byBzZWUgaGVyZSBhdCBhbGw=".encode("utf-16"), b"a", packed.getvalue()]
    samples += [rolled.getvalue(), bz2.compress(b"nothing"), lzma.compress(b"nothing")]
    said = b"".join(b"%040x blob %d\n%b\n" % (0, len(each), each) for each in samples)
    engine.answer(Question(lane=ALL, is_deep=True), io.BufferedReader(io.BytesIO(said)))


def _answer_and_end(
    door: socket.socket, line: socket.socket, engine: Engine, greeting: Greeting
) -> None:
    status = 1
    try:
        door.close()
        _answer(line, engine, greeting)
        status = 0
    except (BrokenLineError, OSError, TypeError, ValueError, KeyError, MemoryError) as error:
        # Whoever asked hears that nothing was scanned; what was in it is nothing for a log.
        with suppress(OSError):
            os.write(2, f"scanner: a question was not answered ({type(error).__name__})\n".encode())
    finally:
        os._exit(status)


def _answer(line: socket.socket, engine: Engine, greeting: Greeting) -> None:
    signal.setitimer(signal.ITIMER_REAL, ASKED_SECONDS)  # Nobody keeps us waiting for a question.
    question, handle = wire.hear(line)
    if question is None or handle is None:
        wire.tell(line, greeting)
        return
    signal.setitimer(signal.ITIMER_REAL, 0)
    sandbox.end_after(question.cpu_seconds)
    with os.fdopen(handle, "rb", buffering=READ_BYTES) as said:
        found = engine.answer(question, said)
    wire.tell(line, found)


def run(home: Path, door: int | None = None) -> None:
    """Serve for a home folder; `door` is the number of the open door where somebody holds it."""
    scratch = home / "tmp"
    scratch.mkdir(mode=0o700, exist_ok=True)
    at = home / "run" / "scanner.sock"
    serve(opened(at) if door is None else socket.socket(fileno=door), scratch)


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
