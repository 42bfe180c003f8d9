"""Which refs a push may name at all, before anybody looks into it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.errors import sentence
from appliance.git.limits import REF_BYTES
from appliance.git.ref_names import BRANCHES, TAGS, is_valid

RESERVED = (b"refs/internal", b"refs/pull", b"refs/queue", b"refs/replace")
"""The appliance's own refs, those of pull requests and of what merge queues test, and those that
would make git read other objects than the ones that are named."""
OBJECT_ID = re.compile(rb"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")
REASONS_SHOWN = 20


def unusable(updates: Sequence[RefUpdate], *, most: int) -> tuple[str, ...]:
    """Why these refs cannot be pushed, in plain sentences; nothing if they can."""
    if not updates:
        return (sentence("The push names no refs."),)
    if len(updates) > most:
        return (
            sentence(
                "The push changes %(number)s refs; at most %(most)s go in one.",
                number=len(updates),
                most=most,
            ),
        )
    found = [reason for each in updates if (reason := _unusable(each)) is not None]
    if len(found) > REASONS_SHOWN:
        return (
            *found[:REASONS_SHOWN],
            sentence("And so with %(number)s more.", number=len(found) - REASONS_SHOWN),
        )
    return tuple(found)


def is_reserved(ref: bytes) -> bool:
    """Whether a ref is none that people push."""
    return any(ref == reserved or ref.startswith(reserved + b"/") for reserved in RESERVED)


def show(ref: bytes) -> str:
    """A ref's name as text; bytes that are no text are escaped."""
    return ref.decode("utf-8", "backslashreplace")


def _unusable(update: RefUpdate) -> str | None:
    ref = update.ref
    if is_reserved(ref):
        return sentence("%(ref)s belongs to the appliance.", ref=show(ref))
    if update.new_oid == NO_OBJECT:
        return None  # What came in under older rules must be removable.
    if not ref.startswith(b"refs/") or not is_valid(ref) or len(ref) > REF_BYTES:
        return sentence("%(ref)s is no name for a ref.", ref=show(ref))
    for prefix in (BRANCHES, TAGS):
        name = ref.removeprefix(prefix)
        if name != ref and (name == b"HEAD" or name.startswith(b"-") or OBJECT_ID.fullmatch(name)):
            return sentence(
                "%(ref)s could be taken for something else. Choose another name.", ref=show(ref)
            )
    return None
