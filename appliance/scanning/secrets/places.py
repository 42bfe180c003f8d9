"""Where something stands: which kind of file, which kind of line."""

from __future__ import annotations

import re

TEST_PATH = re.compile(
    r"(?:^|/)(?:tests?|testing|specs?|__tests__|__mocks__|fixtures?|test[-_]?data|testdata|mocks?|"
    r"examples?|samples?|demos?|e2e|cypress|snapshots?|__snapshots__|golden|cassettes)(?:/|$)|"
    r"(?:^|/)(?:test_[^/]*|[^/]*[._-](?:tests?|spec|mock|fixture|example|sample)\.\w+|conftest\.py)$|"
    r"(?:^|/)[^/]*Tests?\.(?:java|kt|cs|scala|swift|php)$",
    re.IGNORECASE,
)
DOCUMENT = re.compile(
    r"(?:^|/)(?:docs?|documentation|man|wiki|i18n|locales?)/|\.(?:md|markdown|rst|adoc|textile|mdx|html?|ipynb)$|"
    r"(?:^|/)(?:README|CHANGELOG|HISTORY|NEWS)[^/]*$",
    re.IGNORECASE,
)
COMMENT = re.compile(
    r"^\s*(?:#(?!define|include)|//|/\*|\*(?!\w)|--\s|<!--|;|%|rem\s|\"\"\"|''')|\s(?://|#)\s",
    re.IGNORECASE,
)

LONGEST_SIDE_BYTES = 240


def is_test(path: str) -> bool:
    """Whether a file is a test, an example or made for one."""
    return TEST_PATH.search(path) is not None


def is_document(path: str) -> bool:
    """Whether a file is read by people."""
    return DOCUMENT.search(path) is not None


def is_comment(before: str) -> bool:
    """Whether what follows this beginning of a line is a comment."""
    return COMMENT.search(before) is not None


def before(data: bytes, start: int) -> str:
    """The line up to here, or its last part where it is long."""
    begin = max(data.rfind(b"\n", 0, start) + 1, start - LONGEST_SIDE_BYTES)
    return data[begin:start].decode("latin-1")


def after(data: bytes, end: int) -> str:
    """The line from here, or its first part where it is long."""
    stop = data.find(b"\n", end, end + LONGEST_SIDE_BYTES)
    return data[end : stop if stop >= 0 else end + LONGEST_SIDE_BYTES].decode("latin-1")


BASE64_BYTES = 40
BASE64_SIGNS = (b"+", b"/")
IN_BASE64 = re.compile(rb"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[0-9A-Za-z+/]{40}")
"""What stands so far around is base64 of something larger, in which anything comes by chance."""


def is_whole(data: bytes, start: int, end: int) -> bool:
    """Whether what stands there is no part of a longer word."""
    if not _may_begin(data, start) or _goes_on(data, end):
        return False
    before, behind = data[max(0, start - BASE64_BYTES) : start], data[end : end + BASE64_BYTES]
    return not (before[-1:] in BASE64_SIGNS and IN_BASE64.fullmatch(before)) and not (
        behind[:1] in BASE64_SIGNS and IN_BASE64.fullmatch(behind)
    )


def _may_begin(data: bytes, start: int) -> bool:
    if start == 0 or not chr(data[start - 1]).isalnum() or data[start - 1] >= 128:  # noqa: PLR2004 - beyond ASCII.
        return True
    # `\n` in a JSON string, `%3D` in an address, `\x1b[0m` on a terminal end in a letter or digit.
    return ESCAPE_BEFORE.search(data[max(0, start - 8) : start]) is not None


def _goes_on(data: bytes, end: int) -> bool:
    if end >= len(data):
        return False
    following = data[end]
    return following < 128 and (chr(following).isalnum() or following == 0x5F)  # noqa: PLR2004 - beyond ASCII.


ESCAPE_BEFORE = re.compile(
    rb"(?:\\[nrt]|%[0-9A-Fa-f]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\x1b\[[\d;]*m)$"
)
