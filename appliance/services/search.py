"""Looks for words in the files, the paths and the history of one repository.

Functions on an `OpenRepository`, which `files.opened` gives to who may read it; none of them needs
a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.git import history as walks
from appliance.git import limits
from appliance.git import search as searches
from appliance.git.history import Wanted
from appliance.git.search import MATCHES_PER_FILE

if TYPE_CHECKING:
    from appliance.git.history import Page
    from appliance.git.search import Matches
    from appliance.git.tree import Paths
    from appliance.services.files import OpenRepository

__all__ = ["MATCHES_PER_FILE", "commits", "content", "files"]


def content(
    repository: OpenRepository,
    commit: str,
    pattern: str,
    *,
    is_expression: bool = False,
    ignore_case: bool = False,
    path: bytes = b"",
    most: int = limits.SEARCH_RESULTS,
) -> Matches:
    """Lines of text files that contain a pattern, or match it as a POSIX extended expression.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the pattern is empty, too long, too costly or no expression.
    """
    return searches.content(
        repository.folder,
        commit,
        pattern,
        is_expression=is_expression,
        ignore_case=ignore_case,
        path=path,
        most=most,
    )


def files(
    repository: OpenRepository, commit: str, query: bytes, *, most: int = limits.SEARCH_RESULTS
) -> Paths:
    """Paths that contain every word of the query, closest first.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the query is empty.
    """
    return searches.files(repository.folder, commit, query, most=most)


def commits(
    repository: OpenRepository,
    start: str,
    words: str,
    *,
    author: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Commits before `start` whose messages contain some words.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the cursor is none of ours.
    """
    wanted = Wanted(message=words, author=author)
    return walks.page(repository.folder, start, wanted, cursor=cursor, limit=limit)
