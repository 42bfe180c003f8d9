"""What commits say that nobody wrote a message for. Source: git's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from appliance.git.made_commits import Original

LISTED = 100
"""Most commits that the message of a squashed one names."""
CO_AUTHORS = 50
TRAILER = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*: .*|\(cherry picked from commit [0-9a-f]+\)")


def merge(source: bytes, target: bytes, *, of: bytes = b"commit") -> bytes:
    """Of a merge commit. Source: git's fmt-merge-msg.c, which does not name main and master.

    `of` says what the source is: a `branch`, a `tag`, or a `commit`.
    """
    into = b"" if target in {b"main", b"master"} else b" into " + target
    return b"Merge %s '%s'%s\n" % (of, source, into)


def squash(commits: Sequence[Original], *, maker: bytes) -> bytes:
    """Of one commit for several: theirs, and who else wrote them; oldest first."""
    if len(commits) == 1:
        body = commits[0].message.rstrip(b"\n") + b"\n"
    else:
        lines = [b"* " + each.subject for each in commits[:LISTED]]
        body = b"Squash %d commits\n\n%s\n" % (len(commits), b"\n".join(lines))
    trailers = [b"Co-authored-by: " + name for name in _others(commits, maker)]
    return body + _gap(body, trailers) + b"".join(line + b"\n" for line in trailers)


def told(commits: Sequence[Original], *, maker: bytes) -> tuple[bytes, bytes]:
    """What commits say beyond the title of a pull request, and lines for who else wrote them."""
    if len(commits) == 1:
        said = commits[0].message.lstrip(b"\n").partition(b"\n\n")[2].strip()
    else:
        said = b"\n".join(b"* " + each.subject for each in commits)
    return said, b"\n".join(b"Co-authored-by: " + name for name in _others(commits, maker))


def picked(original: Original) -> bytes:
    """Of a picked commit, with a line that says which one it was, as `git cherry-pick -x` does."""
    body = original.message.rstrip(b"\n") + b"\n"
    line = b"(cherry picked from commit %s)\n" % original.oid.encode()
    return body + _gap(body, [line]) + line


def reverted(original: Original, mainline: str | None) -> bytes:
    """Of a commit that takes back another; of a merge it says to which parent."""
    oid = original.oid.encode()
    if mainline is None:
        said = b"This reverts commit %s.\n" % oid
    else:
        said = b"This reverts commit %s, reversing\nchanges made to %s.\n" % (
            oid,
            mainline.encode(),
        )
    return b'Revert "%s"\n\n%s' % (original.subject, said)


def _others(commits: Iterable[Original], maker: bytes) -> list[bytes]:
    """Who wrote them, but for who makes the new one: each once, as `Name <address>`."""
    people = {each.author.rpartition(b">")[0] + b">": None for each in commits}
    return [person for person in people if not person.endswith(b"<" + maker + b">")][:CO_AUTHORS]


def _gap(body: bytes, trailers: Sequence[bytes]) -> bytes:
    """An empty line before trailers, unless others end the message already."""
    last = body.rstrip(b"\n").rpartition(b"\n\n")
    ends_with_trailers = bool(last[1]) and all(
        TRAILER.fullmatch(line) for line in last[2].split(b"\n")
    )
    return b"" if ends_with_trailers or not trailers else b"\n"
