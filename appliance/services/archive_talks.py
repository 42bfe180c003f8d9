"""What an archive says of conversations, looked at as what any client says: nothing in it is
trusted, neither its types nor its times, numbers and lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from appliance.access.gate import open_to_everyone
from appliance.domain.brought import Pull, Said, Talk, effort, pieces, weight
from appliance.domain.conversations import LARGEST_NUMBER
from appliance.domain.pull_requests import LARGEST_LINE, LONGEST_BRANCH

AT_ONCE = 50
PIECE_BYTES = 1024 * 1024
"""So much text goes into one transaction, at most about: the comments that come after."""
LONGEST_PATH = 4096
COMMIT = re.compile(r"[0-9a-f]{40}\Z")
TALK = TypeAdapter(Talk)

Batch = list[tuple[int, Talk]]


@open_to_everyone(because="it decides nothing; `brought_conversations.bring` asks")
def usable(talks: Iterable[Talk]) -> tuple[list[Talk], list[Any]]:
    """The conversations that make sense, and the numbers of the others."""
    good, bad = list[Talk](), list[Any]()
    for talk in talks:
        try:
            good.append(_checked(TALK.validate_python(plain(asdict(talk)))))
        except (ValidationError, ValueError):
            number: Any = talk.number  # As the archive says it.
            bad.append(number if isinstance(number, int) else 0)
    return good, bad


@open_to_everyone(because="it decides nothing")
def plain(value: Any) -> Any:
    """The same, without what no database takes for text."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain(each) for each in value)
    return value


@open_to_everyone(because="it decides nothing; `brought_conversations.bring` asks")
def batches(talks: Sequence[Talk]) -> Iterator[Batch]:
    """Pieces of conversations, as many as go into one transaction. One pull request goes whole
    with all that was said of its lines, however long that is.
    """
    batch: Batch = []
    size = number = 0
    for talk in talks:
        for first, piece in pieces(talk, most_bytes=PIECE_BYTES):
            more = weight(piece) + sum(len(each.body) for each in piece.comments)
            if batch and (number >= AT_ONCE or size + more > PIECE_BYTES):
                yield batch
                batch, size, number = [], 0, 0
            batch.append((first, piece))
            size, number = size + more, number + effort(piece)
    if batch:
        yield batch


def _checked(talk: Talk) -> Talk:
    if not 1 <= talk.number <= LARGEST_NUMBER:
        raise ValueError("a number")
    _insist_on_times(talk.created_at, talk.updated_at, talk.closed_at)
    _insist_on_said(talk.comments)
    try:
        if talk.pull is not None:
            _insist_on_pull(talk.pull)
    except ValueError:
        return replace(talk, pull=None)  # An issue, which says what it was.
    return talk


def _insist_on_times(needed: str, *others: str | None) -> None:
    for each in (needed, *filter(None, others)):
        moment = datetime.fromisoformat(each)
        if moment.tzinfo is None:
            raise ValueError("a time somewhere")
        try:
            moment.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("a time before all others") from error


def _insist_on_said(comments: Iterable[Said]) -> None:
    for each in comments:
        _insist_on_times(each.created_at)


def _insist_on_pull(pull: Pull) -> None:
    _insist(COMMIT.match(pull.head))
    _insist(0 < len(pull.source.encode()) <= LONGEST_BRANCH)
    _insist(0 < len(pull.target.encode()) <= LONGEST_BRANCH)
    for commit in (pull.base, pull.merged_as, *(each.head for each in pull.reviews)):
        _insist(not commit or COMMIT.match(commit))
    if pull.merged_at:
        _insist_on_times(pull.merged_at)
    for review in pull.reviews:
        _insist_on_times(review.submitted_at)
    for thread in pull.threads:
        _insist_on_said(thread.comments)
        _insist(thread.places and thread.comments)
        for place in thread.places:
            _insist(not place.commit or COMMIT.match(place.commit))
            _insist(0 < len(place.path) <= LONGEST_PATH)
            lines = [each for each in (place.start, place.end) if each is not None]
            _insist(all(1 <= each <= LARGEST_LINE for each in lines))


def _insist(condition: object) -> None:
    if not condition:
        raise ValueError("something else")
