"""Patterns that an organisation writes itself: tried before use, and refused with a reason.

Both engines take only what is linear in the text, so a pattern can be wrong but never slow. What is
tried here is that it is an expression at all, that it finds what it is meant to find and nothing of
what it must not, and that ordinary source code is not full of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.errors import InvalidError, sentence
from appliance.scanning.secrets import rule_shapes
from appliance.scanning.secrets.matching import HyperscanTriggers
from appliance.scanning.secrets.rules import ANY_KEYWORD, Lane, Rule, Ruleset, Severity
from appliance.scanning.secrets.scanner import SecretScanner

LONGEST_PATTERN = 500
LONGEST_EXAMPLE = 2000
MOST_EXAMPLES = 20
REACH_BYTES = 1000
MOST_IN_ORDINARY_CODE = 3

ORDINARY_CODE = b"""\
# What every repository is full of, so that a pattern that finds it finds everything.
import os, sys
def total(items, price=1.5, name="orders", token=None):
    return sum(item.price * item.count for item in items if item.name == "apple")
class Order(Base):
    identifier = Column(String(64), primary_key=True)
    created_at = "2024-01-31T12:00:00Z"; version = "1.22.333"
<div class="row"><a href="https://www.w3.org/2000/svg?x=1&amp;y=2">Read more about it</a></div>
{"name": "left-pad", "version": "1.3.0", "license": "MIT", "private": true, "count": 12345}
const result = await fetch(`/api/v1/orders/${id}`, { method: "POST", headers });
SELECT id, name FROM orders WHERE created_at > '2024-01-01' AND total >= 100 ORDER BY name;
commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 0f3ad1c2-77aa-4be0-9b1c-2f4f3c1e8a55
The quick brown fox jumps over the lazy dog 0123456789. Lorem ipsum dolor sit amet.
"""


@dataclass(frozen=True)
class OwnPattern:
    """What somebody wrote, and by which examples it is tried."""

    name: str
    expression: str
    matches: Sequence[str]
    refuses: Sequence[str] = ()
    lane: Lane = Lane.REVIEW
    entropy: float = 0.0


def rule(own: OwnPattern, *, organisation: str) -> Rule:
    """A rule that can be used beside those that come with the appliance.

    Errors:
        InvalidError: it is no expression, finds not what it should, or finds too much.
    """
    made = _made(own, organisation)
    scanner = SecretScanner(Ruleset((made,)))
    for example in own.matches:
        if not scanner.scan(example.encode()).findings:
            raise _refused(sentence("It does not find %(text)s.", text=_shown(example)))
    for example in own.refuses:
        if scanner.scan(example.encode()).findings:
            raise _refused(sentence("It finds %(text)s, which it must not.", text=_shown(example)))
    if len(scanner.scan(ORDINARY_CODE).findings) > MOST_IN_ORDINARY_CODE:
        raise _refused(sentence("It finds too much in ordinary code."))
    return made


def _made(own: OwnPattern, organisation: str) -> Rule:
    if not own.matches or len(own.matches) + len(own.refuses) > MOST_EXAMPLES:
        raise _refused(sentence("Give 1 to %(most)s examples.", most=MOST_EXAMPLES))
    if any(len(example) > LONGEST_EXAMPLE for example in (*own.matches, *own.refuses)):
        raise _refused(
            sentence("An example has at most %(most)s characters.", most=LONGEST_EXAMPLE)
        )
    if not 0 < len(own.expression) <= LONGEST_PATTERN:
        raise _refused(sentence("A pattern has 1 to %(most)s characters.", most=LONGEST_PATTERN))
    try:
        pattern = rule_shapes.expression(own.expression)
        reach = min(rule_shapes.longest(pattern) or REACH_BYTES, REACH_BYTES)
    except (rule_shapes.ShapeError, ValueError, RecursionError, OverflowError) as error:
        raise _refused(
            sentence(
                "%(pattern)s is not a valid regular expression (RE2).", pattern=own.expression[:100]
            )
        ) from error
    made = Rule(
        id=f"own-{organisation}-{own.name}",
        title=own.name,
        provider=organisation,
        cure="",
        lane=own.lane,
        severity=Severity.HIGH,
        pattern=pattern,
        keywords=(ANY_KEYWORD,),
        reach_bytes=max(reach, 1),
        trigger=rule_shapes.trigger(pattern),
        entropy=own.entropy,
    )
    _insist_on_both_engines(made)
    return made


def _insist_on_both_engines(made: Rule) -> None:
    try:
        hyperscan = importlib.import_module("hyperscan")
    except ImportError:
        return
    try:
        HyperscanTriggers([made], hyperscan)
    except hyperscan.error as error:
        raise _refused(
            sentence("The scanner does not take this pattern: %(why)s", why=str(error)[:200])
        ) from error


def _refused(message: str) -> InvalidError:
    return InvalidError.of("pattern", message)


def _shown(example: str) -> str:
    return example[:60]
