"""The one command that an SSH key may run: git's programs on a repository, and nothing else.

sshd starts it, through `session.py`, with what the client asked for in SSH_ORIGINAL_COMMAND. It
asks the appliance whether the key may, then becomes git itself: not a byte of a transfer passes
through here. A child stays beside git, asks every few seconds whether the key would still be let
in, and ends git once it would not.
"""

from __future__ import annotations

import posix
from _signal import (  # type: ignore[import-not-found]  # The C half.
    SIG_DFL,
    SIGPIPE,
    SIGTERM,
    pidfd_send_signal,
    signal,
)

from appliance.ssh.protocol import UnansweredError, ask, plain, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would be the slowest import of all.
    from collections.abc import Mapping
    from typing import Any, NoReturn

WORDS = {
    # A client that is silent for so many seconds has gone. A push has no such option; sshd's
    # ClientAliveInterval ends it.
    "git-upload-pack": ["git", "upload-pack", "--strict", "--timeout=900", "."],
    "git-receive-pack": ["git", "receive-pack", "."],
    "git-upload-archive": ["git", "upload-archive", "."],
}
BULK = ("git-upload-pack", "git-upload-archive")
BULK_NICENESS = 10  # Pages, hooks and pushes go before what waits for a network anyway.
LFS = "git-lfs-authenticate"
OPERATIONS = ("download", "upload")
COMMAND_BYTES = 4096
STILL_MILLISECONDS = 2000
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")
ONLY_GIT = "Only Git works here: clone, fetch, push, archive and LFS. There is no shell."


class RefusedCommandError(Exception):
    """The client asked for something else; the message says what there is."""


def main(socket_path: str, key_id: str, environment: Mapping[str, str]) -> int:
    """Do what the client asked for; gives the exit status, or never returns."""
    original = environment.get("SSH_ORIGINAL_COMMAND", "")
    who = {"key_id": key_id, "address": environment.get("SSH_CONNECTION", "").partition(" ")[0]}
    try:
        if not original:
            return greet(socket_path, who)
        command, path, operation = parse(original)
        if command == LFS:
            return authenticate(socket_path, who | {"path": path, "operation": operation})
        protocol = environment.get("GIT_PROTOCOL", "")
        return become_git(
            socket_path, who | {"command": command, "path": path, "protocol": protocol}
        )
    except (RefusedCommandError, UnansweredError) as error:
        say(str(error))
        return 1


def parse(original: str) -> tuple[str, str, str]:
    """The command, the repository's path and the LFS operation ("" for other commands).

    Errors:
        RefusedCommandError: it is anything but one of ours with one path.
    """
    if len(original) > COMMAND_BYTES:
        raise RefusedCommandError(ONLY_GIT)
    command, _, rest = original.partition(" ")
    operation = ""
    if command == LFS:
        rest, _, operation = rest.rpartition(" ")
        if operation not in OPERATIONS:
            raise RefusedCommandError(ONLY_GIT)
    elif command not in WORDS:
        raise RefusedCommandError(ONLY_GIT)
    return command, _repository_path(rest), operation


def _repository_path(quoted: str) -> str:
    """What a client wrote for a repository: quoted or not, with or without "/" and ".git"."""
    path = quoted[1:-1] if len(quoted) > 1 and quoted[0] == quoted[-1] == "'" else quoted
    path = path.strip("/").removesuffix(".git")
    parts = path.split("/")
    is_plain = NAME_CHARACTERS.issuperset(path) and not any(part[:1] in "-." for part in parts)
    if len(parts) != 2 or not is_plain:  # noqa: PLR2004 — owner and name.
        raise RefusedCommandError("No repository can have this name. They are called OWNER/NAME.")
    return path


def greet(socket_path: str, who: dict[str, str]) -> int:
    """Say who the key belongs to."""
    question = who | {"command": "", "path": "", "protocol": ""}
    answer = _ask(socket_path, "/internal/ssh/session", question)
    say(f"Hi {answer.get('user')}! Your key works. {ONLY_GIT}")
    return 0


def authenticate(socket_path: str, question: dict[str, str]) -> int:
    """Print where and how git-lfs reaches the repository.

    Source: git-lfs, docs/api/server-discovery.md.
    """
    answer = _ask(socket_path, "/internal/lfs/authenticate", question)
    wanted = {name: answer[name] for name in ("href", "header", "expires_in") if name in answer}
    posix.write(1, to_json(wanted).encode("ascii") + b"\n")
    return 0


def become_git(socket_path: str, question: dict[str, str]) -> int:
    """Replace this program by git in the repository's folder, if the key may."""
    answer = _ask(socket_path, "/internal/ssh/session", question)
    if news := answer.get("message"):
        say(str(news))
    signal(SIGPIPE, SIG_DFL)  # Python ignores it, and git would inherit that.
    environment = {str(name): str(value) for name, value in answer["environment"].items()}
    if question["command"] in BULK:
        posix.nice(BULK_NICENESS)
    try:
        posix.chdir(answer["folder"])
        who = {name: question[name] for name in ("key_id", "address")}
        _leave_a_watch(socket_path, who | {"repository": answer["repository"]})
        _replace_by(WORDS[question["command"]], environment)
    except OSError:
        say("The appliance could not read this repository. An administrator can repair it.")
        return 1


def _leave_a_watch(socket_path: str, who: dict[str, str]) -> None:
    """Leave a child that ends this program, which is git by then, once its key opens nothing."""
    handle = posix.pidfd_open(posix.getpid(), 0)
    if posix.fork() != 0:
        posix.close(handle)
        return
    try:
        _watch(handle, socket_path, who)
    finally:
        posix._exit(0)  # noqa: SLF001 — of this program there is nothing else to do in a child.


def _watch(handle: int, socket_path: str, who: dict[str, str]) -> None:
    """Ask until the program behind `handle` has ended by itself, or has to."""
    from select import POLLIN, poll  # noqa: PLC0415 — git does not wait for this import.

    for number in (0, 1, 2):  # The client waits until nobody has these open.
        posix.close(number)
    ended = poll()
    ended.register(handle, POLLIN)
    while not ended.poll(STILL_MILLISECONDS):
        try:
            answer = ask(socket_path, "/internal/ssh/still", who)
        except UnansweredError:
            continue  # It is being started anew, perhaps; that ends no transfer.
        if answer.get("ok") is False:
            pidfd_send_signal(handle, SIGTERM)


def _replace_by(words: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Become another program, found on the PATH that the appliance has given.

    Errors:
        OSError: it is nowhere.
    """
    for folder in environment["PATH"].split(":"):
        try:  # contextlib would cost more than all else here.
            posix.execve(f"{folder}/{words[0]}", words, environment)
        except FileNotFoundError:
            continue
    raise FileNotFoundError(words[0])


def _ask(socket_path: str, endpoint: str, question: dict[str, str]) -> dict[str, Any]:
    """The appliance's answer, if it is a yes."""
    answer = ask(socket_path, endpoint, question)
    if answer.get("ok") is not True:
        raise RefusedCommandError(str(answer.get("message") or "You may not do that."))
    return answer


def say(message: str) -> None:
    """Print a message for the person at the other end."""
    posix.write(2, (plain(message) + "\n").encode("utf-8", "replace"))
