"""The hooks' client: asks the appliance whether a push may happen, and tells it that it has.

Started, through `git_hook.py`, by the files that `appliance/git/hooks.py` writes.
It fails closed: no answer is a refusal. What it prints, git shows to the person who pushes.
"""

from __future__ import annotations

import posix
from binascii import b2a_base64

from appliance.ssh.protocol import UnansweredError, ask, plain

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would be the slowest import of all.
    from collections.abc import Mapping

QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
CHUNK_BYTES = 1024 * 1024


def main(hook: str, environment: Mapping[str, str]) -> int:
    """Run the hook of this name; gives the exit status for git."""
    capability = environment.get("CODARA_PUSH")
    socket_path = environment.get("CODARA_SOCKET")
    if not capability or not socket_path:
        say("This repository takes changes only through the appliance.")
        return 1
    updates = read_updates()
    if hook == "pre-receive":
        return accept(socket_path, capability, updates, environment)
    return confirm(socket_path, capability, updates)


def accept(
    socket_path: str, capability: str, updates: list[list[str]], environment: Mapping[str, str]
) -> int:
    """Ask whether these refs may move; 0 only when the answer is a clear yes."""
    count = int(environment.get("GIT_PUSH_OPTION_COUNT") or 0)
    question = {
        "capability": capability,
        "updates": updates,
        "quarantine": {name: environment[name] for name in QUARANTINE if name in environment},
        "options": [environment.get(f"GIT_PUSH_OPTION_{n}", "") for n in range(count)],
    }
    if certificate := environment.get("GIT_PUSH_CERT"):
        status = environment.get("GIT_PUSH_CERT_NONCE_STATUS", "")
        question["certificate"] = {"oid": certificate, "nonce_status": status}
    try:
        answer = ask(socket_path, "/internal/pushes/accept", question)
    except UnansweredError as error:
        say(str(error), "Nothing was changed.")
        return 1
    say(*answer.get("messages") or [])
    return 0 if answer.get("accept") is True else 1


def confirm(socket_path: str, capability: str, updates: list[list[str]]) -> int:
    """Tell which refs have moved. Git ignores the status: they have moved whatever we say."""
    question = {"capability": capability, "updates": updates}
    try:
        answer = ask(socket_path, "/internal/pushes/confirm", question)
    except UnansweredError:
        say("Your push is stored. The appliance will notice it a little later.")
        return 1
    say(*answer.get("messages") or [])
    return 0


def read_updates() -> list[list[str]]:
    """The lines that git writes to its hooks, as [old, new, base64 of the ref].

    Source: githooks(5), pre-receive.
    """
    chunks = []
    while chunk := posix.read(0, CHUNK_BYTES):
        chunks.append(chunk)
    return [_update(line) for line in b"".join(chunks).split(b"\n") if line]


def _update(line: bytes) -> list[str]:
    old, new, ref = line.split(b" ", 2)
    return [
        old.decode("ascii"),
        new.decode("ascii"),
        b2a_base64(ref, newline=False).decode("ascii"),
    ]


def say(*messages: str) -> None:
    """Print messages for the person who pushes."""
    text = "".join(plain(str(message)) + "\n" for message in messages)
    posix.write(2, text.encode("utf-8", "replace"))
