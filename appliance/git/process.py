"""Starts the git program: words and never a shell, an empty environment, limits on time and output.

The only module of the product that starts programs for git. Three forms:

- `run(words, at=...)` gives all of stdout; `execute(...)` gives the exit status as well.
- `stream(words, at=...)` is a context manager that gives stdout in chunks; leaving early is fine.
- `popen(words, at=...)` gives the process with its pipes, for transfers; `stop(process)` ends it.

Git's configuration comes from the repository and from here, never from the host or a home folder.
Hooks are off unless the caller sets `core.hooksPath`. Words of a client come last, after
"--end-of-options" or "--"; this module does not know which ones they are.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from appliance.errors import (
    DamagedError,
    InvalidError,
    TimeoutExceededError,
    TooLargeError,
    UnavailableError,
)
from appliance.git import limits
from appliance.git.endings import ended
from appliance.git.failures import check

Words = Sequence[str | bytes]

PATH = "/usr/local/bin:/usr/bin:/bin"
CHUNK_BYTES = 64 * limits.KIB
KILL_GRACE_SECONDS = 2.0  # Git needs milliseconds to remove its lock files after SIGTERM.
BULK = frozenset({"upload-pack", "archive"})
"""Work whose reader waits for a network anyway: pages, hooks and pushes go before it."""
BULK_NICENESS = 10  # A tenth of the processor's time where others want it too; see sched(7).

FIXED_ENVIRONMENT = {
    "PATH": PATH,
    "LC_ALL": "C",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # Otherwise git would look for a repository in the folders above a damaged one.
    "GIT_DIR": ".",
    # Otherwise a path that a client names could be a pattern.
    "GIT_LITERAL_PATHSPECS": "1",
}

FIXED_CONFIGURATION = {
    # Repositories may belong to another system account (the embedded and the installed one).
    "safe.directory": "*",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.commitGraph": "true",
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    # What has been acknowledged survives a power cut; older versions of git know no such key.
    "core.fsync": "committed,loose-object,reference",
    "core.fsyncMethod": "batch",
    "log.showSignature": "false",
    "color.ui": "false",
}


@dataclass(frozen=True)
class Finished:
    """How a git program ended: its exit status, all it said, and the start of what it bemoaned."""

    status: int
    output: bytes
    complaint: bytes


def environment(
    extra: Mapping[str, str] | None = None, configuration: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a git program.

    `configuration` wins over what `extra` carries in GIT_CONFIG_COUNT form, and both over ours.
    """
    whole = FIXED_ENVIRONMENT | dict(extra or {})
    carried = _take_configuration(whole)
    settings = FIXED_CONFIGURATION | carried | dict(configuration or {})
    whole["GIT_CONFIG_COUNT"] = str(len(settings))
    for index, (key, value) in enumerate(settings.items()):
        whole[f"GIT_CONFIG_KEY_{index}"] = key
        whole[f"GIT_CONFIG_VALUE_{index}"] = value
    return whole


def _take_configuration(variables: dict[str, str]) -> dict[str, str]:
    count = int(variables.pop("GIT_CONFIG_COUNT", "0"))
    return {
        variables.pop(f"GIT_CONFIG_KEY_{index}"): variables.pop(f"GIT_CONFIG_VALUE_{index}")
        for index in range(count)
    }


def popen(
    words: Words,
    *,
    at: Path,
    extra: Mapping[str, str] | None = None,
    configuration: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    handles: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Git, started in a process group of its own in folder `at`, with unbuffered pipes.

    `handles` are open files that it, and what it starts, has under the same numbers.

    Errors:
        DamagedError: the folder is not there.
        InvalidError: a word has a NUL byte, which no program can be told.
        UnavailableError: the machine has no room for another program, or no git.
    """
    if any("\0" in word if isinstance(word, str) else b"\0" in word for word in words):
        raise InvalidError("No name and no path has a NUL byte in it.")
    try:
        process = subprocess.Popen(
            ["git", *words],  # noqa: S607 — found on our fixed PATH, not on the caller's.
            cwd=at,
            env=environment(extra, configuration),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            pass_fds=handles,
            # A session of its own would have as much of the processor as all of ours together,
            # whatever its niceness. Source: sched(7), "The autogroup feature".
            process_group=0,
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        if at.is_dir():
            raise UnavailableError("The git program is not installed here.") from error
        raise DamagedError("The repository's folder is not there.") from error
    except OSError as error:
        raise UnavailableError("No other program can be started now.") from error
    if words[0] in BULK:
        _let_others_first(process)
    for pipe in (process.stdin, process.stdout):
        _widen(pipe)
    return process


def _let_others_first(process: subprocess.Popen[bytes]) -> None:
    """Make it nice before it has its question; what it starts from then on inherits that."""
    with contextlib.suppress(OSError):  # It has ended already.
        os.setpriority(os.PRIO_PROCESS, process.pid, BULK_NICENESS)


def _widen(pipe: IO[bytes] | None) -> None:
    """Give a pipe more room, so that fewer switches move the same bytes; no room is no harm."""
    if pipe is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, limits.PIPE_BYTES)


def stop(process: subprocess.Popen[bytes], *, grace_seconds: float = KILL_GRACE_SECONDS) -> int:
    """End the process and all it started, close its pipes, and give its exit status."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            ended(process, grace_seconds)
    if process.poll() is None:
        _signal(process, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    return process.wait()


def end(process: subprocess.Popen[bytes]) -> None:
    """Tell the process and all it started to end, without waiting; for another thread than the one
    that reads from it.
    """
    if process.poll() is None:
        _signal(process, signal.SIGTERM)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def run(
    words: Words,
    *,
    at: Path,
    timeout_seconds: float = limits.PAGE_SECONDS,
    output_bytes: int = limits.OUTPUT_BYTES,
    input: bytes = b"",  # noqa: A002 — subprocess has taught everyone this name.
    extra: Mapping[str, str] | None = None,
    configuration: Mapping[str, str] | None = None,
) -> bytes:
    """All that git says to these words.

    Errors:
        TimeoutExceededError, TooLargeError: it worked or said more than allowed.
        DamagedError: it could not read the repository.
        GitFailedError: it ended with another status than 0.
    """
    finished = execute(
        words,
        at=at,
        timeout_seconds=timeout_seconds,
        output_bytes=output_bytes,
        input=input,
        extra=extra,
        configuration=configuration,
    )
    check(finished.status, finished.complaint)
    return finished.output


def execute(
    words: Words,
    *,
    at: Path,
    timeout_seconds: float = limits.PAGE_SECONDS,
    output_bytes: int = limits.OUTPUT_BYTES,
    input: bytes = b"",  # noqa: A002 — the same.
    extra: Mapping[str, str] | None = None,
    configuration: Mapping[str, str] | None = None,
) -> Finished:
    """How git ends with these words; for callers to whom another status than 0 is an answer.

    Errors:
        TimeoutExceededError, TooLargeError: it worked or said more than allowed.
    """
    with stream(
        words,
        at=at,
        timeout_seconds=timeout_seconds,
        output_bytes=output_bytes,
        input=input,
        extra=extra,
        configuration=configuration,
    ) as speech:
        output = b"".join(speech)
        return Finished(speech.wait(), output, speech.complaint)


@contextmanager
def stream(
    words: Words,
    *,
    at: Path,
    timeout_seconds: float = limits.PAGE_SECONDS,
    output_bytes: int = limits.OUTPUT_BYTES,
    input: bytes = b"",  # noqa: A002 — the same.
    extra: Mapping[str, str] | None = None,
    configuration: Mapping[str, str] | None = None,
) -> Iterator[Speech]:
    """What git says, in chunks as they come; leaving the block ends git.

    Call `.check()` after the last chunk where an unhappy end matters.

    Errors:
        TimeoutExceededError, TooLargeError: while iterating, when a limit is passed.
    """
    process = popen(
        words,
        at=at,
        extra=extra,
        configuration=configuration,
        stdin=subprocess.PIPE if input else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    speech = Speech(process, input, time.monotonic() + timeout_seconds, output_bytes)
    try:
        yield speech
    finally:
        speech.close()


class Speech:
    """What one running git program says. Its state is the process, its pipes and what is left of
    its limits.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], question: bytes, deadline: float, allowance: int
    ) -> None:
        self._process = process
        self._question = memoryview(question)
        self._deadline = deadline
        self._allowance = allowance
        self._complaint = bytearray()
        self._selector = selectors.DefaultSelector()
        self._chunks: list[bytes] = []
        self._watch(process.stdout, selectors.EVENT_READ, self._read_output)
        self._watch(process.stderr, selectors.EVENT_READ, self._read_complaint)
        self._watch(process.stdin, selectors.EVENT_WRITE, self._write_question)

    @property
    def complaint(self) -> bytes:
        """The start of what git wrote to stderr so far; for logs and `check`, not for people."""
        return bytes(self._complaint)

    def __iter__(self) -> Iterator[bytes]:
        while self._selector.get_map():
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutExceededError("Git took too long.")
            for key, _events in self._selector.select(left):
                handler: Callable[[IO[bytes]], None] = key.data[0]
                handler(key.data[1])
            yield from self._chunks
            self._chunks.clear()

    def wait(self) -> int:
        """The exit status, once all is said.

        Errors:
            TimeoutExceededError: git closed its mouth but works on.
        """
        try:
            return ended(self._process, max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise TimeoutExceededError("Git took too long.") from error

    def check(self) -> None:
        """Raise what `run` would raise for the way git ended."""
        check(self.wait(), self.complaint)

    def close(self) -> None:
        """End git if it still runs, and let go of the pipes."""
        self._selector.close()
        stop(self._process)

    def _watch(
        self, pipe: IO[bytes] | None, event: int, handler: Callable[[IO[bytes]], None]
    ) -> None:
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, event, (handler, pipe))

    def _leave(self, pipe: IO[bytes]) -> None:
        self._selector.unregister(pipe)
        with contextlib.suppress(OSError):
            pipe.close()

    def _read_output(self, pipe: IO[bytes]) -> None:
        chunk = os.read(pipe.fileno(), CHUNK_BYTES)
        if not chunk:
            self._leave(pipe)
            return
        self._allowance -= len(chunk)
        if self._allowance < 0:
            raise TooLargeError("The result is too large.")
        self._chunks.append(chunk)

    def _read_complaint(self, pipe: IO[bytes]) -> None:
        chunk = os.read(pipe.fileno(), CHUNK_BYTES)
        if not chunk:
            self._leave(pipe)
            return
        room = limits.COMPLAINT_BYTES - len(self._complaint)
        self._complaint += chunk[: max(0, room)]

    def _write_question(self, pipe: IO[bytes]) -> None:
        try:
            written = os.write(pipe.fileno(), self._question[:CHUNK_BYTES])
        except BrokenPipeError:  # Git does not want to hear the rest; its status says why.
            written = len(self._question)
        self._question = self._question[written:]
        if not self._question:
            self._leave(pipe)
