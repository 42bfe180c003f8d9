"""How the small programs ask the running appliance: HTTP/1.0 and JSON over the socket `web.sock`.

Every question is `POST` with a JSON object; every answer with status 200 is a JSON object. Refs are
base64 of their bytes, object ids are lower-case hex, of 40 zeros where there is none.

/internal/ssh/keys {fingerprint} -> {keys: [{id, type, blob}]}
    Which keys have this fingerprint ("SHA256:..."); `type` and `blob` as in authorized_keys.
/internal/ssh/certificate {certificate, address?} -> {ok, principal, type, authority}
    Whether a certificate (base64) lets somebody in, by which principal, and the authority's key;
    with an address, also whether from there.
/internal/ssh/session {key_id, command, path, address, protocol}
    -> {ok, user, repository, folder, environment, message}
    Whether the key may run the command on the repository, and what git is then started with.
/internal/ssh/still {key_id, address, repository} -> {ok}
    Whether the key would be let in there now: asked every few seconds while git runs for it.
/internal/lfs/authenticate {key_id, operation, path, address}
    -> {ok, href, header, expires_in, message}
    Where and with which header git-lfs reaches the repository over HTTPS.
/internal/pushes/accept {capability, updates: [[old, new, ref]], quarantine: {name: value}, options,
    certificate: {oid, nonce_status}}
    -> {accept, messages}
/internal/pushes/confirm {capability, updates} -> {messages}

`key_id` is a key's id, or a whole certificate in base64.

`command` is "git-upload-pack", "git-receive-pack", "git-upload-archive" or "" (a greeting is
wanted; `user` is enough). `path` is what the client wrote, without slashes around it and without
".git". `environment` is what git is started with, beside a fixed PATH.

JSON and sockets come from the C halves of the standard library's modules: their Python halves
import `re`, `enum` and `selectors`, which is more than half of such a program's life.
"""

from __future__ import annotations

import posix
from _json import encode_basestring_ascii, make_scanner
from _socket import AF_UNIX, SOCK_STREAM
from _socket import socket as Socket  # noqa: N812 — a class, whatever its name.

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would be the slowest import of all.
    from collections.abc import Callable
    from typing import Any

SECONDS = 1800.0
"""Longest wait for an answer: a first push of a large history is inspected meanwhile."""
ANSWER_BYTES = 16 * 1024 * 1024
"""Longest answer that is read."""
CHUNK_BYTES = 256 * 1024
OK = 200


class UnansweredError(Exception):
    """The appliance did not answer, or not as it should; the message is for the person."""


class _Reading:
    """How the scanner reads JSON: plainly. Its state is nothing."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(_Reading())  # type: ignore[arg-type]  # The stub asks for a scanner; the C code asks for these attributes.


def environment() -> dict[str, str]:
    """What this program was started with, as `os.environ` would say it."""
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in posix.environ.items()
    }


def ask(socket_path: str, endpoint: str, question: dict[str, Any]) -> dict[str, Any]:
    """The appliance's answer to a question.

    Errors:
        UnansweredError: with a sentence for the person at the other end.
    """
    body = to_json(question).encode("ascii")
    head = (
        f"POST {endpoint} HTTP/1.0\r\nHost: internal\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    try:
        raw = _exchange(socket_path, head.encode("ascii") + body)
    except OSError as error:
        raise UnansweredError("The appliance does not answer now. Try again shortly.") from error
    return _read_answer(raw)


def _exchange(socket_path: str, request: bytes) -> bytes:
    connection = Socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.settimeout(SECONDS)
        connection.connect(socket_path)
        connection.sendall(request)
        chunks = []
        size = 0
        while chunk := connection.recv(CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > ANSWER_BYTES:
                raise UnansweredError("The appliance's answer is too long. Tell an administrator.")
        return b"".join(chunks)
    finally:
        connection.close()


def _read_answer(raw: bytes) -> dict[str, Any]:
    head, _, body = raw.partition(b"\r\n\r\n")
    try:
        status = int(head.split(b" ", 2)[1])
        answer = from_json(body.decode("utf-8"))
    except (IndexError, ValueError) as error:
        raise UnansweredError("The appliance's answer was cut short. Try again.") from error
    if not isinstance(answer, dict):
        raise UnansweredError("The appliance's answer makes no sense. Tell an administrator.")
    if status != OK:
        raise UnansweredError(str(answer.get("detail") or "The appliance could not do that."))
    return answer


def to_json(value: Any) -> str:
    """`value` as JSON, in ASCII. Source: RFC 8259."""
    if isinstance(value, str):
        return str(encode_basestring_ascii(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(str(k))}:{to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(to_json, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(int(value))


def from_json(text: str) -> Any:
    """The value that `text` is the JSON of.

    Errors:
        ValueError: it is no JSON, or something follows it.
    """
    text = text.strip()
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise ValueError("no JSON") from error
    if end != len(text):
        raise ValueError("something follows the JSON")
    return value


def plain(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
