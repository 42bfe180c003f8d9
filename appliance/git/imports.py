"""Brings a repository in, with all its branches, tags and other refs, and says how far it is.

A source is a `Destination` (anybody's, looked up and judged) or a `Path` to a folder
or a bundle (an administrator's, at the console, or out of an archive that anybody sent). The target
is a folder that nobody looks up yet.

Git follows files that say that a repository is elsewhere, also beside a folder that is none. Here
only `.git` in a folder is followed, which archives do not have.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.domain.destinations import Destination
from appliance.errors import (
    ApplianceError,
    InvalidError,
    TimeoutExceededError,
    TooLargeError,
    UnavailableError,
    sentence,
)
from appliance.git import process
from appliance.git.authorities import bundle
from appliance.git.pinned_http import insist_on_certificate
from appliance.git.remote_source import Credentials
from appliance.git.repository_config import HIDDEN_REFS
from appliance.git.storage import set_default_branch, size_bytes

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it, and of how much."""

# All refs of the source, except those that are ours here or a clone's memory of somewhere else.
REFS = ("+refs/*:refs/*", f"^{HIDDEN_REFS}/*", "^refs/remotes/*", "^refs/stash")
CHUNK_BYTES = 64 * 1024
SIZE_CHECK_SECONDS = 2.0
COMPLAINT_BYTES = 8 * 1024
STEP = re.compile(rb"([A-Z][a-z]+ [a-z]+): +\d+% \((\d+)/(\d+)\)")
REFUSALS = (b"authentication failed", b"could not read username", b"returned error: 403")
NO_REPOSITORY = (b"not found", b"not appear to be a git repository", b"gitfile", b"not a bundle")
NONE_THERE = sentence("There is no repository at the source.")
UNREAD = sentence("The source could not be read. Try again later.")
CUT_OFF = (
    *(b"early eof", b"hung up", b"transfer closed", b"recv failure"),
    b"unexpected disconnect",
)
OF_TLS = (b"certificate", b"ssl", b"tls")
WAYS = (
    (
        (b"failed to connect", b"could not resolve", b"couldn't connect", b"timed out"),
        sentence("The other system does not answer. Try again later."),
    ),
    (
        CUT_OFF,
        sentence("The connection to the other system broke off. Try again later."),
    ),
    (
        (b"returned error: 5", b"returned error: 429"),
        sentence("The other system answers with an error of its own. Try again later."),
    ),
)
"""By what git and curl say in English, what that means."""
UNSAFE = ("source", sentence("The source holds objects that are damaged or unsafe."))
# A local source is read by a program that does not see our configuration.
READER = "--upload-pack=git -c safe.directory=* upload-pack"
BUNDLES = (b"# v2 git bundle\n", b"# v3 git bundle\n")


@dataclass(frozen=True)
class ImportLimits:
    """How long an import may take and how large it may become."""

    seconds: float = 6 * 3600.0
    size_bytes: int = 0
    """0 means no limit."""


def fetch_all(
    folder: Path,
    source: Destination | Path,
    *,
    credentials: Credentials | None = None,
    limits: ImportLimits,
    progress: Progress,
) -> None:
    """Fetch all refs of the source into `folder`, an empty repository, and let HEAD follow.

    Errors:
        InvalidError: the source is no repository, is unsafe, or wants other credentials.
        UnavailableError: the source cannot be read now.
        TimeoutExceededError, TooLargeError: it is more than allowed.
    """
    place, local = _place(source)
    deadline = time.monotonic() + limits.seconds
    words = ["fetch", "--progress", "--no-auto-gc", "--no-write-fetch-head", *local, "--"]
    words += [place, *REFS]
    why = partial(explain, source)
    with reaching(source, credentials) as configuration:
        head = _default_branch(folder, source, configuration, deadline)
        follow(folder, words, configuration, deadline, limits.size_bytes, progress, why)
    if limits.size_bytes:
        _check_size(folder, limits.size_bytes)
    if isinstance(source, Path) and source.is_file():
        # Git before 2.46 takes the objects of a bundle unseen, whatever `fetch.fsckObjects` says.
        checks = ["fsck", "--no-dangling", "--no-progress"]
        follow(folder, checks, {}, deadline, 0, progress, lambda _said: InvalidError.of(*UNSAFE))
    if head is not None:
        set_default_branch(folder, head)


def _place(source: Destination | Path) -> tuple[str, list[str]]:
    """What git calls the source, and the options for it."""
    if isinstance(source, Destination):
        return source.url, []
    if not source.exists():
        raise InvalidError.of("source", sentence("%(source)s does not exist.", source=source))
    if not source.is_dir() and not _is_bundle(source):
        raise InvalidError.of("source", NONE_THERE)
    is_bare = not (source / ".git").exists()
    return os.fspath(source.resolve()), [f"{READER} --strict" if is_bare else READER]


def _is_bundle(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(len(BUNDLES[0])) in BUNDLES


@contextmanager
def reaching(
    source: Destination | Path, credentials: Credentials | None
) -> Iterator[dict[str, str]]:
    """What lets git reach this source, and nothing else.

    It travels in the environment, which only this system account can read.
    """
    closed = {"protocol.allow": "never", "submodule.recurse": "false", "fetch.fsckObjects": "true"}
    if isinstance(source, Path):
        yield closed | {"protocol.file.allow": "always"}
        return
    settings = {
        f"protocol.{source.scheme}.allow": "always",
        "http.followRedirects": "false",
        "http.proxy": "",
        "http.lowSpeedLimit": "100",
        "http.lowSpeedTime": "120",
        "credential.helper": "",
    }
    if source.curl_resolve:
        settings["http.curloptResolve"] = source.curl_resolve
    if credentials is not None:
        settings["http.extraHeader"] = f"Authorization: {credentials.header}"
    if not source.authorities_file:
        yield closed | settings
        return
    with bundle(source.authorities_file) as file:
        yield closed | settings | {"http.sslCAInfo": file}


def _default_branch(
    folder: Path, source: Destination | Path, configuration: dict[str, str], deadline: float
) -> bytes | None:
    """The branch that the source's HEAD names; None when it names none."""
    place, local = _place(source)
    answer = process.execute(
        ["ls-remote", "--symref", *local, "--", place, "HEAD"],
        at=folder,
        configuration=configuration,
        timeout_seconds=max(1.0, deadline - time.monotonic()),
    )
    if answer.status != 0:
        raise explain(source, answer.complaint)
    for line in answer.output.splitlines():
        if line.startswith(b"ref: refs/heads/") and line.endswith(b"\tHEAD"):
            return line.removeprefix(b"ref: refs/heads/").removesuffix(b"\tHEAD")
    return None


def follow(
    folder: Path,
    words: list[str],
    configuration: dict[str, str],
    deadline: float,
    most_bytes: int,
    progress: Progress,
    explained: Callable[[bytes], ApplianceError],
) -> None:
    """Run git to its end, passing on its progress and watching its limits.

    Errors:
        ApplianceError: what `explained` makes of git's complaint.
        TimeoutExceededError, TooLargeError: it is more than allowed.
    """
    running = process.popen(
        words,
        at=folder,
        extra={"CODARA_INTERNAL": "1"},
        configuration=configuration,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        said = _listen(running, folder, deadline, most_bytes, progress)
        if running.wait(max(0.1, deadline - time.monotonic())) != 0:
            raise explained(said)
    except subprocess.TimeoutExpired as error:
        raise TimeoutExceededError("The import took too long.") from error
    finally:
        process.stop(running)


def _listen(
    running: subprocess.Popen[bytes],
    folder: Path,
    deadline: float,
    most_bytes: int,
    progress: Progress,
) -> bytes:
    """Everything git says on stderr, but for its progress; the end of it, where it is long."""
    poll = select.poll()
    handle = running.stderr.fileno() if running.stderr else -1
    poll.register(handle, select.POLLIN)
    said, rest = b"", b""
    next_check = time.monotonic()
    while True:
        if time.monotonic() > deadline:
            raise TimeoutExceededError("The import took too long.")
        if most_bytes and time.monotonic() > next_check:
            next_check = time.monotonic() + SIZE_CHECK_SECONDS
            _check_size(folder, most_bytes)
        if not poll.poll(SIZE_CHECK_SECONDS * 1000):
            continue
        chunk = os.read(handle, CHUNK_BYTES)
        *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        said = (said + b"".join(_not_progress(lines, progress)))[-COMPLAINT_BYTES:]
        if not chunk:
            return said + rest


def _not_progress(lines: list[bytes], progress: Progress) -> list[bytes]:
    complaints = []
    for line in lines:
        if found := STEP.search(line):
            progress(found[1].decode("ascii"), int(found[2]), int(found[3]))
        else:
            complaints.append(line + b"\n")
    return complaints


def _check_size(folder: Path, most_bytes: int) -> None:
    if size_bytes(folder) > most_bytes:
        raise TooLargeError("The source needs more space than is left here.")


def explain(source: Destination | Path, complaint: bytes) -> ApplianceError:
    """The error for what git said; git's own words may name things that are nobody's business."""
    said = complaint.lower()
    if any(words in said for words in REFUSALS):
        return InvalidError.of(
            "credentials", "The source did not accept the user name and password."
        )
    if any(words in said for words in NO_REPOSITORY):
        return InvalidError.of("source", NONE_THERE)
    if b"redirect" in said or b"returned error: 30" in said:
        return InvalidError.of("source", "The source has moved. Give its present address.")
    if b"repository corruption" in said:
        return InvalidError.of("source", "The source is damaged: some of its objects are missing.")
    is_cut = any(words in said for words in CUT_OFF)
    if b"fsck error" in said or (b"index-pack failed" in said and not is_cut):
        return InvalidError.of(*UNSAFE)
    return _of_the_way(source, said)


def _of_the_way(source: Destination | Path, said: bytes) -> ApplianceError:
    """What is wrong between us and the source."""
    if isinstance(source, Destination) and any(words in said for words in OF_TLS):
        try:
            insist_on_certificate(source)
        except UnavailableError as error:
            return error
    words = next((words for marks, words in WAYS if any(mark in said for mark in marks)), UNREAD)
    return UnavailableError(words)
