"""Policies about what files contain: a catalogue of small checks, and when they are asked.

Pure: bytes in, findings out. A rule of rulesets names the policies; `services/policies.py` reads
the files and has them looked at.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from appliance.domain.codeowners import any_fits
from appliance.errors import sentence
from appliance.late import Late

if TYPE_CHECKING:
    import yaml
else:
    yaml = Late("yaml")


class Moment(StrEnum):
    """When policies are asked."""

    PRE_COMMIT = "pre_commit"
    """Before a branch gets what the appliance commits for somebody: in the portal, by the API."""
    PRE_PUSH = "pre_push"
    """Before a push comes in."""
    POST_COMMIT = "post_commit"
    """After a branch has moved, however it did: nothing is refused, a check run says what is so."""


BEFORE = frozenset({Moment.PRE_COMMIT, Moment.PRE_PUSH})
"""When a rule asks that does not say."""


class Policy(StrEnum):
    """What files are looked at for."""

    CONFLICT_MARKERS = "conflict_markers"
    LINE_ENDINGS = "line_endings"
    PRIVATE_KEYS = "private_keys"
    VALID_SYNTAX = "valid_syntax"


IN_EACH_COMMIT = frozenset({Policy.PRIVATE_KEYS})
"""Of the others only what the last commit leaves counts: what was mended in between is mended."""


@dataclass(frozen=True)
class PolicyFinding:
    """What a policy has found in a file."""

    policy: Policy
    path: bytes
    line: int = 1


MARKER = re.compile(rb"^(<{7}|>{7})( |$)", re.MULTILINE)
PRIVATE = re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)
BINARY_WITHIN = 8000
"""Source: git, `buffer_is_binary`."""
WITH_COMMENTS = re.compile(
    rb"(^|/)(tsconfig[^/]*|jsconfig[^/]*|devcontainer)\.json$|(^|/)\.vscode/"
)
"""Called JSON, and read by programs that take comments in it."""


def look(policies: Iterable[Policy], path: bytes, content: bytes) -> tuple[PolicyFinding, ...]:
    """What policies find in a file; nothing in what is no text."""
    if b"\0" in content[:BINARY_WITHIN]:
        return ()
    found = ((policy, _LOOKS[policy](path, content)) for policy in sorted(policies))
    return tuple(PolicyFinding(policy, path, line) for policy, line in found if line is not None)


def said(finding: PolicyFinding) -> str:
    """A finding as a sentence, with the way out."""
    return _SENTENCES[finding.policy](
        {"path": finding.path.decode("utf-8", "replace")[:200], "line": finding.line}
    )


def _conflict(path: bytes, content: bytes) -> int | None:
    del path
    starts = [match for match in MARKER.finditer(content) if match[1].startswith(b"<")]
    ends = [match for match in MARKER.finditer(content) if match[1].startswith(b">")]
    if not starts or not ends or ends[-1].start() < starts[0].start():
        return None
    return _line(content, starts[0].start())


def _endings(path: bytes, content: bytes) -> int | None:
    del path
    with_return = content.count(b"\r\n")
    if not with_return or with_return == content.count(b"\n"):
        return None
    return _line(content, content.index(b"\r\n"))


def _private(path: bytes, content: bytes) -> int | None:
    del path
    found = PRIVATE.search(content)
    return None if found is None else _line(content, found.start())


def _syntax(path: bytes, content: bytes) -> int | None:
    name = path.lower()
    for ending, check in _SYNTAX.items():
        if name.endswith(ending) and WITH_COMMENTS.search(name) is None:
            return check(content)
    return None


def _json(content: bytes) -> int | None:
    try:
        json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        return error.lineno
    except (UnicodeDecodeError, RecursionError):
        return 1
    return None


def _toml(content: bytes) -> int | None:
    try:
        tomllib.loads(content.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        return int(found[1]) if found else 1
    except (UnicodeDecodeError, RecursionError):
        return 1
    return None


def _yaml(content: bytes) -> int | None:
    """Only as far as its events: nothing is made of them, so no alias grows."""
    try:
        for _event in yaml.parse(content, Loader=yaml.CSafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.line + 1 if error.problem_mark else 1
    except yaml.YAMLError:
        return 1
    return None


def _line(content: bytes, at: int) -> int:
    return content.count(b"\n", 0, at) + 1


_SYNTAX: dict[bytes, Callable[[bytes], int | None]] = {
    b".json": _json,
    b".toml": _toml,
    b".yaml": _yaml,
    b".yml": _yaml,
}
_LOOKS: dict[Policy, Callable[[bytes, bytes], int | None]] = {
    Policy.CONFLICT_MARKERS: _conflict,
    Policy.LINE_ENDINGS: _endings,
    Policy.PRIVATE_KEYS: _private,
    Policy.VALID_SYNTAX: _syntax,
}
_SENTENCES: dict[Policy, Callable[[dict[str, object]], str]] = {
    Policy.CONFLICT_MARKERS: lambda at: sentence(
        "%(path)s has conflict markers in line %(line)s. Resolve the conflict and commit again.",
        **at,
    ),
    Policy.LINE_ENDINGS: lambda at: sentence(
        "%(path)s mixes line endings: line %(line)s ends with CRLF, others with LF. Choose one.",
        **at,
    ),
    Policy.PRIVATE_KEYS: lambda at: sentence(
        "%(path)s contains a private key in line %(line)s. Replace the key, and remove it "
        "from all commits.",
        **at,
    ),
    Policy.VALID_SYNTAX: lambda at: sentence("%(path)s is not valid: see line %(line)s.", **at),
}


def counting(
    findings: Iterable[PolicyFinding], policies: frozenset[Policy], exempt: tuple[str, ...]
) -> list[PolicyFinding]:
    """Those of some policies, each path and policy once, but for files that some patterns name."""
    found = {(each.policy, each.path): each for each in findings if each.policy in policies}
    left_out = set(any_fits(exempt, {path for _policy, path in found}))
    return [each for each in found.values() if each.path not in left_out]
