"""Clones, fetches and pushes as streams: git's own programs between a request and its answer.

The HTTP door calls `advertise` for `GET info/refs`, and `fetch` or `receive` for the `POST` that
follows. The SSH door starts the same programs itself, with the same environment. Nothing is held in
memory: a slow reader slows git, a slow sender is waited for, and `close()` ends all that was begun.
Source: gitprotocol-http(5), gitprotocol-v2(5).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from appliance.errors import DamagedError, InvalidError, UnavailableError, sentence
from appliance.git import certificates, process, ref_list
from appliance.git.duplex import BegunBody, Body, Duplex, GunzippedBody
from appliance.git.failures import is_malformed
from appliance.git.hook_line import Answer, HookLine, Question
from appliance.git.hooks import BEFORE, NAMES, push_hooks, reported_hooks, silent_program
from appliance.git.packets import error_packet, service_header
from appliance.git.push_report import COMMANDS_BYTES, ReportedPush, plain_commands

GIB = 1024**3
ADVERTISEMENT_SECONDS = 120.0
ADVERTISEMENT_BYTES = GIB  # Millions of refs; they are streamed.
DRAIN_BYTES = GIB
"""Least that is read and thrown away of a refused push, so that its sender gets to read why."""
COULD_NOT_READ = sentence(
    "The appliance could not read this repository. An administrator can repair it."
)
MALFORMED = sentence(
    "This request is not in the form of Git's protocol, or not all of it arrived. Look for what "
    "changes requests on their way."
)
NEWEST = 2
VERSIONS = {"version=0": 0, "version=1": 1, "version=2": NEWEST}


class Service(StrEnum):
    """What a client may ask of the HTTP door, by the name it uses."""

    UPLOAD_PACK = "git-upload-pack"
    RECEIVE_PACK = "git-receive-pack"


WORDS = {
    Service.UPLOAD_PACK: ["upload-pack", "--strict"],
    Service.RECEIVE_PACK: ["receive-pack"],
}


@dataclass(frozen=True)
class TransferLimits:
    """How long and how much one transfer may be."""

    push_size_bytes: int = 4 * GIB
    transfer_seconds: float = 4 * 3600.0


@dataclass(frozen=True)
class Push:
    """What git's hooks need in order to ask whether a push may happen."""

    capability: str = field(repr=False)
    socket: Path
    home: Path
    nonce_seed: str = field(repr=False)


def fetch_environment(*, protocol: str) -> dict[str, str]:
    """The whole environment of a program that gives objects away, at either door.

    `protocol` is what the client sent as Git-Protocol.
    """
    return process.environment(_protocol(protocol))


def push_environment(
    *,
    protocol: str,
    push: Push,
    limits: TransferLimits,
    is_reported: bool = False,
    is_tiny: bool = False,
) -> dict[str, str]:
    """The whole environment of the program that receives a push, at either door.

    `is_reported` says that its outcome is read in git's report, not told by a hook; `is_tiny` that
    it brings a few small objects at most.

    Errors:
        UnavailableError: the hooks are not installed, and git would accept anything.
    """
    hooks = reported_hooks(push.home) if is_reported else push_hooks(push.home)
    names = (BEFORE,) if is_reported else NAMES
    if not all(os.access(hooks / name, os.X_OK) for name in names):
        raise UnavailableError("Pushes cannot be checked now. Tell an administrator.")
    variables = _protocol(protocol) | {
        "CODARA_PUSH": push.capability,
        "CODARA_SOCKET": os.fspath(push.socket),
    }
    settings = {
        "core.hooksPath": os.fspath(hooks),
        "receive.maxInputSize": str(limits.push_size_bytes),
        # Git's own answer without it is six lines about the settings of our repositories.
        "receive.denyDeleteCurrent": "refuse",
        # Git would ask for the refs of the repository that the quarantine borrows from, which it
        # has read already: a program more for each push.
        "core.alternateRefsCommand": "true",
        **certificates.configuration(push.nonce_seed),
        **certificates.silence(silent_program(push.home)),
    }
    if is_tiny:
        # Each object to the disk by itself; for a few, the preparations of a batch take longer.
        settings["core.fsyncMethod"] = "fsync"
    return process.environment(variables, settings)


def protocol_version(protocol: str) -> int:
    """The newest version that a client says it speaks and we know; 0 when it says nothing."""
    said = protocol[:256].split(":")
    return max((version for key, version in VERSIONS.items() if key in said), default=0)


def advertise(
    folder: Path, service: Service, *, protocol: str, nonce_seed: str = ""
) -> Iterator[bytes]:
    """The answer to `GET info/refs?service=...`, from its first line on.

    With a seed, who pushes may sign.

    Errors:
        DamagedError: the repository cannot be read.
    """
    if not (folder / "HEAD").is_file():
        raise DamagedError(COULD_NOT_READ)
    if service is Service.UPLOAD_PACK and protocol_version(protocol) == NEWEST:
        return iter((_capabilities(folder, service),))
    if service is Service.RECEIVE_PACK and protocol_version(protocol) != 1:
        nonce = certificates.capability(nonce_seed) if nonce_seed else b""
        whole = ref_list.advertisement(folder, _capabilities(folder, service) + nonce)
        if whole is not None:
            return iter((service_header(service), whole))
    return _refs(folder, service, protocol, nonce_seed)


def fetch(
    folder: Path, body: Body, *, protocol: str, limits: TransferLimits
) -> Duplex | ref_list.Told:
    """The answer to `POST git-upload-pack`; iterate it, and `close()` it whatever happens."""
    if protocol_version(protocol) == NEWEST:
        body = BegunBody(body, start_bytes=ref_list.REQUEST_BYTES)
        answer = ref_list.answer(folder, body.start)
        if answer is not None:
            return ref_list.Told(answer)
    return _serve(
        folder,
        [*WORDS[Service.UPLOAD_PACK], "--stateless-rpc", "."],
        body,
        variables=fetch_environment(protocol=protocol),
        limits=limits,
    )


def receive(
    folder: Path,
    body: Body,
    *,
    protocol: str,
    push: Push,
    limits: TransferLimits,
    answer: Callable[[Question], Answer] | None = None,
) -> Duplex | ReportedPush:
    """The answer to `POST git-receive-pack`; iterate it, and `close()` it whatever happens.

    `answer` is asked by git's hooks, in a thread of its own; without it they ask over the socket.
    Of a plain push it is told the outcome without a hook, by whoever iterates.
    """
    words = [*WORDS[Service.RECEIVE_PACK], "--stateless-rpc", "."]
    if answer is None:
        variables = push_environment(protocol=protocol, push=push, limits=limits)
        return _serve(folder, words, body, variables=variables, limits=limits)
    body = BegunBody(body, start_bytes=COMMANDS_BYTES)
    commands = plain_commands(body.start)
    variables = push_environment(
        protocol=protocol,
        push=push,
        limits=limits,
        is_reported=commands is not None,
        is_tiny=len(body.start) < COMMANDS_BYTES,
    )
    line = HookLine(push.capability, answer)
    try:
        variables |= line.environment
        transfer = _serve(folder, words, body, variables=variables, limits=limits, line=line)
    except BaseException:
        line.close()
        raise
    return transfer if commands is None else ReportedPush(transfer, commands, answer)


def plain_body(body: Body, *, encoding: str, limits: TransferLimits) -> Body:
    """The body as git wants it, whatever Content-Encoding it came in.

    Errors:
        InvalidError: an encoding that we do not know.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding in {"gzip", "x-gzip"}:
        return GunzippedBody(body, limit_bytes=limits.push_size_bytes)
    raise InvalidError(
        sentence(
            "The Content-Encoding “%(encoding)s” is not known here. Send gzip or none.",
            encoding=encoding[:40],
        )
    )


def _serve(
    folder: Path,
    words: list[str],
    body: Body,
    *,
    variables: dict[str, str],
    limits: TransferLimits,
    line: HookLine | None = None,
) -> Duplex:
    running = process.popen(
        words,
        at=folder,
        extra=variables,
        stderr=subprocess.PIPE,
        handles=line.handles if line else (),
    )
    if line is not None:
        line.begin()
    return Duplex(
        running,
        body,
        seconds=limits.transfer_seconds,
        drain_bytes=max(DRAIN_BYTES, limits.push_size_bytes),
        failure=_failure,
        line=line,
    )


def _failure(complaint: bytes) -> bytes:
    """What a client is told where git has ended without a word to it."""
    return error_packet(MALFORMED if is_malformed(complaint) else COULD_NOT_READ)


def _protocol(protocol: str) -> dict[str, str]:
    version = protocol_version(protocol)
    return {"GIT_PROTOCOL": f"version={version}"} if version else {}


def _refs(folder: Path, service: Service, protocol: str, nonce_seed: str) -> Iterator[bytes]:
    settings = certificates.configuration(nonce_seed) if nonce_seed else {}
    with process.stream(
        [*WORDS[service], "--http-backend-info-refs", "."],
        at=folder,
        extra=process.environment(_protocol(protocol), settings),
        timeout_seconds=ADVERTISEMENT_SECONDS,
        output_bytes=ADVERTISEMENT_BYTES,
    ) as speech:
        yield service_header(service)
        yield from speech
        if speech.wait() != 0:
            yield error_packet(COULD_NOT_READ)


def _capabilities(folder: Path, service: Service) -> bytes:
    """What git can do for a fetch, as version 2 says it in an answer of its own, or for a push, as
    it stands behind the first ref: the same for every repository of ours and every client, as long
    as the git program is the same one.
    """
    program = Path(shutil.which("git", path=process.PATH) or "/usr/bin/git").stat()
    identity = (service, program.st_ino, program.st_mtime_ns)
    if identity not in _CAPABILITIES_OF:
        said = process.run(
            [*WORDS[service], "--http-backend-info-refs", "."],
            at=folder,
            extra=fetch_environment(protocol="version=2"),
        )
        if service is Service.RECEIVE_PACK:
            said = said.partition(b"\0")[2].partition(b"\n")[0]
        _CAPABILITIES_OF[identity] = said
    return _CAPABILITIES_OF[identity]


_CAPABILITIES_OF: dict[tuple[Service, int, int], bytes] = {}
