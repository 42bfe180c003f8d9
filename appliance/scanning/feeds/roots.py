"""Whose signatures count: a root names the keys, and how many of them must sign.

A new root is signed by enough keys of the one before and by enough of its own, so that keys can be
exchanged without asking every appliance. Roots are numbered, and none is skipped.

Source: The Update Framework 1.0, section 5.3, without its roles for online keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.errors import sentence
from appliance.scanning import records
from appliance.scanning.feeds import fields
from appliance.scanning.feeds.refusal import MOST_KEYS, FeedError, Why
from appliance.security import envelopes
from appliance.security.envelopes import Envelope, EnvelopeError

TYPE = "application/vnd.codara.feed-root+json"
VERSION = 1


@dataclass(frozen=True)
class Root:
    """Keys, and how many of them must sign a feed."""

    number: int
    threshold: int
    keys: tuple[bytes, ...]
    made_at: datetime
    expires_at: datetime


def write(root: Root) -> Envelope:
    """A root that nobody has signed yet."""
    row = {
        "version": VERSION,
        "number": root.number,
        "threshold": root.threshold,
        "keys": [envelopes.spelt(each) for each in root.keys],
        "made_at": fields.spelt(root.made_at),
        "expires_at": fields.spelt(root.expires_at),
    }
    return Envelope(TYPE, json.dumps(row, indent=1).encode())


def read(envelope: Envelope) -> Root:
    """What a root says. Whether it is to be believed is not asked here.

    Errors:
        FeedError: it is none, or contradicts itself.
    """
    row = fields.opened(envelope, TYPE, VERSION)
    try:
        return _read(row)
    except (records.RecordError, EnvelopeError) as error:
        field = error.field if isinstance(error, records.RecordError) else "keys"
        raise fields.malformed(field) from error


def _read(row: Mapping[str, Any]) -> Root:
    keys = tuple(dict.fromkeys(map(envelopes.parse_public, records.texts(row, "keys", MOST_KEYS))))
    threshold = fields.number(row, "threshold", least=1)
    if threshold > len(keys):
        raise records.RecordError("threshold")
    return Root(
        number=fields.number(row, "number", least=1),
        threshold=threshold,
        keys=keys,
        made_at=fields.moment(row, "made_at"),
        expires_at=fields.moment(row, "expires_at"),
    )


def is_signed_by(envelope: Envelope, root: Root) -> bool:
    """Whether enough of a root's keys signed something."""
    return len(envelopes.signers(envelope, root.keys)) >= root.threshold


def trusted_at_first(envelope: Envelope, *, now: datetime) -> Root:
    """The root that an administrator brings: nothing but its own keys can vouch for it.

    Errors:
        FeedError: it is none, not signed by enough of its own keys, or expired.
    """
    root = read(envelope)
    if not is_signed_by(envelope, root):
        raise untrusted()
    _insist_on_time(root, now)
    return root


def follow(
    current: Root, chain: Iterable[Envelope], *, now: datetime
) -> tuple[Root, list[Envelope]]:
    """The newest root that the current one leads to, and the steps that led there.

    Roots up to the current one are passed over. Only the last must not have expired: an appliance
    that was switched off for years still finds its way.

    Errors:
        FeedError: a step is skipped, or not signed by enough keys of both; or the last has expired.
    """
    steps: list[Envelope] = []
    for envelope in chain:
        following = read(envelope)
        if following.number <= current.number:
            continue
        is_next = following.number == current.number + 1
        if not (is_next and is_signed_by(envelope, current) and is_signed_by(envelope, following)):
            raise untrusted()
        current = following
        steps.append(envelope)
    _insist_on_time(current, now)
    return current, steps


def described(root: Root) -> list[str]:
    """The ids of its keys."""
    return [envelopes.key_id(each) for each in root.keys]


def stored(envelope: Envelope) -> str:
    """A root as a database keeps it."""
    return envelopes.write(envelope).decode()


def restored(text: str) -> Root:
    """A root that was believed before."""
    return read(envelopes.read(text.encode()))


def _insist_on_time(root: Root, now: datetime) -> None:
    if now >= root.expires_at:
        raise FeedError(
            Why.EXPIRED,
            sentence("The keys for feeds have expired. Bring a newer root of keys."),
        )


def untrusted() -> FeedError:
    """What to raise for what too few keys signed."""
    return FeedError(
        Why.UNTRUSTED, sentence("It is not signed by enough keys that this appliance trusts.")
    )
