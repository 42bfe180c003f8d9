"""Turns the way a git program ended into the error that says it best, without git's own words."""

from __future__ import annotations

import re

from appliance.errors import NO_ROOM, ApplianceError, DamagedError, UnavailableError

# What git says when objects, packs or refs cannot be read. In git's own words, hence with LC_ALL=C.
DAMAGE = (
    b"not a git repository",
    b"bad object",
    b"bad tree object",
    b"corrupt",
    b"could not parse",
    b"unable to parse",
    b"unable to read",
    b"unable to find",
    b"error: could not read",  # And not "fatal: could not read Username".
    b"error: cannot read",
    b"error: invalid object",
    b"missing blob",
    b"missing tree",
    b"missing commit",
    b"inflate",
    b"error: packfile",
    b"failed to read object",
    b"failed to unpack tree",
    b"is not a valid object",
    b"bad config",
    b"unable to normalize alternate",
)

MALFORMED = re.compile(
    rb"^(fatal|malformed request): ("
    rb"(git upload-pack: )?(protocol error|expected SHA1 object)"
    rb"|unknown capability|invalid command|no command requested|unexpected line|expected flush"
    rb"|command '.*' requested after|(error: unsupported|unknown|mismatched) object format"
    rb"|[Ii]nvalid (deepen|shallow)|the (remote end hung up unexpectedly|request )"
    rb")",
    re.MULTILINE,
)
"""What git, or `duplex`, says of a request that is not in the form of git's protocol.
Source: git's pkt-line.c, serve.c, upload-pack.c, receive-pack.c."""

FULL = b"no space left on device"


class GitFailedError(ApplianceError):
    """Git gave up for a reason we do not know. What it said is in `complaint`, for logs only."""

    def __init__(self, message: str, *, status: int, complaint: bytes) -> None:
        super().__init__(message)
        self.status = status
        self.complaint = complaint


def is_malformed(complaint: bytes) -> bool:
    """Whether a transfer failed for what the client sent, and for nothing that is ours."""
    return MALFORMED.search(complaint) is not None


def check(status: int, complaint: bytes) -> None:
    """Raise the most exact error for the way a git program ended; nothing for status 0.

    Errors:
        DamagedError: git could not read the repository.
        UnavailableError: the disk is full.
        GitFailedError: anything else.
    """
    if status == 0:
        return
    lowered = complaint.lower()
    if FULL in lowered:
        raise UnavailableError(NO_ROOM)
    if any(words in lowered for words in DAMAGE):
        raise DamagedError(
            "Part of this repository cannot be read. An administrator can repair it."
        )
    raise GitFailedError("Git could not do that.", status=status, complaint=complaint)
