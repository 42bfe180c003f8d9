"""One running git program between a request body and its answer, without a thread and without
keeping either in memory.

The body is read only when git has taken what was read before, and git's output is read only when
the answer is being sent: both directions have back-pressure. A body may be sent in full before the
client reads a single byte, therefore output is kept (it is progress and refusals: little) until the
body is at its end.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import IO, TYPE_CHECKING, Protocol

from appliance.git import process
from appliance.git.endings import ended

if TYPE_CHECKING:
    from appliance.git.hook_line import HookLine

BODY_BYTES = 256 * 1024  # The cheapest piece to take from the web server, measured.
CHUNK_BYTES = 512 * 1024
# Git writes a pack in pieces of at most 64 KiB. While they flow, waiting this long lets several
# gather in the pipe: a tenth of the switches, a third of our own CPU time.
# Longer waits would slow a fast disk.
GATHER_SECONDS = 0.0005
FLOW_BYTES = 16 * 1024
HELD_BYTES = 32 * 1024
COMPLAINT_BYTES = 8 * 1024


class Body(Protocol):
    """A request body: what a WSGI server gives as `wsgi.input`, or any binary file."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class MalformedBodyError(OSError):
    """A body cannot be unpacked, for what its sender has sent."""


class GunzippedBody:
    """A body that the client compressed. Its state is the decoder and what it has not given yet.

    A small body may unfold to a huge one, so never more than `limit_bytes` of it are given.
    """

    def __init__(self, body: Body, *, limit_bytes: int) -> None:
        self._body = body
        self._left = limit_bytes
        self._decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: the gzip format.

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end.

        Errors:
            MalformedBodyError: it is no gzip, or it ends too soon.
            OSError: it is too long.
        """
        while not self._decoder.eof:
            packed = self._decoder.unconsumed_tail or self._body.read(BODY_BYTES)
            try:
                plain = self._decoder.decompress(packed, size)
            except zlib.error as error:
                raise MalformedBodyError("the request is no gzip") from error
            if plain:
                return self._counted(plain)
            if not packed:
                raise MalformedBodyError("the request ends too soon")
        return b""

    def _counted(self, plain: bytes) -> bytes:
        self._left -= len(plain)
        if self._left < 0:
            raise OSError("the request is too long")
        return plain


class BegunBody:
    """A body whose start is looked at before anything is done. Its state is the start, and how
    reading it broke off if it did: whoever reads it next gets to see both.
    """

    def __init__(self, body: Body, *, start_bytes: int) -> None:
        self._rest = body
        self._error: OSError | None = None
        self.start = b""
        try:
            while len(self.start) < start_bytes:
                chunk = body.read(start_bytes - len(self.start))
                if not chunk:
                    break
                self.start += chunk
        except OSError as error:
            self._error = error

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        chunk, self.start = self.start[:size], self.start[size:]
        if not chunk and self._error is not None:
            raise self._error
        return chunk or self._rest.read(size)


class Duplex:
    """What git answers to a body, chunk by chunk. Its state is the process and its pipes.

    `complaint` is the start of what git wrote to stderr, for logs; `status` is set at the end.
    `failure` puts it into words for the client, where git had none.
    The line to git's hooks, if there is one, ends with it.
    """

    def __init__(
        self,
        running: subprocess.Popen[bytes],
        body: Body,
        *,
        seconds: float,
        drain_bytes: int,
        failure: Callable[[bytes], bytes],
        line: HookLine | None = None,
    ) -> None:
        self._process = running
        self._line = line
        self._body = body
        self._deadline = time.monotonic() + seconds
        self._drain_bytes = drain_bytes
        self._failure = failure
        self._poll = select.poll()
        self._watched: dict[int, IO[bytes]] = {}
        self._said_anything = False
        self._flows = False
        self.complaint = b""
        self.status: int | None = None
        self._watch(running.stdout, select.POLLIN)
        self._watch(running.stderr, select.POLLIN)
        self._chunks = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """End git, whatever it is doing. A web server calls this when the client has gone."""
        self._chunks.close()
        self.status = process.stop(self._process)
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def break_off(self) -> None:
        """End git from another thread; whoever iterates finds that it has."""
        self._deadline = 0.0  # Nothing more of the body is waited for.
        process.end(self._process)

    def _run(self) -> Generator[bytes]:
        try:
            yield from self._forward_body()
            while self._watched:
                yield from self._wait_for_output()
            self.status = ended(self._process, self._seconds_left())
            if self.status != 0 and not self._said_anything:
                yield self._failure(self.complaint)
        except MalformedBodyError as error:
            self.complaint += f"\nmalformed request: {error}".encode()
            yield self._failure(self.complaint)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.complaint += f"\nThe transfer broke off: {error!r}".encode()
        finally:
            self.status = process.stop(self._process)

    def _forward_body(self) -> Iterator[bytes]:
        """Give git the whole body; yields output only where there is more than may be kept."""
        stdin = self._process.stdin
        if stdin is None:
            return
        os.set_blocking(stdin.fileno(), False)
        held: list[bytes] = []
        while chunk := self._body.read(BODY_BYTES):
            try:
                held += self._feed(stdin, memoryview(chunk))
            except BrokenPipeError:  # Git refuses the rest; it says why on its other pipes.
                self._drain()
                break
            if sum(map(len, held)) > HELD_BYTES:
                yield from held
                held.clear()
        stdin.close()
        yield from held

    def _feed(self, stdin: IO[bytes], chunk: memoryview) -> Iterator[bytes]:
        """Write the chunk to git; yields what git says meanwhile."""
        self._watch(stdin, select.POLLOUT)
        try:
            while chunk:
                for handle in self._ready():
                    if handle != stdin.fileno():
                        yield from self._read(handle)
                        continue
                    with contextlib.suppress(BlockingIOError):
                        chunk = chunk[os.write(handle, chunk) :]
        finally:
            self._forget(stdin.fileno())

    def _drain(self) -> None:
        """Read the rest of the body, so that a client gets to read why it was not wanted."""
        while self._drain_bytes > 0 and (chunk := self._body.read(BODY_BYTES)):
            self._drain_bytes -= len(chunk)
            self._seconds_left()

    def _wait_for_output(self) -> Iterator[bytes]:
        for handle in self._ready():
            yield from self._read(handle)

    def _ready(self) -> list[int]:
        wait = self._poll.poll(self._seconds_left() * 1000)
        return [handle for handle, _event in wait]

    def _read(self, handle: int) -> Iterator[bytes]:
        if self._flows:
            time.sleep(GATHER_SECONDS)
        chunk = os.read(handle, CHUNK_BYTES)
        self._flows = FLOW_BYTES <= len(chunk) < CHUNK_BYTES
        if not chunk:
            self._forget(handle)
        elif self._watched[handle] is self._process.stdout:
            self._said_anything = True
            yield chunk
        elif len(self.complaint) < COMPLAINT_BYTES:
            self.complaint += chunk[:COMPLAINT_BYTES]

    def _watch(self, pipe: IO[bytes] | None, event: int) -> None:
        if pipe is not None:
            self._watched[pipe.fileno()] = pipe
            self._poll.register(pipe, event)

    def _forget(self, handle: int) -> None:
        del self._watched[handle]
        self._poll.unregister(handle)

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The transfer took longer than it may.")
        return left
