"""Looks for words in the files, the paths and the history of one repository.

Functions on an `OpenRepository`, which `files.opened` gives to who may read it; none of them needs
a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.git import grep as greps
from appliance.git import history as walks
from appliance.git import limits
from appliance.git import search as searches
from appliance.git.grep import Wanted as Expression
from appliance.git.history import Wanted
from appliance.git.limits import GREP_AROUND, GREP_GLOBS
from appliance.git.search import MATCHES_PER_FILE, Match, Matches

if TYPE_CHECKING:
    from appliance.git.grep import Result
    from appliance.git.history import Page
    from appliance.git.tree import Paths
    from appliance.services.files import OpenRepository

__all__ = [
    "GREP_AROUND",
    "GREP_GLOBS",
    "MATCHES_PER_FILE",
    "Expression",
    "commits",
    "content",
    "files",
    "grep",
]


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
    """Lines of text files that contain a pattern, or match it as an expression of RE2.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the pattern is empty, too long, too large or no expression.
    """
    if is_expression:
        wanted = Expression(pattern, ignore_case=ignore_case, path=path)
        found = greps.search(repository.folder, commit, wanted, most=most, field="q")
        lines = (Match(each.path, each.line, each.column, each.content) for each in found.matches)
        return Matches(tuple(lines), found.is_cut)
    return searches.content(
        repository.folder, commit, pattern, ignore_case=ignore_case, path=path, most=most
    )


def grep(
    repository: OpenRepository,
    commit: str,
    wanted: Expression,
    *,
    most: int = limits.SEARCH_RESULTS,
) -> Result:
    """Lines of text files that match an expression, with where in the line and what is around.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the pattern is empty, too long, too large or no expression.
    """
    return greps.search(repository.folder, commit, wanted, most=most)


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
