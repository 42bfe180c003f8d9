"""Has files looked at by policies: a runner gets contents and gives what it has found.

`RUNNER` is the one that is built in. Another, such as one that starts an organisation's image in a
sandbox, takes its place by keeping to `PolicyRunner`: it is given plain values, is asked while no
transaction is open, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from appliance.domain import policies
from appliance.git import file_contents

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.domain.policies import Policy, PolicyFinding
    from appliance.git.inspect import Quarantine
    from appliance.git.push_contents import ChangedFile

LARGEST_BYTES = 1024 * 1024
"""Larger files are not looked at: nobody writes them by hand."""
MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class PolicyFile:
    """One content of a file that comes in."""

    path: bytes
    content: bytes
    is_last: bool
    """Whether the ref would have it so, and no later commit has changed it again."""


class PolicyRunner(Protocol):
    """Looks at files. It changes nothing, and is told nothing of who brings them."""

    def run(
        self, wanted: frozenset[Policy], files: Iterable[PolicyFile]
    ) -> Iterable[PolicyFinding]:
        """What policies find."""
        ...


class BuiltIn:
    """Looks at files in this process."""

    def run(
        self, wanted: frozenset[Policy], files: Iterable[PolicyFile]
    ) -> Iterable[PolicyFinding]:
        """What policies find."""
        for each in files:
            asked = wanted if each.is_last else wanted & policies.IN_EACH_COMMIT
            yield from policies.look(asked, each.path, each.content)


RUNNER: PolicyRunner = BuiltIn()


@dataclass(frozen=True)
class Found:
    """What came of looking."""

    findings: tuple[PolicyFinding, ...] = ()
    is_too_much: bool = False


def looked(
    folder: Path,
    quarantine: Quarantine | None,
    commit: str,
    files: Iterable[ChangedFile],
    wanted: frozenset[Policy],
) -> Found:
    """What policies find in the files that a ref gets when it comes to name `commit`.

    Errors:
        TimeoutExceededError, DamagedError: they cannot be read, or not in time.
    """
    small = [
        each for each in files if each.size_bytes is not None and each.size_bytes <= LARGEST_BYTES
    ]
    sizes = {each.blob: each.size_bytes or 0 for each in small}
    if sum(sizes.values()) > MOST_BYTES:
        return Found(is_too_much=True)
    standing = file_contents.standing(folder, quarantine, commit, small)
    paths: dict[str, set[bytes]] = {}
    for each in small:
        paths.setdefault(each.blob, set()).add(each.path)
    given = (
        PolicyFile(path, content, (path, blob) in standing)
        for blob, content in file_contents.read(folder, quarantine, sizes)
        for path in sorted(paths[blob])
    )
    return Found(tuple(RUNNER.run(wanted, given)))
