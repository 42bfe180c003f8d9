"""The line between git's hooks and the process that started git: a question up, an answer down.

Who starts a push and stays beside it (a web process does, OpenSSH does not) hands git two pipes.
Our hooks find them in their environment and need no program of their own to ask: a shell writes the
question into one pipe and reads the answer from the other.

    hook      pre-receive or post-receive
    folder    where the new objects are; empty where there are none
    updates   OLD NEW REF, a line for each, as git gives them to the hook
    end       the capability of this push

A pusher can put line breaks into the name of a ref, but does not know the capability, and so cannot
end a question before git has named all refs. The answer is "yes", or "no" and sentences for the
person who pushes. Every end that is not a clear yes is a no: the owner's death, half a question, an
answer that could not be made. Source: githooks(5); git-receive-pack(1), "QUARANTINE ENVIRONMENT".
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.protection import RefUpdate

ASK, HEAR = "CODARA_ASK", "CODARA_HEAR"
QUESTION_BYTES = 64 * 1024 * 1024
"""A push of 100,000 refs with long names."""
CHUNK_BYTES = 256 * 1024
HOOKS = (b"pre-receive", b"post-receive")
LEAST_LINES = 2
"""After the hook's name: the folder, and one ref."""
UPDATE = re.compile(rb"(?P<old>[0-9a-f]{40,64}) (?P<new>[0-9a-f]{40,64}) (?P<ref>.+)", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """What a hook asks. `quarantine` is in the form of the environment that git gives it."""

    hook: str
    quarantine: dict[str, str]
    updates: tuple[RefUpdate, ...]


@dataclass(frozen=True)
class Answer:
    """Whether the push goes on, and sentences for the person where it does not."""

    is_yes: bool
    messages: tuple[str, ...] = ()


class HookLine:
    """One push's line. Its state is the two pipes and the thread that answers.

    The thread is there because an answer may take minutes, in which git's signs of life must reach
    the client.
    """

    def __init__(self, capability: str, answer: Callable[[Question], Answer]) -> None:
        self._end = b"\n" + capability.encode("ascii") + b"\n"
        self._answer = answer
        self._question_reader, self._question_writer = os.pipe()
        self._answer_reader, self._answer_writer = os.pipe()
        self._hang_up = os.eventfd(0)
        self._thread = threading.Thread(target=self._converse, name="push hooks", daemon=True)

    @property
    def handles(self) -> tuple[int, int]:
        """What git has to inherit."""
        return self._question_writer, self._answer_reader

    @property
    def environment(self) -> dict[str, str]:
        """Where the hooks find it."""
        return {ASK: f"/dev/fd/{self._question_writer}", HEAR: f"/dev/fd/{self._answer_reader}"}

    def begin(self) -> None:
        """Listen. Git has its ends of the pipes by now: ours of those must go, or its end would
        never be noticed.
        """
        self._thread.start()  # First: where it cannot, all four ends are still there to close.
        os.close(self._question_writer)
        os.close(self._answer_reader)

    def close(self) -> None:
        """Hang up, after what is being answered just now; call it once, after git has ended."""
        if self._thread.ident is None:
            self._let_go(self._question_writer, self._answer_reader, self._answer_writer)
        else:
            os.eventfd_write(self._hang_up, 1)
            self._thread.join()
        self._let_go(self._question_reader, self._hang_up)

    def _converse(self) -> None:
        try:
            said = bytearray()
            while self._is_asked() and (chunk := os.read(self._question_reader, CHUNK_BYTES)):
                said += chunk
                if len(said) > QUESTION_BYTES:
                    return
                if said.endswith(self._end):
                    question = _parsed(bytes(said[: -len(self._end)]))
                    if question is None or not self._reply(self._answer(question)):
                        return
                    said.clear()
        finally:
            os.close(self._answer_writer)  # Whoever still listens hears a no.

    def _is_asked(self) -> bool:
        poll = select.poll()
        poll.register(self._question_reader, select.POLLIN)
        poll.register(self._hang_up, select.POLLIN)
        return self._hang_up not in {handle for handle, _event in poll.poll()}

    def _reply(self, answer: Answer) -> bool:
        """Answer; whether there may be more to say."""
        lines = ["yes"] if answer.is_yes else ["no", *map(_plain, answer.messages)]
        text = "\n".join([*lines, ""])
        rest = memoryview(text.encode("utf-8", "replace"))
        with contextlib.suppress(BrokenPipeError):  # Nobody listens any more.
            while rest:
                rest = rest[os.write(self._answer_writer, rest) :]
        return answer.is_yes

    @staticmethod
    def _let_go(*handles: int) -> None:
        for handle in handles:
            os.close(handle)


def _parsed(said: bytes) -> Question | None:
    """The question in a hook's words; None where it is not in its form, such as half a line."""
    hook, *lines = said.split(b"\n")
    if hook not in HOOKS or len(lines) < LEAST_LINES:
        return None
    folder, *updates = lines
    found = [UPDATE.fullmatch(line) for line in updates]
    if not all(found):
        return None
    quarantine = {"GIT_QUARANTINE_PATH": os.fsdecode(folder)} if folder else {}
    changed = (
        RefUpdate(each["ref"], each["old"].decode(), each["new"].decode()) for each in found if each
    )
    return Question(hook.decode(), quarantine, tuple(changed))


def _plain(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
