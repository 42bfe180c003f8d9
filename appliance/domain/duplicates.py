"""Words about files that are nearly the same."""

from __future__ import annotations

from enum import StrEnum

LEAST_SIMILARITY = 0.7
"""What is less alike is not looked for."""
USUAL_SIMILARITY = 0.8


class LeftOut(StrEnum):
    """Why a file is compared with no other."""

    TOO_SHORT = "too_short"
    BINARY = "binary"
    TOO_LARGE = "too_large"
    TOO_MANY_FILES = "too_many_files"
    """Its repository has more than are compared."""
