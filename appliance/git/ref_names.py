"""What a branch or a tag may be called.

Source: git check-ref-format(1); on top of it, names that people could take for something else.
"""

from __future__ import annotations

import re

from appliance.errors import InvalidError, sentence
from appliance.git import limits

BRANCHES = b"refs/heads/"
TAGS = b"refs/tags/"

FORBIDDEN = re.compile(rb"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
OBJECT_ID = re.compile(rb"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")


def is_valid(name: bytes) -> bool:
    """Whether git takes this as a whole ref name, such as `refs/heads/main`."""
    if not name or name == b"@" or name.endswith((b".", b"/")) or name.startswith(b"/"):
        return False
    if FORBIDDEN.search(name):
        return False
    return not any(part.startswith(b".") or part.endswith(b".lock") for part in name.split(b"/"))


def check_branch(name: bytes) -> bytes:
    """The whole ref name of a branch to be called `name`.

    Errors:
        InvalidError: git or a reader would stumble over it.
    """
    return _check(BRANCHES, name, sentence("branch"))


def check_tag(name: bytes) -> bytes:
    """The whole ref name of a tag to be called `name`.

    Errors:
        InvalidError: git or a reader would stumble over it.
    """
    return _check(TAGS, name, sentence("tag"))


def _check(prefix: bytes, name: bytes, noun: str) -> bytes:
    if len(name) > limits.REF_BYTES:
        raise InvalidError.of(
            "name",
            sentence(
                "A %(noun)s's name has at most %(ref_bytes)s bytes.",
                noun=noun,
                ref_bytes=limits.REF_BYTES,
            ),
        )
    if not name or not is_valid(prefix + name):
        raise InvalidError.of(
            "name",
            sentence(
                "A %(noun)s's name has no spaces, none of ~^:?*[\\, no '..', '//' or "
                "'@{', and does not end with a dot, a slash or '.lock'.",
                noun=noun,
            ),
        )
    if name.startswith((b"-", b"refs/")) or name == b"HEAD" or OBJECT_ID.fullmatch(name):
        raise InvalidError.of(
            "name",
            sentence(
                "A %(noun)s is not called HEAD, like an object id, or with '-' or "
                "'refs/' in front.",
                noun=noun,
            ),
        )
    return prefix + name
