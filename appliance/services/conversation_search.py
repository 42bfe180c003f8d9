"""Issues and pull requests, wherever one may read them, as a search finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import visible_conversations
from appliance.db import paging
from appliance.db.conversations import Conversation
from appliance.db.repositories import Repository
from appliance.domain.issue_query import Sort
from appliance.domain.names import fold
from appliance.services import conversation_lists
from appliance.services.conversation_lists import Listed

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.conversations import ConversationKind
    from appliance.domain.issue_query import Query

ORDERS: dict[Sort, tuple[Any, ...]] = {
    Sort.CREATED: (Conversation.created_at, Conversation.id),
    Sort.UPDATED: (Conversation.updated_at, Conversation.id),
    Sort.COMMENTS: (Conversation.comment_count, Conversation.id),
}


@dataclass(frozen=True)
class Found:
    """An issue or a pull request, and the repository it is in."""

    path: str
    listed: Listed


def found(
    work: UnitOfWork,
    query: Query,
    *,
    kind: ConversationKind,
    owner: str = "",
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Found]:
    """Those that a search finds, in its order. `owner` narrows it to their repositories.

    Errors:
        InvalidError: the place in the list is none, or this is asked in one repository only.
    """
    readable = visible_conversations.conversations(work).where(Conversation.kind == kind)
    if owner:
        theirs = sa.select(Repository.id).where(sa.func.lower(Repository.owner_name) == fold(owner))
        readable = readable.where(Conversation.repository_id.in_(theirs))
    page = paging.page(
        work.session,
        conversation_lists.narrowed(work, readable, query),
        *ORDERS[query.sort],
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=not query.is_rising,
    )
    paths = _paths(work, page.items)
    shown = conversation_lists.presented(work, page.items)
    return paging.Page(
        [Found(paths[each.conversation.repository_id], each) for each in shown], page.next
    )


def _paths(work: UnitOfWork, rows: list[Conversation]) -> dict[Any, str]:
    ids = {each.repository_id for each in rows}
    there = work.session.scalars(sa.select(Repository).where(Repository.id.in_(ids)))
    return {each.id: each.path for each in there}
