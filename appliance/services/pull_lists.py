"""Which pull requests a repository has, as a search finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.access import fetch_pulls
from appliance.db import paging, pull_rows
from appliance.domain.conversations import ConversationKind
from appliance.domain.issue_query import OPEN
from appliance.services import conversation_lists, pull_facts
from appliance.services.conversation_lists import Counts, Listed
from appliance.services.pull_facts import PullFacts

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.issue_query import Query

KIND = ConversationKind.PULL_REQUEST


@dataclass(frozen=True)
class ListedPull:
    """A pull request in a list."""

    listed: Listed
    facts: PullFacts


def listed(
    work: UnitOfWork,
    path: str,
    query: Query = OPEN,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[ListedPull]:
    """The pull requests of a repository that a search finds, in its order.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
        InvalidError: the place in the list is none.
    """
    fetch_pulls.home(work, path)
    page = conversation_lists.listed(work, path, query, kind=KIND, after=after, limit=limit)
    numbers = {each.conversation.id: each.conversation.number for each in page.items}
    rows = pull_rows.pulls_of(work.session, numbers)
    facts = pull_facts.of_pulls(work, [(numbers[key], row) for key, row in rows.items()])
    return paging.Page(
        [ListedPull(each, facts[each.conversation.id]) for each in page.items], page.next
    )


def counted(work: UnitOfWork, path: str, query: Query = OPEN) -> Counts:
    """How many a search finds, open and closed.

    Errors:
        HiddenError, MovedError: as for `listed`.
    """
    fetch_pulls.home(work, path)
    return conversation_lists.counted(work, path, query, kind=KIND)
