"""Why a feed is not believed, and what one may come to."""

from __future__ import annotations

from enum import StrEnum

from appliance.errors import InvalidError, Sentence

MIB = 1024 * 1024
LARGEST_ENVELOPE = 4 * MIB
MOST_FILES = 500
MOST_ROOTS = 100
MOST_KEYS = 50
LARGEST_RECORD = 16 * MIB
"""Of one advisory, unpacked. The largest known have some 3 MiB."""


class Why(StrEnum):
    """The reasons to refuse a feed, for programs."""

    MALFORMED = "malformed"
    UNKNOWN_VERSION = "unknown_version"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    ROLLBACK = "rollback"
    TRUNCATED = "truncated"
    ALTERED = "altered"
    TOO_LARGE = "too_large"


class FeedError(InvalidError):
    """The feed is not taken in. `why` is for programs, the message for people."""

    def __init__(self, why: Why, message: Sentence) -> None:
        super().__init__(message)
        self.why = why
