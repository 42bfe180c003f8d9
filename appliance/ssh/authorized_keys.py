"""Answers sshd: which key is whose. It is sshd's AuthorizedKeysCommand, which `keys.sh` starts
through `keys.py`, and whose answer `keys.sh` gives the second time that sshd asks.

Each line that it prints ties one key to one command, `session.py` with that key's id; without a
line the key opens nothing.
Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT".
"""

from __future__ import annotations

import posix
import sys

from appliance.ssh.protocol import UnansweredError, ask

SESSION = __file__.removesuffix("authorized_keys.py") + "session.py"
WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=-_.@")


CERTIFICATE = "-cert-v01@openssh.com"


def main(socket_path: str, fingerprint: str, kind: str = "", blob: str = "") -> int:
    """Print a line for each key with this fingerprint, or for the authority of a certificate."""
    if kind.endswith(CERTIFICATE):
        return certificate(socket_path, blob)
    try:
        answer = ask(socket_path, "/internal/ssh/keys", {"fingerprint": fingerprint})
    except UnansweredError as error:
        posix.write(2, f"{error}\n".encode())
        return 1
    lines = [line(socket_path, key) for key in answer.get("keys") or []]
    posix.write(1, "".join(lines).encode("utf-8"))
    if len(lines) == 1 and lines[0]:
        leave(socket_path, fingerprint, lines[0])
    return 0


def certificate(socket_path: str, blob: str) -> int:
    """Print the line that lets this certificate in, and no other of its authority.

    sshd itself checks that the authority has signed it, when and from where it is valid, and that
    it holds the principal; the appliance has checked the same, and whose it is.
    """
    try:
        answer = ask(socket_path, "/internal/ssh/certificate", {"certificate": blob})
    except UnansweredError as error:
        posix.write(2, f"{error}\n".encode())
        return 1
    words = [blob, answer.get("principal"), answer.get("type"), answer.get("authority")]
    if not all(isinstance(word, str) and word and WORD.issuperset(word) for word in words):
        return 0
    _, principal, kind, authority = words
    options = (
        f'restrict,cert-authority,principals="{principal}",command="{_command(socket_path, blob)}"'
    )
    posix.write(1, f"{options} {kind} {authority}\n".encode())
    return 0


def leave(socket_path: str, fingerprint: str, text: str) -> None:
    """Leave the answer to sshd's second question, where `keys.sh` looks for it.

    That of another key that begins alike may take its place: then Python answers twice.
    """
    first = fingerprint.removeprefix("SHA256:")[:1]
    folder = socket_path.rpartition("/")[0]
    place = f"{folder}/ssh-key-{'_' if first == '/' else first}"
    try:
        file = posix.open(place, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600)
        posix.write(file, f"{fingerprint} {text}".encode())
    except OSError:
        return  # It would only have been faster.


def line(socket_path: str, key: dict[str, str]) -> str:
    """The line of authorized_keys for one key; none for a key that could be read as two."""
    words = [key["id"], key["type"], key["blob"]]
    if not all(word and WORD.issuperset(word) for word in words):
        return ""
    return f'restrict,command="{_command(socket_path, key["id"])}" {key["type"]} {key["blob"]}\n'


def _command(socket_path: str, credential: str) -> str:
    command = " ".join(shell_quoted(word) for word in session_command(socket_path, credential))
    return command.replace('"', '\\"')


def session_command(socket_path: str, credential: str) -> list[str]:
    """The words that start the session of a key, which its id names, or of a certificate."""
    return [sys.executable, "-I", "-S", "-E", SESSION, socket_path, credential]


def shell_quoted(word: str) -> str:
    """`word` as the account's shell reads it back."""
    if word and WORD.issuperset(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"
