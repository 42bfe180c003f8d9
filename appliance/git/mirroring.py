"""Fetches the branches and tags of another system to a place of their own, and pushes ours there.

What is fetched lies under `refs/internal/mirrors/ID` until the rules for pushes have judged it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from appliance.domain.destinations import Destination
from appliance.domain.mirrors import Step
from appliance.errors import ApplianceError, UnavailableError, sentence
from appliance.git import process, refs
from appliance.git.imports import ImportLimits, Progress, explain, follow, reaching
from appliance.git.ref_names import BRANCHES, TAGS
from appliance.git.remote_source import Credentials
from appliance.git.repository_config import HIDDEN_REFS

KINDS = {b"heads/": BRANCHES, b"tags/": TAGS}
LOOK_SECONDS = 120.0
MOST_BYTES_OF_NAMES = 64 * 1024 * 1024
AT_ONCE = 200
"""So many branches and tags go in one push: their names are arguments of a program."""
NOT_TAKEN = sentence(
    "The other system did not take everything: it has commits that are not here, or a rule of its "
    "own forbids it."
)


def fetch(
    folder: Path,
    source: Destination,
    name: str,
    *,
    credentials: Credentials | None,
    limits: ImportLimits,
    progress: Progress,
) -> dict[bytes, str]:
    """The branches and tags of the source, whose objects are here then.

    Errors:
        InvalidError, UnavailableError, TimeoutExceededError, TooLargeError: as for an import.
    """
    place = f"{HIDDEN_REFS}/mirrors/{name}"
    words = ["fetch", "--progress", "--no-auto-gc", "--no-write-fetch-head", "--no-tags", "--prune"]
    wanted = [f"+refs/{kind}*:{place}/{kind}*" for kind in ("heads/", "tags/")]
    words += ["--", source.url, *wanted]
    deadline, why = time.monotonic() + limits.seconds, partial(explain, source)
    with reaching(source, credentials) as configuration:
        follow(folder, words, configuration, deadline, limits.size_bytes, progress, why)
    start = f"{place}/".encode()
    found = {ref.removeprefix(start): oid for ref, oid in refs.names(folder, start)}
    return {
        whole + ref.removeprefix(kind): oid
        for ref, oid in found.items()
        for kind, whole in KINDS.items()
        if ref.startswith(kind)
    }


def present(folder: Path) -> dict[bytes, str]:
    """Our own branches and tags."""
    return {ref: oid for kind in KINDS.values() for ref, oid in refs.names(folder, kind)}


def remote(target: Destination, folder: Path, credentials: Credentials | None) -> dict[bytes, str]:
    """The branches and tags of another system; nothing is fetched.

    Errors:
        InvalidError, UnavailableError: they cannot be read.
    """
    with reaching(target, credentials) as configuration:
        answer = process.execute(
            ["ls-remote", "--refs", "--heads", "--tags", "--", target.url],
            at=folder,
            configuration=configuration,
            timeout_seconds=LOOK_SECONDS,
            output_bytes=MOST_BYTES_OF_NAMES,
        )
    if answer.status != 0:
        raise explain(target, answer.complaint)
    lines = (line.split(b"\t", 1) for line in answer.output.splitlines())
    return {ref: oid.decode("ascii") for oid, ref in lines}


def is_forward(folder: Path, before: str, after: str) -> bool:
    """Whether a branch that goes from one commit to another loses nothing."""
    answer = process.execute(["merge-base", "--is-ancestor", before, after], at=folder)
    return answer.status == 0


def push(
    folder: Path,
    target: Destination,
    steps: Sequence[Step],
    *,
    credentials: Credentials | None,
    limits: ImportLimits,
    progress: Progress,
) -> None:
    """Make these changes to another system's branches and tags, if they are still as we saw them.

    Errors:
        InvalidError, UnavailableError, TimeoutExceededError: the target does not take it.
    """
    deadline = time.monotonic() + limits.seconds
    for first in range(0, len(steps), AT_ONCE):
        some = steps[first : first + AT_ONCE]
        seen = [f"--force-with-lease={os.fsdecode(each.ref)}:{each.before or ''}" for each in some]
        wanted = [f"{each.after or ''}:{os.fsdecode(each.ref)}" for each in some]
        words = ["push", "--progress", "--no-verify", *seen, "--", target.url, *wanted]
        with reaching(target, credentials) as configuration:
            follow(folder, words, configuration, deadline, 0, progress, partial(_not_taken, target))


def _not_taken(target: Destination, complaint: bytes) -> ApplianceError:
    if b"rejected]" in complaint:
        return UnavailableError(NOT_TAKEN)
    return explain(target, complaint)
