"""What makes two sightings the same alert, however lines move and files are renamed.

Neither a commit nor the number of a line is ever part of it. Each identity begins with its version,
so that a better one can be told from those that are stored.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from appliance.domain.alerts import Sighting

VERSION = 1
_SEPARATOR = b"\0"
Item = TypeVar("Item")


def of_secret(key: bytes, kind: str, value: bytes) -> str:
    """The same secret, anywhere in what belongs to one owner: `key` is that owner's.

    Source: RFC 2104, with SHA-256. Nobody without the key can try values against it.
    """
    message = _joined(b"secret", kind.encode(), value)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def of_code(path: bytes, rule: str, matched: str, ordinal: int) -> str:
    """The same weakness in a file: by what the code says, and which of several it is.

    `ordinal` counts, from 0, what the rule found in the file with the same normalised text.
    """
    return _digest(b"code", path, rule.encode(), normalised(matched), b"%d" % ordinal)


def of_scope(path: bytes, rule: str, scope: str, matched: str, ordinal: int) -> str:
    """The same weakness in a file of the same name elsewhere: by the function around it.

    `ordinal` counts, from 0, the same text within the scope.
    """
    name = path.rpartition(b"/")[2]
    return _digest(
        *(b"scope", name, rule.encode(), scope.encode(), normalised(matched), b"%d" % ordinal)
    )


def of_dependency(manifest: bytes, package: str, advisory: str) -> str:
    """The same advisory for a package of a manifest: `package` is a purl, the version left out."""
    return _digest(b"dependency", manifest, without_version(package).encode(), advisory.encode())


def of_licence(manifest: bytes, package: str, expression: str) -> str:
    """The same licence of a package: `expression` is normalised."""
    return _digest(b"licence", manifest, without_version(package).encode(), expression.encode())


def normalised(matched: str) -> bytes:
    """Code as it reads: indentation and the ends of lines do not matter."""
    return " ".join(matched.split()).encode("utf-8", "backslashreplace")


def without_version(package: str) -> str:
    """A package URL without version, qualifiers and subpath."""
    plain = package.partition("#")[0].partition("?")[0]
    scheme, slash, name = plain.rpartition("/")
    return scheme + slash + name.partition("@")[0] if "@" in name else plain


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(_joined(*parts)).hexdigest()


def _joined(*parts: bytes) -> bytes:
    """No two lists of parts are the same text: each part says how long it is."""
    return b"".join(b"%d" % len(part) + _SEPARATOR + part for part in (b"%d" % VERSION, *parts))


@dataclass(frozen=True)
class Known:
    """An alert that is stored, as far as it takes to find it again."""

    number: int
    identity: str
    rule: str
    scope_identity: str
    path: bytes
    line: int | None


def find_again(
    sightings: Iterable[Sighting], known: Iterable[Known], *, looked_at: Collection[bytes] | None
) -> dict[str, int]:
    """By the identity of a sighting, the number of the alert that it is.

    First come those that are the same as they stand; then code whose alert is nowhere now where
    was looked (`looked_at`; None: everywhere): by its scope, then by git's mapping of lines. Each
    alert is given away once, and what leads to several leads to none.
    """
    wanted = {each.identity: each for each in sightings}
    alerts = {each.identity: each for each in known}
    found = {identity: alerts[identity].number for identity in wanted if identity in alerts}
    lost = [
        each
        for each in alerts.values()
        if each.identity not in found and (looked_at is None or each.path in looked_at)
    ]
    for seen_at, known_at in ((_scope, _known_scope), (_place, _known_place)):
        missing = [each for identity, each in wanted.items() if identity not in found]
        mine = _only(missing, seen_at)
        theirs = _only([each for each in lost if each.number not in found.values()], known_at)
        found |= {mine[key].identity: theirs[key].number for key in mine.keys() & theirs.keys()}
    return found


def _only(items: Iterable[Item], key: Callable[[Item], Hashable | None]) -> dict[Hashable, Item]:
    """Those that have a key of their own."""
    groups: dict[Hashable, list[Item]] = {}
    for each in items:
        if (found := key(each)) is not None:
            groups.setdefault(found, []).append(each)
    return {found: group[0] for found, group in groups.items() if len(group) == 1}


def _scope(seen: Sighting) -> Hashable | None:
    return seen.scope_identity or None


def _known_scope(alert: Known) -> Hashable | None:
    return alert.scope_identity or None


def _place(seen: Sighting) -> Hashable | None:
    return None if seen.was_at is None else (seen.rule, *seen.was_at)


def _known_place(alert: Known) -> Hashable | None:
    return None if alert.line is None else (alert.rule, alert.path, alert.line)
