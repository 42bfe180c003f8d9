"""Bringing archives of other systems in: where an import is in its life, and who is who in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

KEPT = timedelta(days=14)
"""So long the files of an import lie here that nobody goes on with."""
MOST_UNFINISHED = 4
"""That one person may have waiting at the same time."""
MOST_KEPT = 12
"""Of one person's that failed or were cancelled: they can go on, so their files lie here."""
LONGEST_FILE_NAME = 255
MOST_PEOPLE = 20_000
MOST_PARTS = 5_000
ODD = re.compile(r"[^A-Za-z0-9._-]+")
COUNTED = ("comments", "reviews", "line_comments", "unplaced", "lost")


class ImportState(StrEnum):
    """Where an import is in its life."""

    WAITING = "waiting"
    READING = "reading"
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PartState(StrEnum):
    """Where a repository of an import is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ArchiveSource(StrEnum):
    """Where an archive comes from."""

    UPLOAD = "upload"
    FOLDER = "folder"


class Found(StrEnum):
    """By what somebody elsewhere was found to be a user here."""

    EMAIL = "email"
    NAME = "name"
    CHOSEN = "chosen"
    NOBODY = "nobody"


AT_WORK = frozenset({ImportState.READING, ImportState.RUNNING})
MAY_START = frozenset({ImportState.READY, ImportState.FAILED, ImportState.CANCELLED})
ENDED = frozenset({ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED})


def everybody(
    people: Mapping[str, tuple[str, ...]], said: Mapping[str, int], *, most: int = MOST_PEOPLE
) -> dict[str, tuple[str, ...]]:
    """Who is in an archive: its users, and as many as fit of those who only speak in it, the most
    talkative first.
    """
    others = sorted(said.keys() - people.keys(), key=lambda each: (-said[each], each))
    return {**people, **dict.fromkeys(others[: max(0, most - len(people))], ())}


@dataclass(frozen=True)
class Somebody:
    """A person of an archive, and which user that is here, if anybody."""

    there: str
    addresses: tuple[str, ...]
    user: str = ""
    found: Found = Found.NOBODY
    said: int = 0
    """How often they say or do something in it."""


def matched(
    people: Mapping[str, Iterable[str]],
    emails: Mapping[str, str],
    names: Mapping[str, str],
    said: Mapping[str, int],
) -> list[Somebody]:
    """Who is who: by an address before a name. The keys of `emails` and `names` are folded. First
    come those who say the most.
    """
    found = []
    for there, addresses in sorted(people.items()):
        own = tuple(addresses)
        by_email = next((emails[each.lower()] for each in own if each.lower() in emails), "")
        by_name = names.get(there.lower(), "")
        how = Found.EMAIL if by_email else Found.NAME if by_name else Found.NOBODY
        user = by_email or by_name
        found.append(Somebody(there, own, user, how, said.get(there, 0)))
    return sorted(found, key=lambda each: -each.said)


def suggested_name(there: str) -> str:
    """What a repository can be called here: as there, without what no name may have."""
    return ODD.sub("-", there.rpartition("/")[2]).strip("-.")[:100] or "repository"
