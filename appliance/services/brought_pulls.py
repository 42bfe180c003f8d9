"""Pull requests that come from elsewhere: what Git has of their commits, and what was said of them.

plan      may they; where the repository's content is
look      what Git has of their commits; without those they come as issues
Writer    the rows, in the transaction that brings their conversations
keep      refs that follow from the rows; safe to repeat

Only `plan` and `Writer` need a transaction. What was approved elsewhere is shown, and counts for
nothing here while the pull request is not merged: it was not said here. What was asked for does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access import fetch
from appliance.db import pull_rows, said_words_index
from appliance.db.conversations import Conversation, TimelineEntry
from appliance.db.pulls import PatchSet, PullRequest
from appliance.db.reviews import Review, ReviewComment, ReviewThread
from appliance.domain.brought import Judged, Place, Pull, Talk, Thread, heads
from appliance.domain.conversations import Happening
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.pull_requests import LARGEST_LINE, MergeState, Shift, Verdict
from appliance.errors import NotFoundError
from appliance.git import merged_commits, pull_refs, refs
from appliance.git.handles import Kind, opened
from appliance.git.ref_names import BRANCHES
from appliance.services.brought_authors import Authors, moment
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.db.repositories import Repository
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.storage import RepositoryStore

BY_GIT = "git"
ELSEWHERE = "It was given elsewhere, before this came here."
Happened = list[tuple[datetime, TimelineEntry]]
"""What stands in a timeline, with when it was."""


@dataclass(frozen=True)
class Commits:
    """What Git has of a pull request: its patch sets as heads and bases, and its merge."""

    sets: tuple[tuple[str, str], ...]
    target: str
    """Where its target was, as far as anybody knows."""
    merged_as: str = ""


def plan(work: UnitOfWork, path: str, *, repositories: RepositoryStore) -> Path:
    """Where the repository's content is, for who may bring something in.

    Errors:
        HiddenError, RefusedError: the actor is no owner.
        UnavailableError, ConflictError: its content is not there.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_TRANSFER)
    return ready_folder(repository, repositories)


def look(folder: Path, talks: Iterable[Talk]) -> dict[int, Commits]:
    """What Git has of their commits, by number: nothing of those whose head is not there.

    Errors:
        DamagedError, TimeoutExceededError: the history cannot be read, or not in time.
    """
    found = {each.number: _look(folder, each.pull) for each in talks if each.pull is not None}
    return {number: commits for number, commits in found.items() if commits is not None}


def keep(folder: Path, found: Mapping[int, Commits]) -> None:
    """Let refs keep their patch sets.

    Errors:
        DamagedError: they cannot be written.
    """
    for number, commits in found.items():
        sets = {place: head for place, (head, _) in enumerate(commits.sets, start=1)}
        pull_refs.keep(folder, number, sets)


class Writer:
    """Writes down one pull request. Its state is how much was said of it."""

    def __init__(self, work: UnitOfWork, authors: Authors, repository: Repository) -> None:
        self._work, self._authors, self._repository = work, authors, repository
        self._sets: dict[str, int] = {}
        """By their heads, the numbers of its patch sets."""
        self.reviews = self.comments = self.unplaced = 0

    def write(self, made: Conversation, pull: Pull, commits: Commits) -> Happened:
        """Write down all that it has beside its conversation; gives what happened to it."""
        self._sets = {head: place for place, (head, _) in enumerate(commits.sets, start=1)}
        self._rows(made, pull, commits)
        for thread in pull.threads:
            self._thread(made, thread)
        happened = [self._review(made, pull, each) for each in pull.reviews]
        return [*happened, *self._end(made, pull, commits)]

    def _rows(self, made: Conversation, pull: Pull, commits: Commits) -> None:
        session, home = self._work.session, self._repository.id
        source = pull.source.encode("utf-8", "surrogateescape")
        is_there = pull_rows.ledger_oid(session, home, BRANCHES + source) is not None
        is_ours = not pull.is_from_fork and (is_there or not made.is_open)
        merged_at = moment(pull.merged_at) if pull.merged_at else None
        row = PullRequest(
            id=made.id,
            repository_id=home,
            target_branch=pull.target.encode("utf-8", "surrogateescape"),
            source_repository_id=home if is_ours else None,
            source_branch=source,
            head_oid=commits.sets[-1][0],
            patch_sets_numbered=len(commits.sets),
            is_draft=pull.is_draft and not merged_at,
            merge_state=MergeState.NOTHING if merged_at else MergeState.UNKNOWN,
        )
        if merged_at:
            row.merged_at, row.merged_by_id = merged_at, self._authors.user(pull.merged_by)
            row.merged_as, row.merged_onto = commits.merged_as, commits.target
        session.add(row)
        session.flush()  # What belongs to it refers to its id.
        for number, (head, base) in enumerate(commits.sets, start=1):
            session.add(
                PatchSet(
                    pull_id=made.id,
                    number=number,
                    head_oid=head,
                    base_oid=base,
                    target_oid=commits.target,
                    shift=Shift.FIRST if number == 1 else Shift.REWRITTEN,
                    pushed_by_id=made.author_id,
                    created_at=made.created_at,
                )
            )

    def _thread(self, made: Conversation, thread: Thread) -> None:
        place = next((each for each in thread.places if each.commit in self._sets), None)
        if place is None:
            place = Place("", thread.places[0].path)
            self.unplaced += 1
        session, is_line = self._work.session, 1 <= (place.end or 0) <= LARGEST_LINE
        row = ReviewThread(
            id=new_id(),
            pull_id=made.id,
            patch_set=self._sets.get(place.commit, len(self._sets)),
            path=place.path.encode("utf-8", "surrogateescape"),
            side=place.side,
            start_line=min(max(place.start or 1, 1), place.end or 1) if is_line else None,
            end_line=place.end if is_line else None,
            resolved_at=moment(thread.comments[-1].created_at) if thread.is_resolved else None,
        )
        session.add(row)
        session.flush()  # What is said in it refers to it.
        for said in thread.comments:
            comment = ReviewComment(
                id=new_id(),
                thread_id=row.id,
                author_id=self._authors.user(said.author),
                body=self._authors.signed(said.author, said.body, said.created_at),
                created_at=moment(said.created_at),
            )
            session.add(comment)
            said_words_index.add(session, made.id, comment.id, comment.body)
            self.comments += 1

    def _review(
        self, made: Conversation, pull: Pull, said: Judged
    ) -> tuple[datetime, TimelineEntry]:
        at, session = moment(said.submitted_at), self._work.session
        number = self._sets.get(said.head, len(self._sets))
        counts_no_more = said.is_dismissed or (
            said.verdict is Verdict.APPROVE and not pull.merged_at
        )
        row = Review(
            id=new_id(),
            pull_id=made.id,
            author_id=self._authors.user(said.author),
            verdict=said.verdict,
            body=self._authors.signed(said.author, said.body, said.submitted_at),
            patch_set=number,
            head_oid=list(self._sets)[number - 1],
            submitted_at=at,
            dismissed_at=at if counts_no_more else None,
            dismissed_because=ELSEWHERE if counts_no_more else "",
        )
        session.add(row)
        session.flush()  # The timeline tells of it.
        said_words_index.add(session, made.id, row.id, row.body)
        self.reviews += 1
        told: dict[str, str | int] = {"verdict": str(said.verdict), "review": str(row.id)}
        told |= {"patch_set": number, "comments": 0}
        return at, _entry(made, Happening.REVIEWED, row.author_id, at, **told)

    def _end(self, made: Conversation, pull: Pull, commits: Commits) -> Happened:
        """What came of it, if anything did."""
        if pull.merged_at:
            at, by = moment(pull.merged_at), self._authors.user(pull.merged_by)
            told = {"method": BY_GIT, "merged_as": commits.merged_as, "into": pull.target}
            return [(at, _entry(made, Happening.MERGED, by, at, **told))]
        if made.closed_at is None:
            return []
        return [(made.closed_at, _entry(made, Happening.CLOSED, None, made.closed_at))]


def _entry(
    made: Conversation, kind: Happening, actor_id: UUID | None, at: datetime, **details: str | int
) -> TimelineEntry:
    return TimelineEntry(
        conversation_id=made.id,
        kind=kind,
        actor_id=actor_id,
        details=details,
        happened_at=at,
    )


def _look(folder: Path, pull: Pull) -> Commits | None:
    with opened(folder) as handle:
        wanted = [*heads(pull), pull.base, pull.merged_as]
        there = {each for each in wanted if each and _is_commit(handle.header(each))}
    if pull.head not in there:
        return None
    merged_as = pull.merged_as if pull.merged_as in there else ""
    onto = ""
    if merged_as and merged_as != pull.head:
        onto = next(iter(merged_commits.parents(folder, merged_as)), "")
    targets = [onto, pull.base if pull.base in there else "", _tip(folder, pull.target)]
    bases = {
        target: base
        for target in dict.fromkeys(filter(None, targets))
        if (base := pull_refs.base(folder, target, pull.head)) is not None
    }
    if not bases:
        return None
    # A target that has all of it already says nothing of what it was when it was asked for.
    usual = next(iter(bases))
    target = next((each for each, base in bases.items() if base != pull.head), usual)
    sets = [
        (each, pull_refs.base(folder, target, each) or bases[target])
        for each in heads(pull)
        if each in there
    ]
    return Commits(tuple(sets), target, merged_as or pull.head)


def _is_commit(header: tuple[Kind, int] | None) -> bool:
    return header is not None and header[0] is Kind.COMMIT


def _tip(folder: Path, branch: str) -> str:
    try:
        return refs.one(folder, BRANCHES + branch.encode("utf-8", "surrogateescape")).target
    except NotFoundError:
        return ""
