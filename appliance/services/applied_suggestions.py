"""Applying what reviewers suggest: several suggestions become one commit on the source branch.

chosen   what the comments suggest, and where their lines are now; needs no transaction
draft    the commit, if nothing of it has changed meanwhile
note     which comments were applied by which commit (`review_threads.note_applied`)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.pull_requests import Side
from appliance.domain.suggestions import Edit, suggested
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.git import following, suggested_changes
from appliance.git.following import Anchor
from appliance.services import ref_updates

if TYPE_CHECKING:
    from appliance.services.pull_facts import PatchSetFacts, PullFacts
    from appliance.services.ref_updates import Plan, Written
    from appliance.services.review_facts import ThreadFacts

SUBJECT = "Apply suggestions from review"
MOST = 100


@dataclass(frozen=True)
class Chosen:
    """What is to be applied: the edits of each file, and whose comments they are."""

    edits: dict[bytes, list[Edit]]
    comments: tuple[UUID, ...]
    authors: tuple[str, ...]


def chosen(
    folder: Path,
    facts: PullFacts,
    sets: Sequence[PatchSetFacts],
    threads: Sequence[ThreadFacts],
    wanted: Collection[UUID],
) -> Chosen:
    """What these comments suggest, at the lines where their threads are now.

    Errors:
        InvalidError: nothing was chosen, too much, or what suggests nothing.
        ConflictError: lines have changed since, or it was applied already.
    """
    found = [(thread, each) for thread in threads for each in thread.comments if each.id in wanted]
    if not found or len(found) != len(set(wanted)) or len(found) > MOST:
        raise InvalidError.of("chosen", sentence("Select comments with suggestions."))
    heads = {each.number: each.head for each in sets}
    edits: dict[bytes, list[Edit]] = {}
    for thread, comment in found:
        if comment.applied_as:
            raise ConflictError(sentence("This suggestion was already applied."))
        at = _now(folder, heads[thread.anchor.patch_set], facts.head, thread)
        for text in suggested(comment.body)[:1]:
            edits.setdefault(at.path, []).append(Edit(at.first, at.last, text))
    if sum(map(len, edits.values())) != len(found):
        raise InvalidError.of("chosen", sentence("Select comments with suggestions."))
    return Chosen(
        edits,
        tuple(comment.id for _, comment in found),
        tuple(dict.fromkeys(comment.author for _, comment in found if comment.author)),
    )


def draft(plan: Plan, facts: PullFacts, what: Chosen) -> Written:
    """The commit on the source branch.

    Errors:
        PreconditionError: the branch has moved. ConflictError: two are about the same line.
    """
    trailers = "".join(f"Suggested-by: {name}\n" for name in what.authors)
    return ref_updates.draft_files(
        plan,
        facts.source_branch,
        suggested_changes.changes(plan.terms.folder, facts.head, what.edits),
        message=f"{SUBJECT}\n\n{trailers}".encode(),
        expected_head=facts.head,
    )


def _now(folder: Path, then: str, head: str, thread: ThreadFacts) -> Anchor:
    anchor = thread.anchor
    if anchor.side is Side.OLD or anchor.start_line is None or anchor.end_line is None:
        raise InvalidError.of("chosen", sentence("Only new lines can be replaced."))
    wanted = Anchor(anchor.path, anchor.start_line, anchor.end_line)
    (found,) = following.follow(folder, then, head, [wanted])
    if found is None:
        raise ConflictError(sentence("The lines of a suggestion have changed since."))
    return found
